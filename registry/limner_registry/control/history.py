"""The log of events folded into what is counted of it, a piece at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from limner_registry.rollout.record import State
from limner_registry.rollout.triggers import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_registry.rollout.ledger import Event


class Change(NamedTuple):
    """A way from one state to another."""

    before: str
    """`none` where the rollout is new."""
    after: str
    actor_kind: str


@dataclass
class Standing:
    """What is known of one rollout after its events so far."""

    state: str = "none"
    reason: str = ""
    since: float = 0.0
    """When its last event was, in seconds since 1970."""
    manual_seconds: float = 0.0
    """That people have kept it paused until then."""

    def manual(self, now: float) -> float:
        """Return how long people have kept it paused until an instant, in seconds."""
        held = self.state == State.PAUSED and self.reason == Reason.PERSON
        return self.manual_seconds + (max(0.0, now - self.since) if held else 0.0)


@dataclass
class History:
    """All events so far; every controller over one store counts the same."""

    seq: int = 0
    """Of the last event taken."""
    changes: Counter[Change] = field(default_factory=Counter)
    rollouts: dict[str, Standing] = field(default_factory=dict)

    def take(self, events: Iterable[Event]) -> None:
        """Go on with the events that follow, oldest first."""
        for event in events:
            self.seq = event.seq
            if event.rollout is not None:
                self._take(event, self.rollouts.setdefault(event.rollout, Standing()))

    def _take(self, event: Event, standing: Standing) -> None:
        standing.manual_seconds = standing.manual(event.at)
        standing.since = event.at
        changed: dict[str, Any] = dict(event.changed)
        state = changed.get("state", standing.state)
        if state != standing.state:
            self.changes[Change(standing.state, state, event.cause.kind.value)] += 1
        standing.state = state
        standing.reason = changed.get("reason", standing.reason)
