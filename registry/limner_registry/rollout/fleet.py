"""What the store keeps of the servers: the routing tables for them, and what they say back."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from limner_registry.rollout.counters import Snapshot, Weights
from limner_registry.rollout.errors import EtagMismatch
from limner_registry.rollout.outcome import Key
from limner_registry.rollout.record import canonical, sha256
from limner_registry.rollout.tables import carried, counters, generations, servables, servers
from limner_registry.routes import Routes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Row

    from limner_registry.rollout.database import Database

SET_BACK_SECONDS: Final = 60.0
"""What is said so long before what is kept was said after a clock was set back."""


@dataclass(frozen=True)
class Generation:
    """One routing table."""

    number: int
    """Rises from table to table, from 1 on; 0 before the first."""
    table: Mapping[str, Any]
    """What is routed where, as it was added."""
    sha256: str
    """Of the table's canonical JSON."""
    at: float


UNROUTED = Generation(0, {}, "", 0.0)
"""The generation before the first table."""


@dataclass(frozen=True)
class Carried:
    """A rollout in a routing table."""

    rollout: str
    attempt: int
    weight_bps: int
    """Its share by this table, which is 0 while all canaries are frozen."""
    shadow_bps: int


@dataclass(frozen=True)
class Servable:
    """What a server says of a version that it was to load."""

    model: str
    version: int
    instance: str
    proven: bool
    """It is up, and answers its golden inputs as it should."""
    text: str
    """Why not, if it is not."""
    at: float
    p95_seconds: float = 0.0
    """That 95 of 100 calls took its longest run at most; 0 where too few were seen."""


@dataclass(frozen=True)
class Connected:
    """A server that is connected to a controller."""

    instance: str
    boot: str
    """Differs with every start of the instance."""
    generation: int
    """Of the routing table that it has in force; 0 for none."""
    at: float
    """When it last said anything, in seconds since 1970."""
    refusal: str = ""
    """Why it refused the table it was given last; empty if it did not."""
    ejections: Mapping[str, str] = field(default_factory=dict)
    """By rollout: why it sends the canary no calls of its own accord."""


