"""How long somebody is let wait: until a burst is over, but not where that helps nobody."""

from __future__ import annotations

from typing import Final

SHORTEST: Final = 0.1
"""Seconds that a call is let wait however short it is itself."""
SHARE: Final = 0.05
"""Weight of the newest call: what is known of them is that of about the last forty."""
CROWD: Final = 0.5
"""Share of the calls that are turned away in a crowd."""
GAP: Final = 0.5
"""What is waited for in a crowd, as a share of the time from one free place to the next."""


class Patience:
    """The longest wait for calls that people sit before.

    As long as a call takes itself, so that its time at worst doubles. Where most have to be turned
    away, though, a long line lets nobody in who would not be let in by a short one: it only has
    all of them wait. Then it is kept no longer than it takes for places not to stay empty.
    """

    def __init__(self, places: int, told: float = 0.0) -> None:
        """Begin with nobody turned away.

        Args:
            places: How many calls are worked on at once.
            told: Seconds that every call is let wait, come who may; 0 for the usual.
        """
        self._places = places
        self._told = told
        self._refused = 0.0

    def of(self, seconds: float) -> float:
        """Return the longest wait, in seconds, for a call that is expected to take so many."""
        if self._told:
            return self._told
        crowded = GAP / self._places if self._refused > CROWD else 1.0
        return crowded * max(seconds, SHORTEST)

    def learn(self, *, refused: bool) -> None:
        """Learn whether the call that has just come was turned away."""
        self._refused += SHARE * (refused - self._refused)
