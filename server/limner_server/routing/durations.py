"""How long runs of each version take: what a rollout calls slow is fixed from that beforehand.

Counts by powers of a ratio take two kilobytes a version whatever happens, and older ones weigh
less and less.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SHORTEST: Final = 0.001
"""Seconds that all shorter times count as."""
RATIO: Final = 1.05
"""Of two bounds next to each other: how exact an answer is."""
STEP: Final = math.log(RATIO)
BOUNDS: Final = 240
"""The last is at two minutes, which no call may take."""
HALF_LIFE: Final = 6 * 3600.0
"""Seconds after which a run weighs half: a day ago it is a sixteenth."""
ENOUGH: Final = 200.0
"""Runs, by their weight, below which nothing is said: ten of them are beyond the 95th."""
MOST_DOUBLINGS: Final = 100.0
"""Of weights, before all are brought down again."""


@dataclass
class Spread:
    """The times of one version's runs."""

    origin: float
    """When a run weighed 1."""
    weights: NDArray[np.float64] = field(default_factory=lambda: np.zeros(BOUNDS))

    def add(self, seconds: float, now: float) -> None:
        """Count a run that ended now; in proportion, that makes all before it weigh less."""
        if now - self.origin > MOST_DOUBLINGS * HALF_LIFE:
            self.weights *= 2.0 ** ((self.origin - now) / HALF_LIFE)
            self.origin = now
        steps = math.ceil(math.log(max(seconds, SHORTEST) / SHORTEST) / STEP)
        self.weights[min(steps, BOUNDS - 1)] += 2.0 ** ((now - self.origin) / HALF_LIFE)

    def quantile(self, part: float, now: float) -> float:
        """Return what a part of the runs took at most, in seconds; 0 if there were too few.

        It is at most `RATIO` times the exact value.
        """
        sums = self.weights.cumsum()
        if sums[-1] < ENOUGH * 2.0 ** ((now - self.origin) / HALF_LIFE):
            return 0.0
        bound = int(np.searchsorted(sums, part * sums[-1]))
        return SHORTEST * RATIO**bound


class Durations:
    """The times of every version that has run here."""

    def __init__(self) -> None:
        """Begin without any."""
        self._spreads: dict[tuple[str, int], Spread] = {}

    def ran(self, model: str, version: int, seconds: float, now: float) -> None:
        """Count a run of a version that ended now, on time.monotonic()'s clock."""
        self._spreads.setdefault((model, version), Spread(now)).add(seconds, now)

    def p95(self, model: str, version: int, now: float) -> float:
        """Return what 95 of 100 runs of a version took at most, in seconds; 0 if too few ran."""
        spread = self._spreads.get((model, version))
        return spread.quantile(0.95, now) if spread else 0.0
