"""The local breaker: a canary that fails again and again gets no more calls from this server."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

IN_A_ROW: Final = 5
"""Failures one after the other that eject a canary."""
WINDOW: Final = 20
"""Runs that are looked back on."""
MOST: Final = WINDOW // 2
"""Failures among them that are still borne."""


@dataclass
class Breaker:
    """What became of the last runs of each rollout's canary."""

    ejected: frozenset[str] = frozenset()
    """Ids of the rollouts whose canary is out."""
    _runs: dict[str, deque[bool]] = field(default_factory=dict)

    def ran(self, rollout: str, *, failed: bool) -> str:
        """Note a run; return why it ejects the canary, or nothing."""
        runs = self._runs.setdefault(rollout, deque(maxlen=WINDOW))
        runs.append(failed)
        if not failed:
            return ""
        why = ""
        if len(runs) >= IN_A_ROW and all(list(runs)[-IN_A_ROW:]):
            why = f"the last {IN_A_ROW} runs failed"
        elif len(runs) == WINDOW and sum(runs) > MOST:
            why = f"{sum(runs)} of the last {WINDOW} runs failed"
        if not why or rollout in self.ejected:
            return ""
        self.ejected |= {rollout}
        return why

    def keep(self, rollouts: set[str]) -> None:
        """Forget every rollout but these."""
        self.ejected &= rollouts
        for rollout in self._runs.keys() - rollouts:
            del self._runs[rollout]