class Fleet:
    """The tables about servers in a database; none of them is truth about a rollout's state."""

    def __init__(self, database: Database) -> None:
        """Take over a migrated database."""
        self._database = database

    def generation(self, number: int | None = None) -> Generation:
        """Return a routing table, by default the latest; `UNROUTED` where there is none."""
        with self._database.reading() as connection:
            return read_generation(connection, number)

    def add_generation(
        self, after: int, table: Mapping[str, Any], rollouts: Iterable[Carried], now: float
    ) -> Generation:
        """Write the next routing table; one equal to the latest is that one.

        Args:
            after: Number of the generation that it was made from; 0 for none.
            table: What is routed where; neither its number nor an instant, so that equal routing
                is an equal table.
            rollouts: Those in it, with their weights in it.
            now: The instant, in seconds since 1970.

        Raises:
            EtagMismatch: There is a later generation than `after`, and another table in it.
        """
        document = canonical(table)
        new = Generation(after + 1, table, sha256(document), now)
        with self._database.writing() as connection:
            latest = read_generation(connection)
            if latest.sha256 == new.sha256:
                return latest
            if latest.number != after:
                raise EtagMismatch(f"routing is at generation {latest.number} by now, not {after}")
            row = {"number": new.number, "at": now, "sha256": new.sha256, "document": document}
            connection.execute(insert(generations).values(row))
            rows = [{"generation": new.number, **vars(rollout)} for rollout in rollouts]
            if rows:
                connection.execute(insert(carried), rows)
        return new

    def surpass(self, number: int, now: float) -> Generation:
        """Write the latest routing table again above a number, for who would take it for older.

        A server may hold a table that is not from here: one placed by hand, or from before this
        database was brought back from a copy.

        Returns:
            The latest generation, which is above `number` unless there is no table at all.
        """
        with self._database.writing() as connection:
            latest = read_generation(connection)
            if not latest.number or latest.number > number:
                return latest
            new = replace(latest, number=number + 1, at=now)
            row = {"number": new.number, "at": now, "sha256": new.sha256}
            document = canonical(dict(new.table))
            connection.execute(insert(generations).values(document=document, **row))
            kept = select(carried).where(carried.c.generation == latest.number)
            rows = [
                {**found, "generation": new.number} for found in connection.execute(kept).mappings()
            ]
            if rows:
                connection.execute(insert(carried), rows)
        return new

    def left(self, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], Generation]:
        """Return, of versions that the latest table does not name, the first one without each.

        Versions that no table ever named are left out.
        """
        found: dict[tuple[str, int], Generation] = {}
        wanted = select(generations).order_by(generations.c.number.desc())
        with self._database.reading() as connection:
            after = read_generation(connection)
            rest = set(versions) - named(after)
            for row in connection.execute(wanted.execution_options(yield_per=50)):
                if not rest:
                    break
                table = _read(row)
                found |= dict.fromkeys(rest & named(table), after)
                rest -= found.keys()
                after = table
        return found

    def weights(self, rollout: str, attempt: int) -> dict[int, Weights]:
        """Return the routing generations of an attempt, each with the weights it gave."""
        wanted = select(carried.c.generation, carried.c.weight_bps, carried.c.shadow_bps).where(
            carried.c.rollout == rollout, carried.c.attempt == attempt
        )
        with self._database.reading() as connection:
            rows = connection.execute(wanted).all()
        return {row.generation: Weights(row.weight_bps, row.shadow_bps) for row in rows}

    def count(self, snapshots: Iterable[Snapshot]) -> None:
        """Keep snapshots, each unless one of its boot is kept that is as new."""
        rows = [
            {
                "instance": snapshot.instance,
                "boot": snapshot.boot,
                "seq": snapshot.seq,
                "at": snapshot.at,
                "document": canonical([[*key, n] for key, n in sorted(snapshot.counts.items())]),
            }
            for snapshot in snapshots
        ]
        with self._database.writing() as connection:
            for row in rows:
                _replace(connection, counters, row, newer="seq")

    def counted(self) -> tuple[Snapshot, ...]:
        """Return the newest snapshot of every boot."""
        with self._database.reading() as connection:
            rows = connection.execute(select(counters)).all()
        return tuple(_snapshot(row) for row in rows)

    def connect(self, server: Connected) -> None:
        """Keep what a server last said of itself."""
        row = {**vars(server), "ejections": canonical(dict(server.ejections))}
        with self._database.writing() as connection:
            _replace(connection, servers, row, newer="at")

    def disconnect(self, server: Connected) -> None:
        """Drop a server whose stream has ended, unless another start of it is there by now."""
        ended = (servers.c.instance == server.instance) & (servers.c.boot == server.boot)
        with self._database.writing() as connection:
            connection.execute(delete(servers).where(ended))

    def servers(self) -> tuple[Connected, ...]:
        """Return every server that is connected to any controller, ordered by instance."""
        wanted = select(servers).order_by(servers.c.instance)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return tuple(
            Connected(**{**row, "ejections": json.loads(row["ejections"])}) for row in rows
        )

    def forget_counts(self, before: float) -> None:
        """Drop boots that were last heard of before an instant.

        What they counted is lost to every rollout that it was counted for.
        """
        with self._database.writing() as connection:
            connection.execute(delete(counters).where(counters.c.at < before))

    def report(self, reports: Iterable[Servable]) -> None:
        """Keep what servers say of versions, unless they have said something later."""
        with self._database.writing() as connection:
            for said in reports:
                _replace(connection, servables, vars(said), newer="at")

    def servables(self, model: str, version: int) -> tuple[Servable, ...]:
        """Return what each server last said of a version, ordered by instance."""
        chosen = (servables.c.model == model) & (servables.c.version == version)
        wanted = select(servables).where(chosen).order_by(servables.c.instance)
        with self._database.reading() as connection:
            rows = connection.execute(wanted).mappings().all()
        return tuple(Servable(**row) for row in rows)


def _replace(connection: Connection, table: Table, row: Mapping[str, Any], newer: str) -> None:
    """Insert a row, or put it in the place of one that is not as new by a column.

    A clock that was set back leaves rows that nothing would be newer than for as long as it was;
    controllers, whose clocks are seconds apart at most, never find one so far ahead otherwise.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    wanted = (sqlite.insert if on_sqlite else postgresql.insert)(table).values(**row)
    keys = [column.name for column in table.primary_key]
    takes_its_place = wanted.excluded[newer] > table.c[newer]
    if newer == "at":
        takes_its_place |= wanted.excluded.at < table.c.at - SET_BACK_SECONDS
    connection.execute(
        wanted.on_conflict_do_update(
            index_elements=keys,
            set_={name: wanted.excluded[name] for name in row if name not in keys},
            where=takes_its_place,
        )
    )


def read_generation(connection: Connection, number: int | None = None) -> Generation:
    """Return a routing table, by default the latest; `UNROUTED` where there is none."""
    wanted = select(generations).order_by(generations.c.number.desc()).limit(1)
    if number is not None:
        wanted = wanted.where(generations.c.number == number)
    row = connection.execute(wanted).one_or_none()
    return UNROUTED if row is None else _read(row)


def _read(row: Row[Any]) -> Generation:
    return Generation(row.number, json.loads(row.document), row.sha256, row.at)


def named(generation: Generation) -> set[tuple[str, int]]:
    """Return the versions that a table wants to be ready."""
    return routing(generation).versions()


def routing(generation: Generation) -> Routes:
    """Return what a table routes where, without its number."""
    return Routes.from_json({"models": {}, "generation": 0, **generation.table})


def _snapshot(row: Row[Any]) -> Snapshot:
    counts = {Key(*key): count for *key, count in json.loads(row.document)}
    return Snapshot(row.instance, row.boot, row.seq, row.at, counts)
