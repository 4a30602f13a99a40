import pytest
import torch

from limner_models.losses.colors import (
    color_moment,
    gradient_structure,
    mean_lab,
    scaled_structure,
)


def strands(seed=0):
    torch.manual_seed(seed)
    return 40 + 15 * torch.rand(2, 1, 16, 16)


def half():
    alpha = torch.zeros(2, 1, 16, 16)
    alpha[..., :8] = 1
    return alpha


def test_the_mean_color_is_that_under_the_alpha_alone():
    lab = torch.zeros(2, 3, 16, 16)
    lab[..., :8] = torch.tensor([38.0, 9.0, 18.0]).view(3, 1, 1)

    torch.testing.assert_close(mean_lab(lab, half()), torch.tensor([[38.0, 9.0, 18.0]] * 2))


def test_hair_of_the_color_wanted_costs_nothing():
    lab = torch.tensor([38.0, 9.0, 18.0]).view(1, 3, 1, 1).expand(2, 3, 16, 16)
    wanted = torch.tensor([[38.0, 9.0, 18.0]] * 2)

    assert color_moment(lab, wanted, half()) == pytest.approx(0, abs=1e-6)
    assert color_moment(lab, wanted + 10, half()) == pytest.approx(0.1, abs=1e-6)


def test_strands_may_all_become_lighter_but_not_flatter():
    source = strands()

    assert gradient_structure(source + 20, source, half()) == pytest.approx(0, abs=1e-5)
    assert gradient_structure(source * 0 + 50, source, half()) > 0.05


def test_what_happens_outside_the_hair_costs_nothing():
    source = strands()
    changed = source.clone()
    changed[..., 10:] += 30 * torch.rand(2, 1, 16, 6)

    assert gradient_structure(changed, source, half()) == pytest.approx(0, abs=1e-5)


def test_strands_may_gain_contrast_where_the_truth_is_unknown():
    source = strands()
    stronger = 60 + 2 * (source - source.mean())

    assert scaled_structure(stronger, source, half()) == pytest.approx(0, abs=1e-4)
    assert scaled_structure(strands(1), source, half()) > 0.05
