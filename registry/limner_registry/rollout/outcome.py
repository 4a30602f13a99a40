"""What is counted of a rollout's calls, as servers count it and the judge reads it."""

from __future__ import annotations

import enum
from typing import Final, NamedTuple

UNITS: Final = "units"
"""The outcome that all units, or all pairs, have."""


class Side(enum.StrEnum):
    """Whose outcome is counted."""

    STABLE = "stable"
    CANARY = "canary"
    PAIRS = "pairs"
    """Shadowed inputs that both versions answered; it has `UNITS` alone."""
    STABLE_ONLY = "stable_only"
    """Of the pairs, those that only stable answered badly."""
    CANARY_ONLY = "canary_only"
    """Of the pairs, those that only the canary answered badly."""


class Key(NamedTuple):
    """What one count is of."""

    rollout: str
    generation: int
    """Of the routing table that the calls were decided by."""
    side: str
    """A `Side`; others, of a newer server, are not read."""
    outcome: str
    """`UNITS` or a `Kind`."""

    @property
    def name(self) -> str:
        """Its side and outcome as they travel, such as `canary.units` or `stable.error`."""
        return f"{self.side}.{self.outcome}"

    @classmethod
    def named(cls, rollout: str, generation: int, name: str) -> Key:
        """Return what a name that has travelled stands for."""
        side, _, outcome = name.partition(".")
        return cls(rollout, generation, side, outcome)
