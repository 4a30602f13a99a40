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
    inverted,
    region_of,
    scale_of,
    validity,
)
from limner_server.imaging.geometry import points_from

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
    for both in (chained(matrix, inverted(matrix)), chained(inverted(matrix), matrix)):
        np.testing.assert_allclose(both, np.eye(2, 3), atol=1e-8)
    np.testing.assert_allclose(inverted(matrix), inverse(matrix), atol=1e-9)


@given(similarities(), similarities())
def test_scales_multiply(one, other):
    assert scale_of(chained(one, other)) == pytest.approx(scale_of(one) * scale_of(other))


@given(similarities())
def test_a_region_s_corners_are_what_the_map_brings_to_the_crop_s(matrix):
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    seen = points_from(region_of(matrix, 64), corners)
    np.testing.assert_allclose(
        seen @ matrix[:, :2].T + matrix[:, 2], corners * 64, atol=0.02 * max(1, scale_of(matrix))
    )


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
