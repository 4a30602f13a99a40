"""Losses of composites: zero at the truth, and blind where nothing is to be judged."""

from __future__ import annotations

import pytest
import torch

from limner_models.losses.composites import (
    Zones,
    border_error,
    choice_error,
    detail_error,
    dilated,
    eroded,
    found_error,
    mean_color_error,
    mean_over,
    zones_of,
)


def box(low, high, size=64):
    mask = torch.zeros(1, size, size, dtype=torch.uint8)
    mask[:, low:high, low:high] = 255
    return mask


def batch(face, original_face, valid=None, crossed=0):
    return {
        "face": face,
        "original_face": original_face,
        "valid": torch.full_like(face, 255) if valid is None else valid,
        "crossed": torch.tensor([[crossed]], dtype=torch.uint8),
    }


def test_zones_divide_a_crop_without_gap_or_overlap():
    zones = zones_of(batch(box(20, 40), box(22, 44)))

    assert torch.equal(zones.face + zones.scene + zones.border, torch.ones(1, 1, 64, 64))
    assert zones.face[0, 0, 30, 30] == 1
    assert zones.scene[0, 0, 5, 5] == 1
    assert zones.border[0, 0, 22, 30] == 1
    assert zones.face.sum() == 16 * 16  # of 18 a side, one pixel on each


def test_the_truth_is_known_everywhere_for_one_person_in_a_whole_photo():
    assert zones_of(batch(box(20, 40), box(20, 40))).known.min() == 1


def test_the_truth_of_another_persons_face_is_known_only_around_it():
    zones = zones_of(batch(box(20, 40), box(20, 40), crossed=1))

    assert torch.equal(zones.known, zones.scene)


def test_the_truth_of_a_face_is_unknown_where_its_photo_has_ended():
    valid = torch.full((1, 64, 64), 255, dtype=torch.uint8)
    valid[:, :, 30:] = 0

    zones = zones_of(batch(box(20, 40) * (valid > 0), box(20, 40), valid))

    assert zones.known[0, 0, 30, 25] == 1
    assert zones.known[0, 0, 30, 35] == 0
    assert zones.known[0, 0, 5, 35] == 1
    assert zones.scene[0, 0, 30, 36] == 1


@pytest.mark.parametrize("error", [detail_error, border_error])
def test_an_even_shift_is_no_error_of_details_and_noise_is(error):
    truth = torch.rand(1, 3, 32, 32)
    everywhere = torch.ones(1, 1, 32, 32)

    assert error(truth, truth, everywhere) == 0
    assert error(truth + 0.2, truth, everywhere) == pytest.approx(0, abs=1e-5)
    assert error(torch.rand(1, 3, 32, 32), truth, everywhere) > 0.1


@pytest.mark.parametrize("error", [detail_error, border_error])
def test_details_are_not_judged_where_nothing_counts(error):
    truth = torch.rand(1, 3, 32, 32)
    other = truth.clone()
    other[..., 20:] = 0
    where = torch.ones(1, 1, 32, 32)
    where[..., 8:] = 0

    assert error(other, truth, where) == pytest.approx(0, abs=1e-6)


def test_a_mean_over_nothing_is_nothing():
    assert mean_over(torch.ones(1, 3, 4, 4), torch.zeros(1, 1, 4, 4)) == 0
    assert mean_over(torch.ones(1, 3, 4, 4), torch.ones(1, 1, 4, 4)) == 1


def test_right_choices_cost_nothing_and_those_on_the_border_little():
    face, border = torch.zeros(2, 1, 1, 8, 8)
    face[..., :4], border[..., 4:6] = 1, 1
    zones = Zones(face, 1 - face - border, border, torch.ones_like(face))
    right = torch.cat((face, 1 - face - border, border), 1)
    wrong = torch.cat((1 - face - border, face, border), 1)

    assert choice_error(right, zones) == pytest.approx(0, abs=1e-5)
    assert choice_error(wrong, zones) > 1
    off_border = right.roll(1, 1) * border + right * (1 - border)
    assert 0 < choice_error(off_border, zones) < 0.2 * choice_error(wrong, zones)


def test_a_face_that_is_found_costs_less_than_one_that_is_not():
    mask = box(16, 48)
    sure = torch.where(torch.nn.functional.avg_pool2d(mask[:, None].float(), 8) > 0, 9.0, -9.0)

    assert found_error(sure.expand(1, 2, 8, 8), mask, mask) < 0.01
    assert found_error(-sure.expand(1, 2, 8, 8), mask, mask) > 5


def test_mean_colors_are_compared_under_each_ones_share():
    picture, truth = torch.zeros(2, 1, 3, 16, 16)
    picture[..., :8], truth[..., 8:] = 0.4, 0.4
    left = torch.zeros(1, 1, 16, 16)
    left[..., :8] = 1

    assert mean_color_error(picture, truth, left, 1 - left) == pytest.approx(0, abs=1e-6)
    assert mean_color_error(picture, truth, left) == pytest.approx(0.4)
    assert mean_color_error(picture, truth, torch.zeros_like(left)) == 0


def test_a_mask_grown_and_shrunk_again_is_itself():
    mask = (box(20, 40)[:, None] > 0).float()

    assert torch.equal(eroded(dilated(mask, 3), 3), mask)
    assert eroded(mask, 2).sum() == 16 * 16
    assert eroded(torch.ones(1, 1, 8, 8), 2).min() == 1
