"""The two ways a rollout's row is written, each with its event, inside a writer's transaction."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from limner_registry.rollout import ledger
from limner_registry.rollout.document import SpecRefused
from limner_registry.rollout.errors import (
    EtagMismatch,
    RecordDamaged,
    RolloutRunning,
    RolloutUnknown,
    TransitionIllegal,
)
from limner_registry.rollout.fleet import read_generation, routing
from limner_registry.rollout.ledger import CREATE, Cause, Event
from limner_registry.rollout.machine import apply
from limner_registry.rollout.record import ACTIVE, Rollout, canonical, read_rollout, sha256
from limner_registry.rollout.tables import ONE_ACTIVE, rollouts
from limner_registry.rollout.triggers import Retry, Supersede, Trigger, details

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Row

ASKED = ("model", "stable", "canary", "spec")
"""What a creation asks for; the rest of a new rollout is chance and clock."""


def create(
    connection: Connection, rollout: Rollout, cause: Cause, supersedes: tuple[str, int] | None
) -> Rollout:
    """Insert a new rollout, or return what the same request created before."""
    rollout = read_rollout(rollout.to_json())  # as every later reader will see it
    record = rollout.to_json()
    asked = {name: record[name] for name in ASKED}
    before = ledger.asked_before(connection, rollout.id, CREATE, asked, cause)
    if before is not None:
        return outcome(connection, before)
    if supersedes is not None:
        way = replace(cause, request_id=f"{cause.request_id}/supersede")
        move(connection, *supersedes, Supersede(f"by {rollout.id}"), way, rollout.created_at)
    seq = ledger.next_seq(connection)
    columns = columns_of(rollout)
    with _one_active(connection, rollout):
        connection.execute(insert(rollouts).values(id=rollout.id, created_seq=seq, **columns))
    event = Event(seq, rollout.id, CREATE, asked, cause, rollout.created_at)
    ledger.append(connection, replace(event, after_sha256=columns["sha256"], changed=record))
    return rollout


def move(
    connection: Connection, rollout: str, etag: int, trigger: Trigger, cause: Cause, now: float
) -> Rollout:
    """Apply a trigger to a rollout, or return what the same request made of it before."""
    kind = type(trigger).__name__
    before = ledger.asked_before(connection, rollout, kind, details(trigger), cause)
    if before is not None:
        return outcome(connection, before)
    old = find(connection, rollout)
    if old.etag != etag:
        raise _changed(old, etag)
    new = apply(old, trigger, now)
    if isinstance(trigger, Retry):
        new = _against_stable(connection, new)
    columns = columns_of(new)
    chosen = (rollouts.c.id == rollout) & (rollouts.c.etag == etag)
    with _one_active(connection, new):
        changed = connection.execute(update(rollouts).where(chosen).values(columns)).rowcount
    if changed != 1:
        raise _changed(find(connection, rollout), etag)
    event = Event(
        ledger.next_seq(connection), rollout, kind, details(trigger), cause, new.updated_at
    )
    records = old.to_json(), new.to_json()
    ledger.append(
        connection,
        replace(
            event,
            before_sha256=sha256(canonical(records[0])),
            after_sha256=columns["sha256"],
            changed=ledger.difference(*records),
        ),
    )
    return new


def find(connection: Connection, rollout: str) -> Rollout:
    """Return a rollout as it is.

    Raises:
        RolloutUnknown: No rollout has that id.
        RecordDamaged: Its row is not what was written.
    """
    wanted = select(rollouts.c.id, rollouts.c.document).where(rollouts.c.id == rollout)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise RolloutUnknown(f"there is no rollout {rollout}")
    return read_row(row)


def read_row(row: Row[*tuple[Any, ...]]) -> Rollout:
    """Return the rollout that is kept in a row.

    Raises:
        RecordDamaged: The row's document is no record of a rollout.
    """
    try:
        return read_rollout(json.loads(row.document))
    except (ValueError, SpecRefused) as error:
        raise RecordDamaged(f"what is kept of rollout {row.id} is damaged: {error}") from error


def outcome(connection: Connection, event: Event) -> Rollout:
    """Return the rollout of an event as it was right after it."""
    record: dict[str, Any] = {}
    for past in ledger.read_events(connection, rollout=event.rollout):
        record |= past.changed
        if past.seq == event.seq:
            break
    return read_rollout(record)


def columns_of(rollout: Rollout) -> dict[str, Any]:
    """Return a rollout's row, but for what never changes."""
    document = canonical(rollout.to_json())
    return {
        "model": rollout.model,
        "state": rollout.state.value,
        "etag": rollout.etag,
        "document": document,
        "sha256": sha256(document),
    }


def _against_stable(connection: Connection, rollout: Rollout) -> Rollout:
    """Return a rollout that is tried again, against the version that is stable by now.

    Raises:
        TransitionIllegal: It would bring the version that is stable already.
    """
    now = routing(read_generation(connection)).stable.get(rollout.model, rollout.stable)
    if now == rollout.canary:
        raise TransitionIllegal(
            f"rollout {rollout.id} has nothing to try again: version {now} is stable by now"
        )
    return replace(rollout, stable=now)


@contextmanager
def _one_active(connection: Connection, rollout: Rollout) -> Iterator[None]:
    """Name the active rollout that stands in the way; the index refuses where none was seen."""
    if rollout.active:
        rivals = (rollouts.c.model == rollout.model) & (rollouts.c.id != rollout.id)
        active = rollouts.c.state.in_(sorted(ACTIVE))
        rival = connection.execute(select(rollouts.c.id).where(rivals & active)).scalar()
        if rival is not None:
            raise RolloutRunning(f"{rollout.model} has rollout {rival} under way")
    try:
        yield
    except IntegrityError as error:
        # PostgreSQL names the index, SQLite its column
        if ONE_ACTIVE in str(error.orig) or "rollouts.model" in str(error.orig):
            raise RolloutRunning(f"{rollout.model} has another rollout under way") from error
        raise


def _changed(found: Rollout, etag: int) -> EtagMismatch:
    return EtagMismatch(
        f"rollout {found.id} is {found.state} with etag {found.etag} by now, not {etag}"
    )
