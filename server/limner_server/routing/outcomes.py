"""Counts of what became of calls, for each rollout, generation and arm, since the server began.

They only rise, and all of them are sent each time: whoever reads them needs the newest alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from limner_registry.rollout.outcome import UNITS, Key, Side
from limner_registry.routes import Arm

if TYPE_CHECKING:
    from collections.abc import Iterable

SIDES: Final = {Arm.STABLE: Side.STABLE, Arm.CANARY: Side.CANARY}
MOST_UNITS: Final = 200_000
"""Callers that are told apart in one generation of a rollout; later ones count in neither arm.

Were they counted in one that is not full yet, the arms would seem to be split otherwise than the
routing table says.
"""


@dataclass
class Outcomes:
    """The counts of one server."""

    counts: Counter[Key] = field(default_factory=Counter)
    _seen: defaultdict[Key, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    _told_apart: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Callers by rollout and generation, in both arms."""

    def answered(
        self, rollout: str, generation: int, arm: Arm, unit: str, bad: Iterable[str]
    ) -> None:
        """Count a call of one caller: as a unit, and what was bad about it.

        A caller counts once in each arm and generation, and once for each kind of trouble: calls
        of one caller fail together, and would be no evidence of their own.
        """
        short = blake2b(unit.encode(), digest_size=8).digest()
        side = SIDES[arm]
        units = Key(rollout, generation, side, UNITS)
        if short not in self._seen[units]:
            if self._told_apart[rollout, generation] >= MOST_UNITS:
                return
            self._told_apart[rollout, generation] += 1
            self._count(units, short)
        for outcome in bad:
            self._count(Key(rollout, generation, side, outcome), short)

    def paired(
        self, rollout: str, generation: int, stable: Iterable[str], canary: Iterable[str]
    ) -> None:
        """Count an input that both versions answered, and what was bad about one answer alone."""
        ours, theirs = set(stable), set(canary)
        self.counts[Key(rollout, generation, Side.PAIRS, UNITS)] += 1
        sides = ((Side.STABLE_ONLY, ours - theirs), (Side.CANARY_ONLY, theirs - ours))
        for side, kinds in sides:
            for kind in kinds:
                self.counts[Key(rollout, generation, side, kind)] += 1

    def keep(self, rollouts: set[str]) -> None:
        """Forget every rollout but these."""
        for counts in (self.counts, self._seen):
            for key in [key for key in counts if key.rollout not in rollouts]:
                del counts[key]
        for one in [one for one in self._told_apart if one[0] not in rollouts]:
            del self._told_apart[one]

    def _count(self, key: Key, short: bytes) -> None:
        seen = self._seen[key]
        if short not in seen:
            seen.add(short)
            self.counts[key] += 1
