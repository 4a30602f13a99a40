"""The gate: what a server and its children hold, round after round, must not grow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy.stats import theilslopes

BOUNDS = {
    "rss": 50 * 1024,  # bytes
    "fds": 0.05,
    "threads": 0.05,
    "zombies": 0.05,
    "shm files": 0.05,
    "shm bytes": 4096,
}
"""What each kind of holding may gain a round; of counts, one in twenty rounds."""
CONFIDENCE = 0.95
MOST_HALVES = 3
"""Halves that are judged at most: what still grows after so many is no warm-up."""

Sample = Mapping[str, float]
"""What is held after a round, by who holds it and its kind, such as "server rss"."""


@dataclass(frozen=True)
class Slope:
    """Growth a round: the median of all pairs' slopes, and its interval of confidence."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Slope:
        """Return how values grow that are one round apart.

        Source: Sen, Estimates of the Regression Coefficient Based on Kendall's Tau, JASA 1968.
        """
        median, _, low, high = theilslopes(values, alpha=CONFIDENCE)
        return cls(low, median, high)


def growth(samples: Sequence[Sample]) -> dict[str, Slope]:
    """Return how all that is held grows."""
    return {held: Slope.of([sample[held] for sample in samples]) for held in samples[0]}


def leaks(samples: Sequence[Sample]) -> dict[str, Slope]:
    """Return what grows by more than its bound, for sure."""
    return {held: slope for held, slope in growth(samples).items() if slope.low > bound(held)}


def bound(held: str) -> float:
    """Return what of a holding's kind may be gained a round."""
    return next(most for kind, most in BOUNDS.items() if held.endswith(kind))


async def settled(around: Callable[[], Awaitable[Sample]], rounds: int) -> list[Sample]:
    """Go through so many rounds; return the samples of the second half, which is what is judged.

    While that grows the first half was too short for allocators to settle, and half as many
    rounds more are gone through, twice at most: a leak still grows after them.
    """
    for _ in range(rounds - rounds // 2):
        await around()
    for _ in range(MOST_HALVES):
        samples = [await around() for _ in range(rounds // 2)]
        if not leaks(samples):
            break
    return samples
