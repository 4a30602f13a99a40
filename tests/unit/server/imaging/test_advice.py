from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.advice import Advice, hints
from limner_server.imaging.detection import Detection
from limner_server.imaging.pose import HeadPose

STRAIGHT = HeadPose(0, 0, 0)
GRAY = np.full((1000, 1000, 3), 128, np.uint8)


def face(x=500, y=400, size=300):
    half = size / 2
    return Detection(x - half, y - half, x + half, y + half, 0.9, np.zeros((6, 2), np.float32))


def advice(*args):
    return [hint.advice for hint in hints(*args)]


def test_a_good_portrait_needs_no_hint():
    assert hints(face(), HeadPose(10, -8, 9), GRAY) == []


@pytest.mark.parametrize(
    ("where", "pose", "expected", "says"),
    [
        (face(size=100), STRAIGHT, Advice.COME_NEARER, "100 pixels"),
        (face(), HeadPose(45, 0, 0), Advice.FACE_THE_CAMERA, "45 degrees to the picture's right"),
        (face(), HeadPose(-45, 0, 0), Advice.FACE_THE_CAMERA, "left"),
        (face(), HeadPose(0, 40, 0), Advice.FACE_THE_CAMERA, "40 degrees up"),
        (face(), HeadPose(0, -40, 0), Advice.FACE_THE_CAMERA, "down"),
        (face(), HeadPose(0, 0, -33), Advice.HOLD_UPRIGHT, "33 degrees"),
        (face(x=840), STRAIGHT, Advice.CENTER_THE_FACE, "34% of the picture's width"),
        (face(x=160), STRAIGHT, Advice.CENTER_THE_FACE, "left"),
        (face(y=120), STRAIGHT, Advice.STEP_BACK, "10% of the face"),
    ],
)
def test_each_fault_is_told_with_what_was_measured(where, pose, expected, says):
    (hint,) = hints(where, pose, GRAY)

    assert hint.advice is expected
    assert says in hint.message


def test_a_small_face_in_a_large_photo_is_told_to_come_nearer():
    large = np.full((4000, 4000, 3), 128, np.uint8)
    assert advice(face(x=2000, y=2000, size=400), STRAIGHT, large) == [Advice.COME_NEARER]


@given(
    st.floats(-500, 1500),
    st.floats(-500, 1500),
    st.floats(1, 2000),
    st.builds(HeadPose, st.floats(-90, 90), st.floats(-180, 180), st.floats(-180, 180)),
)
def test_no_advice_is_given_twice(x, y, size, pose):
    given_ = advice(face(x, y, size), pose, GRAY)

    assert len(given_) == len(set(given_))


def test_a_face_in_the_dark_is_told_to_find_light_whatever_is_behind_it():
    dark = np.full((1000, 1000, 3), 230, np.uint8)
    dark[250:550, 350:650] = 60
    (hint,) = hints(face(), STRAIGHT, dark)
    assert hint.advice is Advice.FIND_MORE_LIGHT
    assert "24% bright" in hint.message
    dark[310:360, 350:650] = 120  # skin that gleams says that there is light
    assert not hints(face(), STRAIGHT, dark)
