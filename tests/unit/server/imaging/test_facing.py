from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.facing import MAX_TURN, TURNED, facing, mirrored
from limner_server.imaging.pose import HeadPose

yaws, pitches = st.floats(-89, 89), st.floats(-60, 60)
poses = st.builds(HeadPose, yaws, pitches, st.floats(-45, 45))


def test_a_head_that_looks_the_other_way_is_mirrored():
    found = facing(HeadPose(30, 0, 5), HeadPose(-24, 0, 5))
    assert found.mirrored
    assert found.yaw == pytest.approx(6)
    assert found.gap == pytest.approx(6)


def test_a_parting_stays_on_its_side_where_the_turn_is_small():
    assert not facing(HeadPose(5, 0, 0), HeadPose(-5, 0, 0)).mirrored
    assert facing(HeadPose(7, 0, 0), HeadPose(-7, 0, 0)).mirrored


def test_a_reference_that_looks_ahead_is_mirrored_only_where_it_has_to_be():
    assert not facing(HeadPose(15, 0, 0), HeadPose(-2, 0, 0)).mirrored
    assert facing(HeadPose(25, 0, 0), HeadPose(-1, 0, 0)).mirrored


@given(poses, poses)
def test_mirroring_never_takes_a_head_farther_away(person, reference):
    found = facing(person, reference)
    as_it_is = abs(person.yaw - reference.yaw)
    assert found.yaw <= as_it_is
    assert found.mirrored <= (as_it_is > TURNED)
    assert 0 <= found.gap <= found.yaw + found.pitch + 1e-5


@given(poses)
def test_a_head_is_not_turned_from_itself_nor_is_its_mirror_image(pose):
    assert facing(pose, pose).gap == pytest.approx(0, abs=1e-5)
    assert mirrored(mirrored(pose)) == pose
    assert facing(mirrored(pose), pose).yaw <= TURNED


@pytest.mark.parametrize(("turn", "too_far"), [(MAX_TURN - 1, False), (MAX_TURN + 1, True)])
def test_heads_may_differ_by_so_much(turn, too_far):
    assert facing(HeadPose(turn, 0, 0), HeadPose(0, 0, 0)).is_too_far == too_far
    assert facing(HeadPose(0, 0, 0), HeadPose(0, turn, 0)).is_too_far == too_far
