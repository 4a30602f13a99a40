"""Counts of what became of calls, for each rollout, generation and arm, since the server began.

They only rise, and all of them are sent each time: whoever reads them needs the newest alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_registry.routes import Arm

UNITS: Final = "units"
MOST_UNITS: Final = 200_000
"""Callers that are told apart in one arm of one generation; those beyond count no more."""


class Key(NamedTuple):
    """What one count is of."""

    rollout: str
    generation: int
    name: str
    """Such as `canary.units`, `stable.error`, `pairs.units`, `canary_only.quality`."""


@dataclass
class Outcomes:
    """The counts of one server."""

    counts: Counter[Key] = field(default_factory=Counter)
    _seen: defaultdict[Key, set[bytes]] = field(default_factory=lambda: defaultdict(set))

    def answered(
        self, rollout: str, generation: int, arm: Arm, unit: str, bad: Iterable[str]
    ) -> None:
        """Count a call of one caller: as a unit, and what was bad about it.

        A caller counts once in each arm and generation, and once for each kind of trouble: calls
        of one caller fail together, and would be no evidence of their own.
        """
        for outcome in (UNITS, *bad):
            key = Key(rollout, generation, f"{arm}.{outcome}")
            seen = self._seen[key]
            short = blake2b(unit.encode(), digest_size=8).digest()
            if short not in seen and len(seen) < MOST_UNITS:
                seen.add(short)
                self.counts[key] += 1

    def paired(
        self, rollout: str, generation: int, stable: Iterable[str], canary: Iterable[str]
    ) -> None:
        """Count an input that both versions answered, and what was bad about one answer alone."""
        ours, theirs = set(stable), set(canary)
        self.counts[Key(rollout, generation, f"pairs.{UNITS}")] += 1
        for side, kinds in (("stable_only", ours - theirs), ("canary_only", theirs - ours)):
            for kind in kinds:
                self.counts[Key(rollout, generation, f"{side}.{kind}")] += 1

    def keep(self, rollouts: set[str]) -> None:
        """Forget every rollout but these."""
        for counts in (self.counts, self._seen):
            for key in [key for key in counts if key.rollout not in rollouts]:
                del counts[key]
