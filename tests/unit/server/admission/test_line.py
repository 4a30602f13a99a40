from __future__ import annotations

import heapq
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.admission.line import (
    MOST_WAITING,
    OVERDUE,
    SLOW_SECONDS,
    Crowded,
    Line,
    Priority,
    Turn,
)

SOONER, LATER = Priority.INTERACTIVE, Priority.BATCH


class World:
    """A line whose time passes only when the test says so."""

    def __init__(self, places: int) -> None:
        self.now = 0.0
        self.line = Line(places, clock=lambda: self.now)
        self.turns: list[Turn] = []
        self.working: list[tuple[float, int, Turn]] = []

    def joins(self, seconds=0.5, priority=SOONER, longest=math.inf) -> Turn:
        turn = self.line.join(priority, seconds, longest)
        self.turns.append(turn)
        self._note()
        return turn

    def leaves(self, turn: Turn) -> None:
        self.line.leave(turn)
        self._note()

    def runs_until(self, then: float) -> None:
        """Let every turn take exactly as long as was expected of it."""
        while self.working and self.working[0][0] <= then:
            self.now, _, turn = heapq.heappop(self.working)
            self.leaves(turn)
        self.now = max(self.now, then)

    def _note(self) -> None:
        known = {turn.number for _, _, turn in self.working}
        for turn in self.turns:
            if turn.granted.is_set() and turn.ended is None and turn.number not in known:
                heapq.heappush(self.working, (turn.began + turn.seconds, turn.number, turn))


def test_whoever_finds_a_free_place_has_it_at_once():
    world = World(2)
    assert all(world.joins().granted.is_set() for _ in range(2))
    assert not world.joins().granted.is_set()
    assert (world.line.working, world.line.waiting(SOONER)) == (2, 1)


def test_the_more_urgent_goes_first_and_then_who_came_first():
    world = World(1)
    first = world.joins()
    batch, one, other = world.joins(priority=LATER), world.joins(), world.joins()
    order = []
    holding = first
    while holding:
        order.append(holding)
        world.leaves(holding)
        waiting = (turn for turn in world.turns if turn.granted.is_set() and turn.ended is None)
        holding = next(waiting, None)
    assert order == [first, one, other, batch]


def test_slow_turns_leave_the_last_place_to_quick_ones():
    world = World(2)
    slow = [world.joins(seconds=SLOW_SECONDS) for _ in range(2)]
    assert [turn.granted.is_set() for turn in slow] == [True, False]
    assert world.joins(seconds=0.1).granted.is_set()
    world.leaves(slow[0])
    assert slow[1].granted.is_set()


def test_a_place_that_is_the_only_one_is_there_for_slow_turns_too():
    assert World(1).joins(seconds=SLOW_SECONDS).granted.is_set()


def test_who_would_wait_too_long_is_told_at_once_how_long_and_leaves_no_trace():
    world = World(1)
    world.joins(seconds=0.8)
    world.joins(seconds=0.4)
    with pytest.raises(Crowded) as caught:
        world.joins(seconds=0.1, longest=1.0)
    assert caught.value.wait == pytest.approx(1.2)
    assert world.line.waiting(SOONER) == 1


def test_who_need_not_wait_is_never_turned_away():
    assert World(1).joins(seconds=5.0, longest=-3.0).granted.is_set()


def test_the_less_urgent_are_not_waited_for():
    world = World(1)
    world.joins(seconds=0.3)
    for _ in range(10):
        world.joins(seconds=0.9, priority=LATER)
    assert world.line.expected_wait(SOONER) == pytest.approx(0.3)
    assert world.line.expected_wait(LATER) == pytest.approx(0.3 + 9.0)


def test_a_turn_that_takes_longer_than_expected_is_expected_to_take_a_little_longer_still():
    world = World(1)
    world.joins(seconds=0.5)
    world.now = 100.0
    assert world.line.expected_wait(SOONER) == pytest.approx(OVERDUE * 0.5)


def test_who_leaves_while_waiting_takes_no_place():
    world = World(1)
    first, second, third = (world.joins() for _ in range(3))
    world.leaves(second)
    world.leaves(second)  # twice is once
    world.leaves(first)
    assert third.granted.is_set()
    assert (world.line.working, world.line.waiting(SOONER)) == (1, 0)


def test_no_more_wait_than_can_be_looked_through():
    world = World(1)
    for _ in range(1 + MOST_WAITING):
        world.joins()
    with pytest.raises(Crowded):
        world.joins()


ARRIVALS = st.lists(
    st.tuples(
        st.floats(0.0, 1.0, allow_subnormal=False),
        st.floats(0.01, 0.99),
    ),
    max_size=30,
)


@given(places=st.integers(1, 4), arrivals=ARRIVALS)
def test_the_expected_wait_is_the_wait_when_all_take_as_long_as_expected(places, arrivals):
    world, expected = World(places), []
    for pause, seconds in arrivals:
        world.runs_until(world.now + pause)
        wait = world.line.expected_wait(SOONER, seconds)
        expected.append((world.joins(seconds), world.now, wait))
    world.runs_until(1e9)
    for turn, came, wait in expected:
        assert turn.began - came - 1e-9 <= wait <= turn.began - came + OVERDUE + 1e-9


@given(
    places=st.integers(1, 4),
    steps=st.lists(
        st.tuples(
            st.sampled_from(["joins", "leaves"]),
            st.sampled_from([0.1, 3.0]),
            st.sampled_from(Priority),
            st.integers(0, 20),
        ),
        max_size=60,
    ),
)
def test_places_are_never_given_twice_nor_kept_from_who_may_have_them(places, steps):
    world = World(places)
    there: list[Turn] = []
    for step, seconds, priority, which in steps:
        if step == "joins":
            there.append(world.joins(seconds, priority))
        elif there:
            world.leaves(there.pop(which % len(there)))
        working = [turn for turn in there if turn.granted.is_set()]
        waiting = [turn for turn in there if not turn.granted.is_set()]
        slow = sum(turn.is_slow for turn in working)
        assert world.line.working == len(working) <= places
        assert slow <= max(1, places - 1)
        if len(working) < places:
            assert all(turn.is_slow for turn in waiting)
            assert not waiting or slow == max(1, places - 1)
