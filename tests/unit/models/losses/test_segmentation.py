"""Losses of maps: the truth is their best answer."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from limner_models.losses.segmentation import boundary, cross_entropy, tversky

seeds = st.integers(0, 2**31)


def shares(seed):
    generator = torch.Generator().manual_seed(seed)
    return torch.softmax(2 * torch.randn(2, 4, 6, 6, generator=generator), 1)


@given(seeds, seeds)
def test_cross_entropy_is_least_at_the_truth(seed, other):
    truth = shares(seed)

    assert cross_entropy(truth.log(), truth) <= cross_entropy(shares(other).log(), truth) + 1e-6


def test_pixels_of_no_weight_do_not_count_in_cross_entropy():
    truth, guess = shares(1), shares(2).log()
    half = torch.zeros(2, 6, 6)
    half[:, :3] = 2.0

    weighted = cross_entropy(guess, truth, half)

    upper = cross_entropy(guess[:, :, :3], truth[:, :, :3])
    assert float(weighted) == pytest.approx(float(upper), rel=1e-5)
    alike = cross_entropy(guess, truth, torch.full((2, 6, 6), 3.0))
    assert float(alike) == pytest.approx(float(cross_entropy(guess, truth)), rel=1e-5)


@given(seeds, seeds, st.floats(0, 1))
def test_tversky_is_zero_at_the_truth_and_at_most_one(seed, other, missed):
    truth, guess = shares(seed)[:, 1], shares(other)[:, 1]

    assert float(tversky(truth, truth, missed)) == pytest.approx(0, abs=1e-6)
    assert 0 <= float(tversky(guess, truth, missed)) <= 1


def test_tversky_weighs_missed_against_false_pixels():
    truth = torch.tensor([[[1.0, 1, 0, 0]]])
    less, more = torch.tensor([[[1.0, 0, 0, 0]]]), torch.tensor([[[1.0, 1, 1, 0]]])

    assert tversky(less, truth, 0.9) > tversky(more, truth, 0.9)
    assert tversky(less, truth, 0.1) < tversky(more, truth, 0.1)


def test_half_missed_half_false_is_the_dice_loss():
    truth, guess = (torch.tensor([[row]]) for row in ([1.0, 1, 0], [0.0, 1, 1]))
    both, each = 1, 2

    assert float(tversky(guess, truth)) == pytest.approx(1 - (2 * both + 2) / (2 * each + 2))


def test_a_boundary_is_as_wide_as_asked_on_both_sides():
    alpha = torch.zeros(1, 9, 20)
    alpha[:, :, 10:] = 1

    near = boundary(alpha, 2)

    assert near[0, 4].nonzero().flatten().tolist() == [8, 9, 10, 11]
    assert boundary(torch.ones(1, 9, 9), 2).sum() == 0
