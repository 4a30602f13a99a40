"""The invariants of heads as hair sits on them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.mesh import FACE_OVAL
from limner_server.imaging.pose import RIGID
from limner_server.imaging.skull import ANGLES, MIDDLE, MIRROR, RADII, beneath_hair, head_of
from tests.unit.server.imaging.heads import mesh_of, rotation

few = settings(max_examples=20)
turns = st.tuples(st.floats(-0.6, 0.6), st.floats(-0.4, 0.4), st.floats(-1.0, 1.0))


@few
@given(turns, st.floats(3, 200))
def test_a_unit_is_as_many_pixels_as_the_head_is_scaled_by_however_it_turns(angles, unit):
    assert head_of(mesh_of(angles, unit)).unit == pytest.approx(unit, rel=1e-3)


@few
@given(turns)
def test_the_skull_s_outline_is_the_edge_of_its_ellipsoid(angles):
    head = head_of(mesh_of(angles, 20.0))
    rng = np.random.default_rng(0)
    sphere = rng.normal(size=(4000, 3))
    sphere /= np.linalg.norm(sphere, axis=1, keepdims=True)
    seen = (MIDDLE + RADII * sphere) @ rotation(*angles).T * 20 + (300, 250, 0)
    outline = head.points[-len(ANGLES) :] - head.middle
    normals = -np.cos(ANGLES)[:, None] * (-head.right[1], head.right[0])
    normals += np.sin(ANGLES)[:, None] * head.right
    normals /= head.unit

    farthest = ((seen[:, :2] - head.middle) @ normals.T).max(0)

    np.testing.assert_allclose((outline * normals).sum(1), farthest, rtol=0.02)


@few
@given(turns)
def test_a_mirrored_head_is_the_head_of_the_mirror_image(angles):
    mesh = mesh_of(angles)
    flipped = mesh.copy()
    for place, partner in enumerate(MIRROR[: len(FACE_OVAL) + len(RIGID)]):
        names = [*FACE_OVAL, *RIGID]
        flipped[names[place]] = mesh[names[partner]] * (-1, 1, 1) + (599, 0, 0)

    mirrored, expected = head_of(mesh).mirrored(600), head_of(flipped)

    np.testing.assert_allclose(mirrored.points, expected.points, atol=0.05)
    np.testing.assert_allclose(mirrored.right, expected.right, atol=1e-3)
    np.testing.assert_allclose(mirrored.middle, expected.middle, atol=0.05)


def test_a_skull_lies_within_the_hair_that_is_flat_on_it():
    head = head_of(mesh_of(middle=(300.0, 250.0)))
    outline = head.skull.astype(np.int32)
    flat = np.zeros((560, 600), np.uint8)
    cv2.fillPoly(flat, [outline], 255)
    thick = cv2.dilate(flat, np.ones((61, 61), np.uint8))
    lower = beneath_hair(head, flat)

    def radii(some):
        return np.hypot(*(some.skull - some.middle).T)

    assert np.all(radii(lower)[2:-2] < radii(head)[2:-2] - 0.3 * 20.0)
    assert np.all(radii(lower) >= 0.84 * radii(head))
    np.testing.assert_allclose(beneath_hair(head, thick).skull, head.skull, atol=1e-6)
    np.testing.assert_allclose(beneath_hair(head, 0 * flat).skull, head.skull, atol=1e-6)
    np.testing.assert_array_equal(lower.oval, head.oval)
