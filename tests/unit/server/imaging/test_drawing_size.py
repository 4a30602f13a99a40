from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.drawing_size import drawing_size, filled_up, reduced, thumbnail

sides = st.integers(1, 10_000)
small = st.integers(1, 60)


@given(sides, sides, st.floats(0.25, 4))
def test_nothing_is_drawn_larger_than_it_is(height, width, line_width):
    high, wide = drawing_size(height, width, line_width)
    assert 1 <= high <= height
    assert 1 <= wide <= width
    assert max(high, wide) == min(max(height, width), round(1500 / line_width))


@pytest.mark.parametrize(("line_width", "size"), [(1, (1000, 1500)), (0.25, (4000, 6000))])
def test_lines_keep_their_share_of_a_photo(line_width, size):
    assert drawing_size(4000, 6000, line_width) == size


@given(small, small)
def test_sides_are_filled_up_with_what_is_there(height, width):
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    filled = filled_up(picture)
    for side, own in zip(filled.shape, picture.shape[:2], strict=False):
        assert side % 4 == 0
        assert side >= 16
        assert side - own < 16
    np.testing.assert_array_equal(filled[:height, :width], picture)
    assert {tuple(color) for color in filled.reshape(-1, 3)} == {
        tuple(color) for color in picture.reshape(-1, 3)
    }


@given(small, small, st.sampled_from([0, 4, 16]))
def test_a_frame_mirrors_what_is_there(height, width, frame):
    picture = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    framed = filled_up(picture, frame)
    for side, own in zip(framed.shape, picture.shape[:2], strict=False):
        assert side % 4 == 0
        assert 0 <= side - own - 2 * frame < 16
    inside = framed[frame : frame + height, frame : frame + width]
    np.testing.assert_array_equal(inside, picture)
    if frame and min(height, width) > frame:
        np.testing.assert_array_equal(framed[:frame], framed[2 * frame : frame : -1])


@given(sides.filter(lambda n: n < 3000), small)
def test_a_thumbnail_is_small_and_has_sides_that_a_network_takes(height, width):
    picture = filled_up(np.full((height, width, 3), 77, np.uint8))
    thumb = thumbnail(picture)
    assert max(thumb.shape) <= 192
    assert all(side % 4 == 0 and side >= 16 for side in thumb.shape[:2])
    assert (thumb == 77).all()


def test_reducing_averages_by_area():
    photo = np.zeros((4, 4, 3), np.uint8)
    photo[::2] = 200
    assert (reduced(photo, 2, 2) == 100).all()
    assert reduced(photo, 4, 4) is photo
