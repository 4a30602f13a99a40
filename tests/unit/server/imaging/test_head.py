from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data.head_crop import head_crop
from limner_server.imaging.geometry import Region, crop, points_from
from limner_server.imaging.head import (
    EYES,
    INPUT_PX,
    MOUTH,
    farther,
    head_region,
    is_cut,
    looks,
    square_for,
)


def landmarks(eyes, mouth):
    points = np.zeros((478, 3), np.float32)
    points[list(EYES), :2] = eyes
    points[list(MOUTH), :2] = mouth
    return points


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

    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)
    taught = head_crop(np.concatenate([eyes, mouth]), INPUT_PX)
    again = points_from(region, corners) @ taught[:, :2].T + taught[:, 2]
    np.testing.assert_allclose(again, corners * INPUT_PX, atol=0.05)


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


def test_hair_is_taken_away_in_the_nearest_square_that_shows_it_all():
    head, hair = Region(200, 180, 80, 80, 0.2), np.zeros((90, 70), bool)
    hair[20:60, 10:50] = True
    place = slice(140, 230), slice(170, 240)
    assert square_for(head, hair, *place) == looks(head)[0]
    hair[89, 30] = True
    assert square_for(head, hair, *place) == farther(head)
