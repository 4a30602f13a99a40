"""What became of simulated rollouts: shares with their bounds, times and harm."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Share:
    """So many of all simulated rollouts, with exact bounds on the chance behind it."""

    count: int
    of: int

    @property
    def value(self) -> float:
        return self.count / self.of

    @property
    def low(self) -> float:
        """The lower end of the 95 % Clopper-Pearson interval."""
        return 1 - _upper_bound(self.of - self.count, self.of)

    @property
    def high(self) -> float:
        """The upper end of the 95 % Clopper-Pearson interval."""
        return _upper_bound(self.count, self.of)

    def to_json(self) -> dict[str, Any]:
        """Return count and bounds for programs."""
        return {
            "count": self.count,
            "of": self.of,
            "share": self.value,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Spread:
    """Median, and what nine of ten stay below; None where there is nothing to tell it from."""

    median: float | None
    most: float | None

    @classmethod
    def of(cls, values: NDArray[Any]) -> Spread:
        if not len(values):
            return cls(None, None)
        median, most = np.quantile(values, (0.5, 0.9))
        return cls(float(median), float(most))


@dataclass(frozen=True)
class Simulated:
    """What became of the simulated rollouts; the shares sum to 1."""

    aborted: Share
    """On evidence."""
    promoted: Share
    """Passed the last step."""
    skewed: Share
    """Paused because units did not reach the canary as routed."""
    undecided: Share
    """Outlived a step, or the whole rollout's deadline."""
    abort_seconds: Spread
    """From the beginning, of those aborted."""
    promote_seconds: Spread
    """From the beginning, of those promoted."""
    abort_units: Spread
    """Units the canary served before it was aborted."""
    abort_bad: Spread
    """Units the canary was bad for before it was aborted, by the kind it was worst in."""
    aborted_in: Mapping[int, int]
    """How many were aborted in which step, by its place in the spec from 0."""
    undecided_in: Mapping[int, int]
    """How many stayed undecided in which step, by its place in the spec from 0."""

    def to_json(self) -> dict[str, Any]:
        """Return everything for programs."""
        document: dict[str, Any] = {}
        for place in fields(self):
            value = getattr(self, place.name)
            if isinstance(value, Share):
                document[place.name] = value.to_json()
            elif isinstance(value, Spread):
                document[place.name] = asdict(value)
            else:
                document[place.name] = {str(step): count for step, count in value.items()}
        return document


def _upper_bound(count: int, of: int) -> float:
    """Return the chance at which `count` hits or fewer of `of` are just as rare as is allowed.

    Source: Clopper and Pearson, The Use of Confidence or Fiducial Limits, Biometrika 1934.
    """
    if count >= of:
        return 1.0
    hits = np.arange(count + 1)
    ways = np.array(
        [math.lgamma(of + 1) - math.lgamma(k + 1) - math.lgamma(of - k + 1) for k in hits]
    )
    low, high = count / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        terms = ways + hits * math.log(middle) + (of - hits) * math.log1p(-middle)
        if np.exp(terms).sum() > (1 - CONFIDENCE) / 2:
            low = middle
        else:
            high = middle
    return high
