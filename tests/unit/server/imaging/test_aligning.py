from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.face_template import inverse
from limner_server.imaging.aligning import (
    align,
    align_valid,
    chained,
    scale_of,
    shown_box,
    validity,
)
from limner_server.imaging.geometry import Region, crop

angles = st.floats(-3, 3)
scales = st.floats(0.1, 10)
shifts = st.floats(-500, 500)


@st.composite
def similarities(draw):
    angle, scale = draw(angles), draw(scales)
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[a, -b, draw(shifts)], [b, a, draw(shifts)]])


@given(similarities())
def test_a_map_and_its_way_back_leave_points_where_they_are(matrix):
    for both in (chained(matrix, inverse(matrix)), chained(inverse(matrix), matrix)):
        np.testing.assert_allclose(both, np.eye(2, 3), atol=1e-8)


@given(similarities(), similarities())
def test_scales_multiply(one, other):
    assert scale_of(chained(one, other)) == pytest.approx(scale_of(one) * scale_of(other))


@pytest.mark.parametrize("side", [50.0, 128.0, 700.0])
@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_a_similarity_brings_what_the_square_it_comes_from_holds(side, angle):
    """Photos are halved alike, whether a crop is said as a square or as a map."""
    photo = np.random.default_rng(0).integers(0, 256, (900, 800, 3), np.uint8)
    shown = Region(400.0, 450.0, side, side, angle)
    a, b = 64 / side * np.cos(angle), -64 / side * np.sin(angle)
    turn = np.array([[a, -b], [b, a]])
    matrix = np.concatenate([turn, (32 - turn @ (400, 450))[:, None]], axis=1)
    gap = np.abs(align(photo, matrix, 64).astype(int) - crop(photo, shown, 64, 64, "edge"))
    assert gap.max() <= 1


@given(similarities(), st.integers(1, 90), st.integers(1, 90))
def test_the_box_of_a_crop_holds_every_pixel_that_it_shows(matrix, width, height):
    top, bottom, left, right = shown_box(matrix, (width, height), (70, 80))
    y, x = np.indices((70, 80)).reshape(2, -1)
    u, v = matrix[:, :2] @ np.stack([x, y]) + matrix[:, 2:]
    shown = (u > -0.5) & (u < width - 0.5) & (v > -0.5) & (v < height - 0.5)
    inside = (y >= top) & (y < bottom) & (x >= left) & (x < right)
    assert inside[shown].all()


def test_a_map_that_only_shifts_cuts_pixels_out():
    photo = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    matrix = np.array([[1.0, 0, -7], [0, 1, -5]])
    np.testing.assert_array_equal(align(photo, matrix, 32), photo[5:37, 7:39])
    assert (validity((40, 50), matrix, 32) == 255).all()


def test_beyond_its_photo_a_converted_crop_is_gray_and_not_valid():
    photo = np.full((40, 50, 3), 9, np.uint8)
    crop, valid = align_valid(photo, np.array([[1.0, 0, 10], [0, 1, 0]]), 32)
    assert (valid[:, :10] == 0).all()
    assert (valid[:, 10:] == 255).all()
    assert (crop[:, :10] == 127).all()
    assert (crop[:, 10:] == 9).all()


def test_beyond_the_original_its_edge_goes_on():
    photo = np.full((40, 50, 3), 9, np.uint8)
    assert (align(photo, np.array([[1.0, 0, 10], [0, 1, 0]]), 32) == 9).all()
