from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.geometry import (
    Region,
    around,
    averaged,
    crop,
    points_from,
    shrink,
    touched,
    unit_of,
    whole,
)

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 40)
regions = st.builds(
    Region,
    st.floats(-50, 90),
    st.floats(-50, 90),
    st.floats(4, 80),
    st.floats(4, 80),
    st.floats(-math.pi, math.pi),
)


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def smooth(height, width):
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / width * 5), np.cos(y / height * 4), np.sin((x + y) / (width + height) * 6)]
    return (127 + 120 * np.stack(waves, -1)).astype(np.uint8)


@given(seeds, sides, sides)
def test_a_crop_of_the_whole_photo_at_its_size_is_the_photo(seed, height, width):
    photo = noise(seed, height, width, 3)

    np.testing.assert_array_equal(crop(photo, whole(width, height), width, height), photo)


@given(seeds, regions, st.sampled_from(["black", "edge"]))
def test_below_twice_the_size_a_crop_is_the_plain_warp_to_the_bit(seed, region, border):
    photo = noise(seed, 40, 48, 3)
    corners = points_from(region, np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32))
    target = np.array([[0, 40], [0, 0], [40, 0], [40, 40]], np.float32)
    mode = {"black": cv2.BORDER_CONSTANT, "edge": cv2.BORDER_REPLICATE}[border]
    matrix = cv2.getPerspectiveTransform(corners, target)

    plain = cv2.warpPerspective(photo, matrix, (40, 40), flags=cv2.INTER_LINEAR, borderMode=mode)

    np.testing.assert_array_equal(crop(photo, region, 40, 40, border), plain)


@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_large_photo_is_averaged_and_stays_in_its_place(angle):
    small, factor = smooth(100, 120), 8
    large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_LINEAR)
    region = Region(60, 50, 64, 64, angle)
    middle = factor / 2 - 0.5
    enlarged = Region(60 * factor + middle, 50 * factor + middle, 512, 512, angle)

    one, other = crop(small, region, 64, 64), crop(large, enlarged, 64, 64)

    assert np.abs(one.astype(int) - other).max() <= 4


def test_stripes_finer_than_the_crop_become_gray():
    photo = np.zeros((512, 512, 3), np.uint8)
    photo[:, ::2] = 255

    seen = crop(photo, whole(512, 512), 32, 32)

    assert np.abs(seen.astype(int) - 127).max() <= 2


def test_beyond_the_photo_lies_black_or_its_edge():
    photo = np.full((20, 20, 3), 99, np.uint8)
    away = Region(500, 500, 30, 30)

    assert (crop(photo, away, 8, 8, "black") == 0).all()
    assert (crop(photo, away, 8, 8, "edge") == 99).all()


def test_a_photo_wider_than_the_warp_can_hold_is_cropped():
    photo = np.full((4, 40_000, 3), 50, np.uint8)

    assert (crop(photo, whole(40_000, 4), 16, 16) == 50).all()


def test_a_region_leaning_clockwise_has_its_right_side_lower():
    left, right = points_from(
        Region(10, 10, 8, 4, math.pi / 2), np.array([[0, 0.5], [1, 0.5]], np.float32)
    )

    np.testing.assert_allclose(left, [10, 6], atol=1e-6)
    np.testing.assert_allclose(right, [10, 14], atol=1e-6)


@given(seeds, sides, sides, st.integers(1, 60), st.booleans())
def test_shrinking_keeps_the_range_and_never_enlarges(seed, height, width, edge, plane):
    image = noise(seed, height, width) if plane else noise(seed, height, width, 3)

    small = shrink(image, edge)

    assert max(small.shape[:2]) == min(edge, max(height, width))
    assert small.ndim == image.ndim
    assert small.min() >= image.min()
    assert small.max() <= image.max()
    assert edge < max(height, width) or small is image


@given(seeds, sides, sides, st.integers(0, 3))
def test_an_average_by_halves_is_the_average_by_area(seed, height, width, halvings):
    photo = noise(seed, height << halvings, width << halvings, 3)

    plain = cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)

    assert np.abs(averaged(photo, width, height) - plain.astype(int)).max() <= 2


@given(sides, st.integers(0, 400))
def test_an_average_stays_in_its_place_but_for_a_part_of_a_pixel(width, more):
    wide = width + more
    ramp = np.tile(np.arange(wide, dtype=np.float32), (wide, 1))

    averages = averaged(ramp, width, width)[0]

    middles = (np.arange(width) + 0.5) * wide / width - 0.5
    assert np.abs(averages - middles).max() < 0.75 * wide / width


@given(seeds, sides, sides, st.integers(0, 9))
def test_what_is_around_holds_every_marked_pixel_and_a_margin(seed, height, width, margin):
    marked = noise(seed, height, width) > 250
    marked[seed % height, seed % width] = True

    box = around(marked, margin)

    assert marked[box].sum() == marked.sum()
    rows = np.flatnonzero(marked.any(1))
    assert marked[box].shape[0] <= rows[-1] - rows[0] + 1 + 2 * margin


@given(regions, sides, sides)
def test_what_a_region_touches_lies_in_the_photo_and_holds_its_corners(region, height, width):
    rows, columns = touched(region, height, width)
    assert 0 <= rows.start < rows.stop <= height
    assert 0 <= columns.start < columns.stop <= width
    for x, y in points_from(region, np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)):
        assert columns.start <= x <= columns.stop or not 0 <= x < width - 1
        assert rows.start <= y <= rows.stop or not 0 <= y < height - 1


@given(regions, seeds)
def test_points_of_a_region_come_back_to_its_unit_square(region, seed):
    unit = np.random.default_rng(seed).uniform(-1, 2, (5, 2)).astype(np.float32)
    np.testing.assert_allclose(unit_of(region, points_from(region, unit)), unit, atol=1e-3)
