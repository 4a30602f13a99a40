from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging import mesh
from limner_server.imaging.detection import Detection
from limner_server.imaging.geometry import Region

angles = st.floats(-3, 3)


def turned(points, angle):
    cosine, sine = math.cos(angle), math.sin(angle)
    return points @ np.array([[cosine, sine], [-sine, cosine]])


def detected(angle):
    eyes = turned(np.array([[-10.0, -5.0], [10.0, -5.0]]), angle) + 100
    points = np.vstack([eyes, np.full((4, 2), 100)]).astype(np.float32)
    return Detection(80, 70, 120, 130, 0.9, points)


@given(angles)
def test_the_look_at_a_detected_face_levels_its_eyes(angle):
    region = mesh.region_of_detection(detected(angle))

    assert region.angle == pytest.approx(angle, abs=1e-5)
    assert (region.center_x, region.center_y) == (100, 100)
    assert region.width == region.height == 90


@given(angles, st.floats(0.5, 20))
def test_the_second_look_levels_the_eyes_and_holds_every_point(angle, scale):
    points = np.random.default_rng(0).uniform(-1, 1, (478, 3))
    points[33], points[263] = (-0.5, 0, 0), (0.5, 0, 0)
    points[:, :2] = turned(points[:, :2], angle) * scale * 10 + 300

    region = mesh.region_of_landmarks(points.astype(np.float32))

    low, high = points[:468, :2].min(0), points[:468, :2].max(0)
    assert region.angle == pytest.approx(angle, abs=1e-4)
    assert region.width == pytest.approx(1.5 * (high - low).max(), rel=1e-4)
    np.testing.assert_allclose((region.center_x, region.center_y), (low + high) / 2, rtol=1e-4)


@given(angles, st.floats(20, 900))
def test_points_of_a_crop_return_to_the_photo_by_the_formula(angle, side):
    points = np.random.default_rng(1).uniform(0, 192, (478, 3)).astype(np.float32)

    placed = mesh.landmarks_in_photo(points, Region(70, 90, side, side, angle))

    expected = turned(points[:, :2] / 192 - 0.5, angle) * side + (70, 90)
    np.testing.assert_allclose(placed[:, :2], expected, atol=side * 1e-5)
    np.testing.assert_allclose(placed[:, 2], points[:, 2] * side / 192, rtol=1e-5)
    assert placed.dtype == np.float32


def test_the_oval_has_36_points_of_the_surface_each_once():
    assert len(mesh.FACE_OVAL) == len(set(mesh.FACE_OVAL)) == 36
    assert max(mesh.FACE_OVAL) < mesh.POINTS
    assert mesh.oval(np.zeros((478, 3), np.float32)).shape == (36, 2)
