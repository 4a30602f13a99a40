"""The store of rollouts: where they are kept, changed and found, and the log they are rebuilt from.

A transition and its event are one transaction. Whoever decides on a rollout names the etag it
read; that, not being the only controller, is what makes the decision safe.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, delete, insert, select

from limner_registry.rollout import ledger, transitions
from limner_registry.rollout.database import Database
from limner_registry.rollout.fleet import Fleet, named, read_generation
from limner_registry.rollout.ledger import Cause, Event
from limner_registry.rollout.record import ENDED, Rollout, State, canonical, read_rollout
from limner_registry.rollout.shown import Shown
from limner_registry.rollout.tables import rollouts, settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from limner_registry.rollout.triggers import Trigger

FREEZE, UNFREEZE = "Freeze", "Unfreeze"
_FROZEN = settings.c.name == "frozen"


@dataclass(frozen=True)
class Page:
    """Some of the rollouts asked for, the youngest first."""

    rollouts: tuple[Rollout, ...]
    rest: int | None
    """What to ask for the rest with; None when there is none."""


@dataclass(frozen=True)
class Frozen:
    """All canaries stand still."""

    actor: str
    reason: str
    at: float


class Store:
    """Rollouts in a database; the calls block, and raise nothing but RegistryError.

    Threads and processes may share it.
    """

    def __init__(self, database: Database) -> None:
        """Take over a migrated database."""
        self._database = database
        self.fleet = Fleet(database)
        """Routing tables for the servers, and what they say back."""
        self.shown = Shown(database)
        """What MLflow shows of it all."""

    @classmethod
    def open(cls, state: Path, url: str | None = None) -> Store:
        """Open the store in `state`, or in the PostgreSQL at `url`.

        Raises:
            InputRefused: `url` is no address of a PostgreSQL database.
            StoreUnavailable: The database cannot be opened, or a newer release has updated it.
        """
        return cls(Database.open(state, url))

    def close(self) -> None:
        """Close its connections."""
        self._database.close()

    def create(
        self, rollout: Rollout, cause: Cause, supersedes: tuple[str, int] | None = None
    ) -> Rollout:
        """Keep a new rollout and return it; a repeated request gets the first one's.

        Args:
            rollout: Fresh from `new_rollout`.
            cause: Who wants it.
            supersedes: Id and etag of the active rollout that makes way for it, if any.

        Raises:
            RolloutRunning: The model has an active rollout.
            RolloutUnknown: The one to make way does not exist.
            EtagMismatch: The one to make way has changed meanwhile.
            TransitionIllegal: The one to make way has made way already.
            RequestReused: The request id was given to another request.
        """
        with self._database.writing() as connection:
            return transitions.create(connection, rollout, cause, supersedes)

    def transition(
        self, rollout: str, etag: int, trigger: Trigger, cause: Cause, now: float
    ) -> Rollout:
        """Let a trigger happen to a rollout and return what becomes of it.

        A request that was carried out before gets the outcome it had then, whatever its etag.

        Args:
            rollout: Its id.
            etag: The one it had when this was decided on.
            trigger: What happens.
            cause: Who wants it, and why.
            now: The instant, in seconds since 1970.

        Raises:
            RolloutUnknown: No rollout has that id.
            EtagMismatch: It has changed since.
            TransitionIllegal: Its state does not allow it.
            RolloutRunning: Retry, while the model has another active rollout.
            RequestReused: The request id was given to another request.
        """
        with self._database.writing() as connection:
            return transitions.move(connection, rollout, etag, trigger, cause, now)

    def get(self, rollout: str) -> Rollout:
        """Return one rollout.

        Raises:
            RolloutUnknown: No rollout has that id.
        """
        with self._database.reading() as connection:
            return transitions.find(connection, rollout)

    def page(
        self,
        model: str | None = None,
        states: Collection[State] = frozenset(State),
        size: int = 50,
        rest: int | None = None,
    ) -> Page:
        """Return the youngest rollouts of a model, or of all, in any of some states.

        Args:
            model: None for all models.
            states: Those to look for.
            size: Of the page, at least 1.
            rest: What the page before said, to go on behind it.
        """
        wanted = select(rollouts.c.id, rollouts.c.created_seq, rollouts.c.document)
        wanted = wanted.where(rollouts.c.state.in_(sorted(states)))
        if model is not None:
            wanted = wanted.where(rollouts.c.model == model)
        if rest is not None:
            wanted = wanted.where(rollouts.c.created_seq < rest)
        wanted = wanted.order_by(rollouts.c.created_seq.desc()).limit(size + 1)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        found = tuple(transitions.read_row(row) for row in rows[:size])
        return Page(found, rows[size - 1].created_seq if len(rows) > size else None)

    def events(
        self, first: int = 1, rollout: str | None = None, limit: int = 1000
    ) -> tuple[Event, ...]:
        """Return events from the number `first` on, of one rollout or of all.

        Who asks again with the number behind the last one gets every event, once.
        """
        with self._database.reading() as connection:
            return tuple(ledger.read_events(connection, first, rollout, limit))

    def frozen(self) -> Frozen | None:
        """Return who stopped all canaries, and why; None when they may move."""
        with self._database.reading() as connection:
            document = connection.execute(select(settings.c.document).where(_FROZEN)).scalar()
        return None if document is None else Frozen(**json.loads(document))

    def freeze(self, cause: Cause, now: float) -> None:
        """Stop all canaries; freezing what is frozen changes who did it.

        Raises:
            RequestReused: The request id was given to another request.
        """
        frozen = {"actor": cause.actor, "reason": cause.reason, "at": now}
        self._set_frozen(FREEZE, frozen, cause, now)

    def unfreeze(self, cause: Cause, now: float) -> None:
        """Let canaries move again.

        Raises:
            RequestReused: The request id was given to another request.
        """
        self._set_frozen(UNFREEZE, None, cause, now)

    def note(self, kind: str, details: Mapping[str, Any], cause: Cause, now: float) -> Event:
        """Write an event that concerns no rollout; a repeated request gets the one it left.

        Raises:
            RequestReused: The request id was given to another request.
        """
        with self._database.writing() as connection:
            before = ledger.asked_before(connection, None, kind, details, cause)
            if before is not None:
                return before
            event = Event(ledger.next_seq(connection), None, kind, details, cause, now)
            ledger.append(connection, event)
        return event

    @contextmanager
    def unneeded(self, model: str, version: int) -> Iterator[bool]:
        """Find out whether neither the table nor a rollout needs a version, and keep it so.

        Nobody can write a table or begin a rollout before the block ends.
        """
        chosen = (rollouts.c.model == model) & rollouts.c.state.in_(
            sorted(frozenset(State) - ENDED)
        )
        with self._database.writing() as connection:
            rows = connection.execute(select(rollouts.c.id, rollouts.c.document).where(chosen))
            running = [transitions.read_row(row) for row in rows]
            needed = named(read_generation(connection)) | {
                (model, number) for one in running for number in (one.stable, one.canary)
            }
            yield (model, version) not in needed

    def audit(self) -> tuple[str, ...]:
        """Rebuild every rollout from the log; return a sentence for each thing that differs."""
        faults: list[str] = []
        with self._database.reading() as connection:
            records = ledger.rebuild(ledger.read_events(connection), faults)
            found = connection.execute(select(rollouts)).mappings()
            rows = {row["id"]: dict(row) for row in found}
        for name in sorted(records.keys() | rows.keys()):
            if name not in rows:
                faults.append(f"rollout {name} is gone, though its events are there")
            elif name not in records:
                faults.append(f"rollout {name} has no events")
            else:
                faults += _differences(rows[name], records[name])
        return tuple(faults)

    def _set_frozen(
        self, kind: str, frozen: Mapping[str, Any] | None, cause: Cause, now: float
    ) -> None:
        with self._database.writing() as connection:
            if ledger.asked_before(connection, None, kind, {}, cause) is not None:
                return
            _set(connection, frozen)
            ledger.append(
                connection, Event(ledger.next_seq(connection), None, kind, {}, cause, now)
            )


def _set(connection: Connection, frozen: Mapping[str, Any] | None) -> None:
    connection.execute(delete(settings).where(_FROZEN))
    if frozen is not None:
        connection.execute(insert(settings).values(name="frozen", document=canonical(frozen)))


def _differences(row: Mapping[str, Any], record: dict[str, Any]) -> list[str]:
    """Return a sentence for each column of a rollout's row that its events tell otherwise."""
    expected = transitions.columns_of(read_rollout(record)) | {"document": canonical(record)}
    return [
        f"rollout {row['id']} differs from its events in its {column}"
        for column, value in expected.items()
        if row[column] != value
    ]
