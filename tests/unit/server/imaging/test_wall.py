from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.wall import Wall

HALVES = np.zeros((100, 80), bool)
HALVES[:, 40:] = True
WALL = Wall(slice(200, 400), slice(100, 260), HALVES)
"""Of a photo's part of twice as many pixels; bare from column 180 on."""


@given(st.sampled_from([1, 2, 5]), st.integers(0, 60), st.integers(0, 30))
def test_a_part_of_a_part_is_bare_where_that_was(fewer, down, across):
    rows, columns = slice(220 + down, 320 + down), slice(120 + across, 220 + across)

    bare = WALL.over(rows, columns, (100 // fewer, 100 // fewer))

    assert bare.shape == (100 // fewer, 100 // fewer)
    x = columns.start + (np.arange(100 // fewer) + 0.5) * fewer
    assert bare[:, x > 180 + 2 + 2 * fewer].all()
    assert not bare[:, x < 180 - 2 - fewer].any()


def test_beyond_its_part_nothing_is_known():
    bare = WALL.over(slice(0, 600), slice(0, 600), (600, 600))

    assert bare[210:390, 190:250].all()
    bare[200:400, 100:260] = False
    assert not bare.any()


@given(st.integers(-300, 300), st.integers(-300, 300))
def test_it_moves_with_its_photo(across, down):
    moved = WALL.moved(across, down)

    here = WALL.over(slice(150, 450), slice(50, 350), (60, 60))
    there = moved.over(slice(150 + down, 450 + down), slice(50 + across, 350 + across), (60, 60))
    np.testing.assert_array_equal(here, there)
