"""A line before a few places: the more urgent first, and nobody who would wait in vain."""

from __future__ import annotations

import asyncio
import bisect
import enum
import heapq
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SLOW_SECONDS: Final = 1.0
"""From here on a turn is slow, unless a line says otherwise."""
MOST_WAITING: Final = 500
"""Turns that wait: who comes is told how long it takes in a millisecond or two."""
OVERDUE: Final = 0.1
"""Share of its time that a turn is expected to take still when it should be over already."""


class Priority(enum.IntEnum):
    """How urgent a call is; the lower goes first."""

    INTERACTIVE = 0
    BATCH = 1


class Crowded(Exception):
    """The line is too long for whoever came."""

    def __init__(self, wait: float) -> None:
        """Tell after how many seconds a place is expected to be free."""
        super().__init__(f"a place is expected in {wait:.3f} s")
        self.wait = wait


@dataclass(eq=False)
class Turn:
    """One of those who wait or work."""

    seconds: float
    """How long it is expected to work."""
    priority: Priority
    number: int
    """Counts all who came."""
    is_slow: bool
    """Whether it has to leave a place to quicker ones."""
    began: float = 0.0
    """When it got its place."""
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it has its place."""
    ended: float | None = None
    """When it left; None while it is there."""

    @property
    def rank(self) -> tuple[int, int]:
        """Sorts the line."""
        return self.priority, self.number

    @property
    def worked(self) -> float:
        """For how many seconds it had its place, once it has left."""
        return (self.ended or self.began) - self.began


class Line:
    """So many places, and everybody who waits for one.

    Turns that are expected to be slow never take the last of several places, so a few large
    photos leave small ones their way.
    """

    def __init__(
        self,
        places: int,
        slow: float = SLOW_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin with every place free; turns of `slow` seconds or more are slow."""
        self._places = places
        self._slow = slow
        self._for_slow = max(1, places - 1)
        self._clock = clock
        self._working: list[Turn] = []
        self._waiting: list[Turn] = []
        self._come = 0

    @property
    def working(self) -> int:
        """How many places are taken."""
        return len(self._working)

    def waiting(self, priority: Priority) -> int:
        """Return how many of one urgency wait."""
        return sum(turn.priority is priority for turn in list(self._waiting))

    def expected_wait(self, priority: Priority, seconds: float = 0.0) -> float:
        """Return the seconds that one who came now, to work for `seconds`, would wait."""
        return self._wait(self._turn(priority, seconds))

    def join(self, priority: Priority, seconds: float, longest: float) -> Turn:
        """Return a turn in line, which may be granted at once; whoever takes it has to `leave`.

        Args:
            priority: How urgent it is.
            seconds: How long its work is expected to take.
            longest: The longest wait, as it is expected, that is worth it.

        Raises:
            Crowded: The wait is expected to be longer, or too many wait to look through them.
        """
        turn = self._turn(priority, seconds)
        wait = self._wait(turn)
        if wait > max(longest, 0.0) or len(self._waiting) >= MOST_WAITING:
            raise Crowded(wait)
        self._come += 1
        bisect.insort(self._waiting, turn, key=_rank)
        self._advance()
        return turn

    def leave(self, turn: Turn) -> None:
        """Give a turn up, whether it had its place or waited; later on that changes nothing."""
        if turn.ended is not None:
            return
        turn.ended = self._clock()
        (self._working if turn.granted.is_set() else self._waiting).remove(turn)
        self._advance()

    def _turn(self, priority: Priority, seconds: float) -> Turn:
        return Turn(seconds, priority, self._come, seconds >= self._slow)

    def _advance(self) -> None:
        """Give every place that is free to the first who may have it."""
        while self._waiting and len(self._working) < self._places:
            slow = sum(turn.is_slow for turn in self._working)
            first = next(
                (turn for turn in self._waiting if not turn.is_slow or slow < self._for_slow), None
            )
            if first is None:
                return
            self._waiting.remove(first)
            self._working.append(first)
            first.began = self._clock()
            first.granted.set()

    def _wait(self, one: Turn) -> float:
        """Return when a place is free for a turn, were everything to take as long as expected."""
        if len(self._working) + len(self._waiting) < self._for_slow:
            return 0.0  # whoever comes has a place
        working, now = list(self._working), self._clock()
        before = [turn for turn in list(self._waiting) if turn.rank < one.rank]
        wait = _free_at(self._places, _left(working, now), before)
        if one.is_slow:
            slow = [turn for turn in working if turn.is_slow]
            slow_before = [turn for turn in before if turn.is_slow]
            wait = max(wait, _free_at(self._for_slow, _left(slow, now), slow_before))
        return wait


def _rank(turn: Turn) -> tuple[int, int]:
    return turn.rank


def _left(working: Iterable[Turn], now: float) -> list[float]:
    """Return the seconds that each is expected to work still."""
    return [max(turn.began + turn.seconds - now, OVERDUE * turn.seconds) for turn in working]


def _free_at(places: int, left: list[float], before: Iterable[Turn]) -> float:
    """Return when the first of some places is free once those before had theirs."""
    free = left + [0.0] * (places - len(left))
    heapq.heapify(free)
    for turn in before:
        heapq.heapreplace(free, free[0] + turn.seconds)
    return free[0]
