from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.restyling import restyle

seeds = st.integers(0, 2**32 - 1)


def drawn(seed):
    """Return a photo, an alpha, and colors of hair before and after."""
    rng = np.random.default_rng(seed)
    photo, before, after = rng.integers(0, 256, (3, 40, 9, 3), np.uint8)
    alpha = rng.choice(np.array([0, 0, 1, 100, 255], np.uint8), (40, 9))
    return photo, alpha, before, after


@given(seeds)
def test_where_there_is_no_hair_no_bit_changes_and_the_mask_says_where_one_does(seed):
    photo, alpha, before, after = drawn(seed)
    restyled, mask = restyle(photo, alpha, before, after)
    np.testing.assert_array_equal(restyled[alpha == 0], photo[alpha == 0])
    np.testing.assert_array_equal(mask == 255, (restyled != photo).any(-1))


@given(seeds)
def test_the_same_colors_leave_every_bit(seed):
    photo, alpha, before, _ = drawn(seed)
    np.testing.assert_array_equal(restyle(photo, alpha, before, before)[0], photo)


def test_what_shines_through_between_strands_keeps_its_color():
    before, after, wall = (np.full((1, 1, 3), value, np.uint8) for value in (200, 40, 120))
    share = 0.5
    photo = np.uint8(share * before + (1 - share) * wall)
    restyled, _ = restyle(photo, np.full((1, 1), 128, np.uint8), before, after)
    assert abs(int(restyled[0, 0, 0]) - (share * 40 + (1 - share) * 120)) <= 1
