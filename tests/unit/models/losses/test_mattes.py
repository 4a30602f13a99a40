import pytest
import torch

from limner_models.losses.mattes import (
    LEAK,
    composition_error,
    pyramid_error,
    softly_clamped,
    to_unknown,
    unknown_error,
)

SHAPE = (2, 1, 32, 32)


def band():
    unknown = torch.zeros(SHAPE)
    unknown[..., 8:24] = 1
    return unknown


def test_the_true_alpha_costs_nothing():
    torch.manual_seed(0)
    true = torch.rand(SHAPE)

    assert unknown_error(true, true, band()) == 0
    assert composition_error(true, true, band(), torch.ones(SHAPE)) == 0
    assert pyramid_error(true, true, band()) == 0


def test_only_what_the_trimap_leaves_open_counts():
    torch.manual_seed(0)
    true = torch.rand(SHAPE)
    wrong = torch.where(band() > 0, true, 1 - true)

    assert unknown_error(wrong, true, band()) == 0
    assert pyramid_error(wrong, true, band()) == 0
    assert unknown_error(true + 0.1 * (0.5 - true), true, band()) > 0


def test_an_error_before_a_background_of_the_hairs_own_color_is_forgiven():
    true, contrast = torch.full(SHAPE, 0.5), torch.zeros(SHAPE)
    contrast[0] = 0.8

    same = composition_error(true + 0.3, true, band(), torch.zeros(SHAPE))
    other = composition_error(true + 0.3, true, band(), contrast)

    assert same == 0
    assert other == pytest.approx(0.3 * 0.8 / 2, abs=1e-6)


@pytest.mark.parametrize("period", [2, 4, 8, 32])
def test_errors_of_all_sizes_cost_about_their_amount(period):
    true = torch.full(SHAPE, 0.5)
    waves = 0.1 * torch.where(torch.arange(32) % period < period / 2, 1.0, -1.0).expand(SHAPE)

    cost = pyramid_error(true + waves, true, torch.ones(SHAPE))

    assert 0.1 <= cost <= 0.25


def test_alphas_beyond_the_range_are_pulled_back_gently():
    alpha = torch.tensor([-1.0, 0.0, 0.4, 1.0, 2.0])

    expected = torch.tensor([-LEAK, 0.0, 0.4, 1.0, 1 + LEAK])
    torch.testing.assert_close(softly_clamped(alpha), expected)


def test_unknown_is_what_is_neither_outside_nor_inside():
    trimap = torch.tensor([[[0, 64, 128, 192, 255]]], dtype=torch.uint8)

    assert to_unknown(trimap).tolist() == [[[[0, 0, 1, 0, 0]]]]
