from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.pipelines.course import Course


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


steps = st.lists(st.tuples(st.floats(0, 30), st.booleans()), min_size=1, max_size=60)


@given(steps, st.integers(1, 9))
def test_the_fraction_never_falls_whatever_the_pace(waits, tiles):
    clock = Clock()
    course = Course(clock)
    course.plan({"decode": 0.2, "draw": 3, "encode": 0.1})
    stages = iter([("decode", 1), ("draw", tiles), ("encode", 1)])
    course.begin(*next(stages))
    told, left = [], tiles
    for wait, moves in waits:
        clock.now += wait
        told.append(course.standing())
        if moves and course.standing().stage == "draw" and left:
            course.advance()
            left -= 1
        elif moves:
            course.begin(*next(stages, ("encode", 1)))
        told.append(course.standing())
    fractions = [standing.fraction for standing in told]
    assert fractions == sorted(fractions)
    assert fractions[0] >= 0
    assert fractions[-1] <= 1
    assert all(standing.remaining is None or standing.remaining >= 0 for standing in told)


def test_what_is_left_is_told_by_the_pace_so_far():
    clock = Clock()
    course = Course(clock)
    course.plan({"draw": 4.0})
    course.begin("draw", 4)
    assert course.standing().remaining is None
    for _ in range(2):
        clock.now += 10
        course.advance()
    standing = course.standing()
    assert (standing.stage, standing.fraction) == ("draw", pytest.approx(0.5))
    assert course.steps == (2, 4)
    assert standing.remaining == pytest.approx(20)


def test_a_step_that_lasts_goes_on_but_never_arrives():
    clock = Clock()
    course = Course(clock)
    course.plan({"draw": 1.0})
    course.begin("draw", 2)
    clock.now += 5
    course.advance()
    told = []
    for _ in range(20):
        clock.now += 5
        told.append(course.standing().fraction)
    assert told == sorted(told)
    assert 0.5 < told[0] < told[5] < 1
