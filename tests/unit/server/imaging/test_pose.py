from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging import pose
from limner_server.imaging.pose import head_pose

yaws = st.floats(-70, 70)
pitches = st.floats(-60, 60)
rolls = st.floats(-170, 170)


def about(axis, degrees):
    """Return the rotation about x, y or z of the image: right, down, away."""
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    one, other = [(1, 2), (2, 0), (0, 1)][axis]
    turn = np.eye(3)
    turn[[one, other], [one, other]] = cosine
    turn[one, other], turn[other, one] = -sine, sine
    return turn


def head(yaw, pitch, roll, rest=0.0):
    """Return a mesh turned by angles; points that do not tell the pose hold `rest`."""
    turn = about(2, roll) @ about(1, -yaw) @ about(0, -pitch)
    points = np.full((478, 3), rest, np.float32)
    points[list(pose.RIGID)] = pose.TEMPLATE @ turn.T * 17 + (300, 200, 5)
    return points


@given(yaws, pitches, rolls)
def test_the_angles_a_head_was_turned_by_are_read(yaw, pitch, roll):
    found = head_pose(head(yaw, pitch, roll))

    assert (found.yaw, found.pitch, found.roll) == pytest.approx((yaw, pitch, roll), abs=0.01)


@given(yaws, pitches, rolls, st.integers(0, 2**32 - 1))
def test_unrest_of_the_points_moves_the_angles_little(yaw, pitch, roll, seed):
    points = head(yaw, pitch, roll)
    points += np.random.default_rng(seed).normal(0, 1.5, points.shape)  # of a face 260 wide

    found = head_pose(points)

    assert (found.yaw, found.pitch) == pytest.approx((yaw, pitch), abs=3)
    assert math.remainder(found.roll - roll, 360) == pytest.approx(0, abs=4)


def test_signs_are_those_of_the_protocol():
    nose = 4
    straight = head(0, 0, 0)

    assert head(20, 0, 0)[nose, 0] > straight[nose, 0]
    assert head(0, 20, 0)[nose, 1] < straight[nose, 1]
    leaning = head(0, 0, 20)
    assert leaning[263, 1] > leaning[33, 1]


@given(yaws, pitches, rolls)
def test_a_mirror_turns_yaw_and_roll_around(yaw, pitch, roll):
    points = head(yaw, pitch, roll)
    mirrored = points.copy()
    for left, right in pose._SIDES:
        mirrored[[left, right]] = points[[right, left]]
    mirrored[:, 0] = 600 - mirrored[:, 0]

    found, other = head_pose(points), head_pose(mirrored)

    assert (other.yaw, other.pitch) == pytest.approx((-found.yaw, found.pitch), abs=1e-3)
    assert math.remainder(other.roll + found.roll, 360) == pytest.approx(0, abs=1e-3)


@given(yaws, pitches, rolls, st.floats(-180, 180), st.integers(0, 2**32 - 1))
def test_turning_the_photo_changes_roll_alone_and_by_that_angle(yaw, pitch, roll, turn, seed):
    points = head(yaw, pitch, roll) + np.random.default_rng(seed).normal(0, 1, (478, 3))

    found = head_pose(points.astype(np.float32))
    turned = head_pose((points @ about(2, turn).T).astype(np.float32))

    assert (turned.yaw, turned.pitch) == pytest.approx((found.yaw, found.pitch), abs=1e-2)
    assert math.remainder(turned.roll - found.roll - turn, 360) == pytest.approx(0, abs=2e-2)


def test_lips_and_jaw_do_not_count():
    assert head_pose(head(10, 5, 3, rest=999)) == head_pose(head(10, 5, 3))


def test_the_irises_may_be_missing():
    assert head_pose(head(10, 5, 3)[:468]) == head_pose(head(10, 5, 3))
