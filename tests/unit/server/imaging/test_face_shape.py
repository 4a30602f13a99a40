from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.face_shape import (
    CHEEKBONES,
    CHIN,
    FOREHEAD,
    JAW,
    TOP,
    Proportions,
    face_shape,
    proportions,
)


def mesh(length=1.2, forehead=0.86, jaw=0.8, scale=100.0):
    """Return a mesh in which only the points that are measured lie anywhere."""
    points = np.zeros((478, 3), np.float32)
    points[TOP], points[CHIN] = (0, -length / 2, -0.2), (0, length / 2, -0.1)
    for (left, right), width in ((CHEEKBONES, 1.0), (FOREHEAD, forehead), (JAW, jaw)):
        points[left, 0], points[right, 0] = -width / 2, width / 2
    return points * np.float32(scale)


@given(st.floats(20, 2000), st.floats(-math.pi, math.pi), st.floats(-1, 1))
def test_proportions_stay_when_a_head_comes_nearer_or_turns(scale, lean, turn):
    z, y = (
        np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]]) for a in (lean, turn)
    )
    points = mesh(scale=scale)
    points[:, :2] = points[:, :2] @ z.T
    points[:, ::2] = points[:, ::2] @ y.T
    seen = proportions(points)
    assert seen.forehead == pytest.approx(0.86, abs=1e-3)
    assert seen.jaw == pytest.approx(0.8, abs=1e-3)
    assert seen.length == pytest.approx(math.hypot(1.2, 0.1), abs=1e-3)


@pytest.mark.parametrize(
    ("face", "shape"),
    [
        (Proportions(1.21, 0.86, 0.80), "oval"),
        (Proportions(1.10, 0.85, 0.78), "round"),
        (Proportions(1.10, 0.86, 0.83), "square"),
        (Proportions(1.35, 0.86, 0.80), "oblong"),
        (Proportions(1.21, 0.88, 0.74), "heart"),
    ],
)
def test_a_face_is_named_by_its_proportions(face, shape):
    assert face_shape(face) == shape
