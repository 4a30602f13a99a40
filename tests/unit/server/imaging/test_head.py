from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.geometry import Region, crop, points_to
from limner_server.imaging.head import EYES, INPUT_PX, MOUTH, farther, head_region, is_cut


def landmarks(eyes, mouth):
    points = np.zeros((478, 3), np.float32)
    points[list(EYES), :2] = eyes
    points[list(MOUTH), :2] = mouth
    return points


def aligned(eyes, mouth):
    """Return FFHQ's similarity with our middle and side, from its published recipe."""
    eyes, mouth = np.array(eyes, float), np.array(mouth, float)
    eye, to_mouth = eyes.mean(0), mouth.mean(0) - eyes.mean(0)
    x = (eyes[1] - eyes[0]) - np.array([-to_mouth[1], to_mouth[0]])
    x *= max(np.hypot(*(eyes[1] - eyes[0])) * 2.0, np.hypot(*to_mouth) * 1.8) / np.hypot(*x)
    y = np.array([-x[1], x[0]])
    center, half = eye + to_mouth * 0.1 + 0.1 * 2 * y, 1.5
    corner = center - half * x - half * y
    basis = np.stack([x, y]) / np.hypot(*x) ** 2 / (2 * half) * INPUT_PX
    return lambda points: (np.asarray(points) - corner) @ basis.T - 0.5


@given(
    st.tuples(st.floats(100, 300), st.floats(100, 300)),
    st.floats(20, 90),
    st.floats(-1.2, 1.2),
    st.floats(0.6, 1.5),
)
def test_the_crop_is_the_one_that_networks_were_trained_with(place, apart, lean, long):
    across = np.array([math.cos(lean), math.sin(lean)]) * apart
    down = np.array([-across[1], across[0]]) * long
    eyes = np.array([place - across / 2, place + across / 2])
    mouth = eyes * 0.8 + 0.2 * np.array(place) + down

    region = head_region(landmarks(eyes, mouth))

    points = np.concatenate([eyes, mouth]).astype(np.float32)
    ours = points_to(region, points) * INPUT_PX
    np.testing.assert_allclose(ours, aligned(eyes, mouth)(points), atol=0.05)


def seen(hair, region):
    """Return a mask of hair as a network answers it for a crop."""
    planes = np.dstack([hair.astype(np.uint8) * 255] * 3)
    return crop(planes, region, INPUT_PX, INPUT_PX, "mirror")[..., 0] / np.float32(255)


def test_hair_that_leaves_the_crop_asks_for_a_look_from_farther_away():
    y, x = np.mgrid[:400, :400]
    hair = np.hypot(x - 200, y - 170) < 80
    near = Region(200, 170, 120, 120)
    far = farther(farther(near))

    assert is_cut(seen(hair, near), near, 400, 400)
    assert not is_cut(seen(hair, far), far, 400, 400)


def test_hair_that_leaves_the_photo_does_not():
    region = Region(50, 50, 140, 140)

    assert not is_cut(seen(np.ones((100, 100)), region), region, 100, 100)
