from __future__ import annotations

import numpy as np

from limner_registry.face_template import TEMPLATE
from limner_server.pipelines.following import FORGOTTEN_SECONDS, Follower

FRAME = 1 / 30


def face(x=0.0, y=0.0, size=200.0):
    return TEMPLATE * size + (x, y)


def test_each_face_is_itself_from_frame_to_frame_whatever_their_order():
    follower = Follower()
    left, right = follower.follow([face(), face(300)], 0.0)
    left.coat, right.coat = 1, 2
    other, one, new = follower.follow([face(304), face(3), face(700)], FRAME)
    assert (one, other) == (left, right)
    assert (one.coat, other.coat, new.coat) == (1, 2, None)


def test_of_two_faces_the_nearer_one_is_taken_for_the_one_known():
    follower = Follower()
    (known,) = follower.follow([face()], 0.0)
    far, near = follower.follow([face(30), face(10)], FRAME)
    assert near is known
    assert far is not known


def test_a_head_is_steadied_as_time_goes_by_not_as_frames_do():
    shown = {}
    for gap in (FRAME, 3 * FRAME):
        follower = Follower()
        follower.follow([face()], 0.0)
        (one,) = follower.follow([face(5)], gap)
        shown[gap] = (one.head.points - face()).mean(0)[0]
    assert 0 < shown[FRAME] < 0.7 * shown[3 * FRAME] < 5


def test_a_face_out_of_sight_is_new_after_a_while_and_known_before():
    follower = Follower()
    (one,) = follower.follow([face()], 0.0)
    follower.follow([], FRAME)
    assert follower.follow([face(2)], 0.2) == [one]
    later = 0.2 + FORGOTTEN_SECONDS + FRAME
    (new,) = follower.follow([face(2)], later)
    assert new is not one
    np.testing.assert_array_equal(new.head.points, face(2))


def test_a_face_that_leaps_is_another():
    follower = Follower()
    (one,) = follower.follow([face()], 0.0)
    (other,) = follower.follow([face(100)], FRAME)
    assert other is not one


def test_an_expression_is_steadied_beside_the_head():
    follower = Follower()
    (one,) = follower.follow([face()], 0.0)
    rest = np.full((23, 2), 0.5)
    np.testing.assert_array_equal(one.steady_expression(rest, 0.2), rest)
    (one,) = follower.follow([face()], FRAME)
    shown = one.steady_expression(rest + 0.01, 0.2)
    assert (shown > rest).all()
    assert (shown < rest + 0.01).all()


def test_times_that_do_not_pass_are_no_trouble():
    follower = Follower()
    follower.follow([face()], 5.0)
    (one,) = follower.follow([face(3)], 5.0)
    assert np.isfinite(one.head.points).all()
