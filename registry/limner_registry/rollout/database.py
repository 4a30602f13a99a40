"""The one door to the database: its address, its transactions, its tables and its errors.

It is a SQLite file in Limner's state, or a PostgreSQL server. Whatever SQLAlchemy, Alembic or a
driver raises ends here as StoreUnavailable.
"""

from __future__ import annotations

import fcntl
import threading
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from limner_registry.errors import InputRefused, first_line
from limner_registry.rollout.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = "registry/rollouts.db"
WAIT_SECONDS = 5
"""How long a writer waits for its turn at a server, and anybody for the server to answer."""
FILE_WAIT_SECONDS = 30
"""How long a writer waits for its turn at a file: turns there are unfair, and fsyncs slow."""
WRITERS = int.from_bytes(b"limner", "big")
"""PostgreSQL's number of the lock that writers take turns by."""
SERVER_LIMITS = (
    f"-c lock_timeout={WAIT_SECONDS}s -c statement_timeout={2 * WAIT_SECONDS}s "
    f"-c idle_in_transaction_session_timeout={2 * WAIT_SECONDS}s"
)
"""A writer that hangs loses its turn, and its transaction with it."""
_MIGRATING = threading.Lock()
"""Alembic keeps what it works on in a global."""


class Database:
    """A migrated database and its two kinds of transaction; threads may share it."""

    def __init__(self, engine: Engine, name: str) -> None:
        """Take over an engine; `name` is what messages call the database."""
        self._engine = engine
        self.name = name
        """Where it is, without passwords."""

    @classmethod
    def open(cls, state: Path, url: str | None = None) -> Database:
        """Open the database in `state`, or the PostgreSQL at `url`; create or update its tables.

        Raises:
            InputRefused: `url` is no address of a PostgreSQL database.
            StoreUnavailable: It cannot be opened, or a newer release of Limner has updated it.
        """
        if url is not None:
            address = _postgresql(url)
            database = cls(_on_postgresql(address), _shown(address))
        else:
            file = state.absolute() / FILE
            database = cls(_on_sqlite(file), str(file))
        try:
            with database.translated(), nullcontext() if url is not None else _alone(file):
                database._migrate()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Close its connections; another use opens new ones."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Enter a transaction that sees one instant of the database."""
        options = {} if self._is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with (
            self.translated(),
            self._engine.connect() as connection,
            connection.execution_options(**options).begin(),
        ):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Enter a transaction that is alone in writing; an error within undoes all of it.

        Taking turns gives events numbers without gaps, in the order that readers see them.
        """
        options = {} if self._is_sqlite else {"isolation_level": "READ COMMITTED"}
        with (
            self.translated(),
            self._engine.connect() as connection,
            connection.execution_options(limner_writes=True, **options).begin(),
        ):
            if not self._is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(WRITERS)))
            yield connection

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn what the database raises into StoreUnavailable."""
        try:
            yield
        except (SQLAlchemyError, CommandError, OSError) as error:
            cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
            raise StoreUnavailable(
                f"the store of rollouts at {self.name} does not answer: {first_line(cause)}"
            ) from error

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def _migrate(self) -> None:
        """Bring the tables to this release's revision, unless they are there."""
        config = Config()
        folder = str(Path(__file__).with_name("migrations"))
        config.set_main_option("script_location", folder.replace("%", "%%"))
        script = ScriptDirectory.from_config(config)
        with self.reading() as connection:
            found = MigrationContext.configure(connection).get_current_revision()
        if found == script.get_current_head():
            return
        if found not in {None, *(step.revision for step in script.walk_revisions())}:
            raise StoreUnavailable(
                f"a newer release of Limner has updated the store of rollouts at {self.name}"
            )
        with _MIGRATING, self.writing() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Keep two first openings of a file from being in each other's way."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_name(".rollouts.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _on_sqlite(file: Path) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(file)), connect_args={"timeout": FILE_WAIT_SECONDS}
    )

    @event.listens_for(engine, "connect")
    def connected(raw: Any, _: object) -> None:
        raw.isolation_level = None  # the driver would begin transactions late, and as readers
        raw.execute("PRAGMA journal_mode=WAL")  # readers read while one writes
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA synchronous=FULL")  # what servers act upon must outlive a power cut

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("limner_writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _on_postgresql(address: URL) -> Engine:
    return create_engine(
        address,
        pool_pre_ping=True,  # a restarted server has forgotten its connections
        connect_args={
            "connect_timeout": WAIT_SECONDS,
            "options": SERVER_LIMITS,
            "application_name": "limner",
        },
    )


def _postgresql(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError:
        address = URL.create("none")
    if address.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise InputRefused("the store of rollouts needs an address like postgresql://host/database")
    return address.set(drivername="postgresql+psycopg")


def _shown(address: URL) -> str:
    host = address.host or address.query.get("host") or "this host"
    return f"{host}, database {address.database}"
