"""The invariants of membranes."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.membrane import stretched_over

few = settings(max_examples=20)
seeds = st.integers(0, 2**32 - 1)
sides = st.integers(2, 70)


def known_of(seed, height, width, share=0.5):
    rng = np.random.default_rng(seed)
    is_known = rng.random((height, width)) < share
    is_known.flat[rng.integers(is_known.size)] = True
    return rng.uniform(-9, 9, (height, width, 2)).astype(np.float32), is_known


@few
@given(seeds, sides, sides, st.sampled_from([0.02, 0.5, 1.0]))
def test_what_is_known_stays_and_the_rest_lies_between(seed, height, width, share):
    values, is_known = known_of(seed, height, width, share)

    filled = stretched_over(values, is_known)

    np.testing.assert_allclose(filled[is_known], values[is_known], rtol=1e-6)
    assert (filled >= values[is_known].min(0) - 1e-4).all()
    assert (filled <= values[is_known].max(0) + 1e-4).all()


@few
@given(seeds, sides, sides)
def test_what_is_unknown_does_not_count(seed, height, width):
    values, is_known = known_of(seed, height, width)
    other = np.where(is_known[..., None], values, values + 1000)

    np.testing.assert_array_equal(stretched_over(other, is_known), stretched_over(values, is_known))


@few
@given(st.floats(-3, 3), st.floats(-3, 3), st.integers(8, 40))
def test_a_slope_goes_on_over_a_hole(right, down, radius):
    y, x = np.mgrid[:100, :100].astype(np.float32)
    slope = (right * x + down * y)[..., None]
    hole = (x - 50) ** 2 + (y - 50) ** 2 < radius**2

    filled = stretched_over(np.where(hole[..., None], 0, slope), ~hole)

    assert np.abs(filled - slope).max() <= 0.05 * radius * (abs(right) + abs(down)) + 1e-3
