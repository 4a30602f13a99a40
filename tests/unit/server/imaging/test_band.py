from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.band import band_of, lifted
from limner_server.imaging.comparison import compared, sure_sides
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN

seeds = st.integers(0, 2**32 - 1)


def strands(size=240, seed=0):
    """Return strands over a lighter wall, their alpha and a trimap with a wide band."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size
    edge = 0.5 + 0.06 * np.sin(40 * x + rng.uniform(0, 6)) + 0.03 * np.sin(95 * x)
    alpha = np.clip((edge - y) * 30 + 0.5, 0, 1).astype(np.float32)
    hair = np.array([60, 40, 30]) + rng.normal(0, 3, (size, size, 1))
    wall = np.array([190, 200, 210]) + 20 * x[..., None] + rng.normal(0, 3, (size, size, 1))
    photo = alpha[..., None] * hair + (1 - alpha[..., None]) * wall
    trimap = np.where(y < 0.38, INSIDE, np.where(y > 0.62, OUTSIDE, UNKNOWN)).astype(np.uint8)
    return np.rint(np.clip(photo, 0, 255)).astype(np.uint8), alpha, trimap


@pytest.mark.parametrize("longest", [80, 160, 1000])
def test_an_alpha_comes_back_from_a_smaller_band(longest):
    photo, alpha, trimap = strands()
    band = band_of(photo, trimap, longest)
    y = ((np.arange(band.trimap.shape[0]) + 0.5) / band.scale + band.rows.start).astype(int)
    x = ((np.arange(band.trimap.shape[1]) + 0.5) / band.scale + band.columns.start).astype(int)

    whole = lifted(photo, trimap, band, alpha[np.ix_(y, x)])

    assert max(band.trimap.shape) <= longest
    gap = np.abs(whole / np.float32(255) - alpha)[trimap == UNKNOWN]
    assert gap.mean() < (0.003 if band.scale == 1 else 0.06)


@given(seeds, st.floats(0, 1, width=32), st.integers(20, 300))
def test_what_was_known_stays_known(seed, value, longest):
    photo, _, trimap = strands(100, seed)
    band = band_of(photo, trimap, longest)

    whole = lifted(photo, trimap, band, np.full(band.trimap.shape, value, np.float32))

    assert (whole[trimap == INSIDE] == 255).all()
    assert (whole[trimap == OUTSIDE] == 0).all()


def test_comparison_brings_a_doubtful_alpha_nearer_to_the_truth():
    photo, alpha, trimap = strands()
    doubtful = np.clip(alpha * 0.4 + 0.3, 0, 1).astype(np.float32)

    better = compared(photo, trimap, doubtful, sure_sides(photo, trimap))

    band = trimap == UNKNOWN
    assert np.abs(better - alpha)[band].mean() < 0.8 * np.abs(doubtful - alpha)[band].mean()


def test_comparison_leaves_alone_what_colors_cannot_tell():
    photo, alpha, trimap = strands()
    gray = np.full_like(photo, 90)
    doubtful = np.clip(alpha * 0.4 + 0.3, 0, 1).astype(np.float32)

    alpha = compared(gray, trimap, doubtful, sure_sides(gray, trimap))

    unknown = trimap == UNKNOWN
    np.testing.assert_allclose(alpha[unknown], doubtful[unknown], atol=1e-4)


@given(seeds, st.sampled_from([INSIDE, OUTSIDE, UNKNOWN]))
def test_comparison_stays_in_range_and_keeps_what_is_known(seed, everywhere):
    rng = np.random.default_rng(seed)
    photo = rng.integers(0, 256, (40, 50, 3), np.uint8)
    trimap = rng.choice([INSIDE, OUTSIDE, UNKNOWN], (40, 50)).astype(np.uint8)
    trimap[rng.random((40, 50)) < 0.5] = everywhere

    alpha = compared(photo, trimap, rng.random((40, 50), np.float32), sure_sides(photo, trimap))

    assert 0 <= alpha.min() <= alpha.max() <= 1
    assert (alpha[trimap == INSIDE] == 1).all()
    assert (alpha[trimap == OUTSIDE] == 0).all()
