"""Orthogonal gradients: nothing is left along what is protected, and all else is."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from limner_models.loho.gradients import cosines, orthogonal

seeds = st.integers(0, 2**32)


def rows(seed, count=1):
    chance = torch.Generator().manual_seed(seed)
    return [torch.randn(1, 6, 32, generator=chance) for _ in range(count)]


@given(seeds, st.floats(1e-6, 1e6), st.floats(1e-3, 1))
def test_a_gradient_loses_what_lies_along_a_protected_one(seed, size, apart):
    kept, other = rows(seed, 2)
    gradient = size * (kept + apart * other)

    free = orthogonal(gradient, [kept])

    assert cosines(gradient, kept).abs().max() > 0.5
    assert cosines(free, kept).abs().max() < 1e-6


@given(seeds)
def test_a_gradient_is_kept_from_all_that_are_protected(seed):
    gradient, *protected = rows(seed, 4)

    free = orthogonal(gradient, protected)

    assert all(cosines(free, kept).abs().max() < 1e-6 for kept in protected)
    torch.testing.assert_close(orthogonal(free, protected), free)


def test_every_row_is_for_itself():
    gradient, kept = rows(3, 2)
    kept[:, 2:] = 0

    free = orthogonal(gradient, [kept])

    assert torch.equal(free[:, 2:], gradient[:, 2:])
    assert not torch.allclose(free[:, :2], gradient[:, :2])
    assert cosines(gradient, kept)[:, 2:].abs().max() == 0


def test_what_is_left_is_the_nearest_there_is():
    (gradient,) = rows(9)
    axis = torch.zeros_like(gradient)
    axis[..., 0] = 5

    free = orthogonal(gradient, [axis])

    assert torch.equal(free[..., 1:], gradient[..., 1:])
    assert float(free[..., 0].abs().max()) == pytest.approx(0, abs=1e-12)
