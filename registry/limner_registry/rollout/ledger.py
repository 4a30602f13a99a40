"""The log of everything that happened to rollouts, and rollouts rebuilt from it.

An event holds the fields that its transition changed, so that what is rebuilt does not depend on
how a later release would decide.
"""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, func, insert, select

from limner_registry.errors import InputRefused
from limner_registry.rollout.errors import RequestReused
from limner_registry.rollout.record import canonical, sha256
from limner_registry.rollout.tables import events

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Row

MAX_REQUEST_ID = 200
CREATE = "Create"
"""The type of a rollout's first event; those of the others are names of triggers."""


class ActorKind(enum.StrEnum):
    """Who acts."""

    HUMAN = "human"
    CONTROLLER = "controller"


@dataclass(frozen=True)
class Cause:
    """Who wants a change, and why."""

    actor: str
    kind: ActorKind
    request_id: str
    """Chosen by whoever asks, another for each change; repeated, it changes nothing."""
    reason: str = ""
    evidence: tuple[Mapping[str, Any], ...] = ()
    """JSON documents that the decision rests on."""

    def __post_init__(self) -> None:
        """Refuse a request id that could not tell requests apart, and text no database keeps."""
        if not 0 < len(self.request_id) <= MAX_REQUEST_ID:
            raise InputRefused(f"a request id has 1 to {MAX_REQUEST_ID} characters")
        if "\0" in self.actor + self.request_id + self.reason:
            raise InputRefused("a NUL character is no text")


@dataclass(frozen=True)
class Event:
    """One change that was made."""

    seq: int
    """Counts all events from 1 on, without gaps."""
    rollout: str | None
    """None where all rollouts are concerned."""
    type: str
    details: Mapping[str, Any]
    """What was asked for: the trigger's fields."""
    cause: Cause
    at: float
    before_sha256: str = ""
    """Digest of the rollout before; empty where there was none."""
    after_sha256: str = ""
    changed: Mapping[str, Any] = field(default_factory=dict)
    """The fields of the rollout's record that are new, with their values."""


def append(connection: Connection, event: Event) -> None:
    """Write an event behind all others."""
    connection.execute(
        insert(events).values(
            seq=event.seq,
            rollout=event.rollout,
            type=event.type,
            details=canonical(event.details),
            actor_kind=event.cause.kind.value,
            actor=event.cause.actor,
            reason=event.cause.reason,
            request_id=event.cause.request_id,
            evidence=canonical(list(event.cause.evidence)),
            before_sha256=event.before_sha256,
            after_sha256=event.after_sha256,
            changed=canonical(event.changed),
            at=event.at,
        )
    )


def next_seq(connection: Connection) -> int:
    """Return the number of the event to come; only a writer may rely on it."""
    return (connection.execute(select(func.max(events.c.seq))).scalar() or 0) + 1


def asked_before(
    connection: Connection, rollout: str | None, kind: str, details: Mapping[str, Any], cause: Cause
) -> Event | None:
    """Return the event that a request left when it first came; None when this is the first time.

    Args:
        connection: Of a transaction.
        rollout: The one it concerns; a creation may name a new one with each repeat.
        kind: The type of its event.
        details: What it asks for.
        cause: Who asks, under which request id.

    Raises:
        RequestReused: Its id was given to another request.
    """
    wanted = select(events).where(events.c.request_id == cause.request_id)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        return None
    event = _event(row)
    same = event.type == kind and canonical(event.details) == canonical(details)
    if not same or (kind != CREATE and event.rollout != rollout):
        raise RequestReused(
            f"request {cause.request_id} was a {event.type} of {event.rollout or 'all rollouts'} "
            "before; another request needs another id"
        )
    return event


def read_events(
    connection: Connection, first: int = 1, rollout: str | None = None, limit: int | None = None
) -> Iterator[Event]:
    """Yield events in order, from the number `first` on, of one rollout or of all."""
    wanted = select(events).where(events.c.seq >= first).order_by(events.c.seq)
    if rollout is not None:
        wanted = wanted.where(events.c.rollout == rollout)
    if limit is not None:
        wanted = wanted.limit(limit)
    for row in connection.execute(wanted):
        yield _event(row)


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `after` that are not the same in `before`."""
    absent = object()
    return {name: v for name, v in after.items() if before.get(name, absent) != v}


def rebuild(log: Iterable[Event], faults: list[str] | None = None) -> dict[str, dict[str, Any]]:
    """Return the record of every rollout, by id, as a whole log tells it.

    Args:
        log: Events in order.
        faults: Takes a sentence for each event whose digests are not those of what it changed.
    """
    records: dict[str, dict[str, Any]] = {}
    for event in log:
        if event.rollout is None:
            continue
        before = records.get(event.rollout, {})
        after = {**before, **event.changed}
        records[event.rollout] = after
        if faults is None:
            continue
        found = sha256(canonical(before)) if before else "", sha256(canonical(after))
        if found != (event.before_sha256, event.after_sha256):
            faults.append(f"event {event.seq} does not fit what happened to {event.rollout} before")
    return records


def _event(row: Row[Any]) -> Event:
    return Event(
        row.seq,
        row.rollout,
        row.type,
        json.loads(row.details),
        Cause(
            row.actor,
            ActorKind(row.actor_kind),
            row.request_id,
            row.reason,
            tuple(json.loads(row.evidence)),
        ),
        row.at,
        row.before_sha256,
        row.after_sha256,
        json.loads(row.changed),
    )
