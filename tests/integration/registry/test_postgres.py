"""The store of rollouts on a real PostgreSQL, started here and gone afterwards."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import sqlalchemy

from limner_registry.control import serve
from limner_registry.control.condition import Condition
from limner_registry.control.controller import Controller
from limner_registry.rollout.errors import StoreUnavailable
from limner_registry.rollout.record import State
from limner_registry.rollout.store import Store
from limner_registry.rollout.triggers import Begin, Pause, Resume
from tests.unit.registry.rollout.test_store import StoreSuite, cause, fresh, move, run_sql, running

DEBIAN = Path("/usr/lib/postgresql")
OWNER = "postgres"
DATABASE = "rollouts"


@dataclass
class Cluster:
    """A PostgreSQL whose files, and whose only socket, lie in one folder."""

    binaries: Path
    folder: Path
    process: subprocess.Popen | None = None

    @property
    def as_owner(self) -> list[str]:
        """What stands before a command: PostgreSQL refuses to run as root."""
        die_with_us = ["setpriv", "--pdeathsig", "INT"]
        if os.geteuid() != 0:
            return [*die_with_us, "--"]
        return [*die_with_us, "--reuid", OWNER, "--regid", OWNER, "--clear-groups", "--"]

    def create(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, OWNER, OWNER)
        initdb = [self.binaries / "initdb", "-D", self.folder / "data", "-U", "limner"]
        options = ["-A", "trust", "-E", "UTF8", "--no-locale"]  # only its owner gets to the socket
        subprocess.run(
            [*self.as_owner, *initdb, *options], check=True, capture_output=True, cwd=self.folder
        )

    def start(self) -> None:
        postgres = [self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.as_owner, *postgres, "-c", "listen_addresses=", "-c", "fsync=off"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        for _ in range(300):
            try:
                psycopg.connect(self.url("postgres")).close()
            except psycopg.OperationalError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it, clients or not."""
        self.process.send_signal(how)
        self.process.wait(60)

    def url(self, database: str) -> str:
        return f"postgresql://limner@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement)


def found_binaries() -> Path | None:
    on_path = shutil.which("postgres")
    installed = [Path(on_path)] if on_path else sorted(DEBIAN.glob("*/bin/postgres"))
    return installed[-1].resolve().parent if installed else None


@pytest.fixture(scope="module")
def cluster():
    binaries = found_binaries()
    if binaries is None:
        missing = "no PostgreSQL is installed: apt-get install postgresql"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    with tempfile.TemporaryDirectory(prefix="limner-postgres-", dir="/tmp") as folder:
        cluster = Cluster(binaries, Path(folder))
        cluster.create()
        cluster.start()
        cluster.execute(f"CREATE DATABASE {DATABASE}")
        try:
            yield cluster
        finally:
            cluster.stop(signal.SIGQUIT)  # its files go anyway


@pytest.fixture
def url(cluster):
    """The address of an empty database; many would be many files."""
    cluster.execute(f"ALTER DATABASE {DATABASE} RESET ALL")
    cluster.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public", DATABASE)
    return cluster.url(DATABASE)


@pytest.fixture
def opened(url, tmp_path):
    stores = []

    def opened():
        stores.append(Store.open(tmp_path, url))
        return stores[-1]

    yield opened
    for store in stores:
        store.close()


class TestOnPostgresql(StoreSuite):
    """The suite on a server, and what only servers can do."""

    ROUNDS = 200

    @pytest.fixture
    def opened_anew(self, opened):
        return opened

    def test_emptying_the_events_is_refused(self, store):
        store.create(fresh(), cause())

        with pytest.raises(sqlalchemy.exc.DBAPIError, match="append-only"):
            run_sql(store, "TRUNCATE events")
        assert len(store.events()) == 1

    def test_a_server_that_was_restarted_is_used_again(self, store, cluster):
        made = store.create(fresh(), cause())
        cluster.stop()
        with pytest.raises(StoreUnavailable):
            store.get(made.id)
        with pytest.raises(StoreUnavailable):
            move(store, made, Begin())

        cluster.start()
        assert store.get(made.id) == made
        assert move(store, made, Begin()).state is State.VERIFYING

    async def test_decisions_wait_for_the_server_and_go_on_by_themselves(
        self, store, cluster, tmp_path, monkeypatch, caplog
    ):
        monkeypatch.setattr(serve, "PASS_SECONDS", 0.05)
        caplog.set_level("INFO")
        made, decided = store.create(fresh(), cause()), Condition("decisions")
        cluster.stop()
        controller, wake, news = Controller(store, tmp_path, {}), asyncio.Event(), asyncio.Event()
        task = asyncio.create_task(
            serve.keep_passing(controller.run_pass, decided, None, wake, news)
        )
        await asyncio.sleep(1)
        assert decided.trouble is StoreUnavailable
        assert not news.is_set()

        cluster.start()  # here, for it ends with the thread that started it
        await asyncio.wait_for(news.wait(), 10)
        task.cancel()

        assert store.get(made.id).state is State.VERIFYING
        told = [record.getMessage() for record in caplog.records]
        assert told.count("decisions wait") == told.count("decisions go on") == 1

    def test_a_read_only_server_is_unavailable_for_writing(self, store, cluster):
        made = store.create(fresh(), cause())
        cluster.execute(f"ALTER DATABASE {DATABASE} SET default_transaction_read_only = on")
        store.close()

        with pytest.raises(StoreUnavailable, match="read-only"):
            move(store, made, Begin())
        assert store.get(made.id) == made

    def test_a_writer_that_hangs_holds_others_up_for_seconds_only(self, opened):
        store, other = opened(), opened()
        made = store.create(fresh(), cause())
        holding, let_go = threading.Event(), threading.Event()

        def hang():
            with other._database.writing():
                holding.set()
                let_go.wait(30)

        hanging = threading.Thread(target=hang)
        hanging.start()
        holding.wait()
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="lock timeout"):
            move(store, made, Begin())
        assert time.monotonic() - began < 8
        assert store.get(made.id) == made
        let_go.set()
        hanging.join()
        assert move(store, made, Begin()).state is State.VERIFYING

    def test_a_stricter_server_changes_nothing(self, store, cluster, opened):
        cluster.execute(
            f"ALTER DATABASE {DATABASE} SET default_transaction_isolation = serializable"
        )
        store.close()

        made = running(opened())
        assert move(store, made, Pause(), Resume()).etag == made.etag + 2
        assert store.audit() == ()

    def test_a_controller_killed_at_any_time_leaves_whole_transitions(self, opened, tmp_path, url):
        store = opened()
        rollout = running(store)
        store.close()  # a connection must not be in two processes

        def work():
            gc.disable()  # what other tests left behind may need threads that are not here
            child = Store.open(tmp_path, url)
            one = child.get(rollout.id)
            while True:
                trigger = Resume() if one.state is State.PAUSED else Pause()
                one = child.transition(one.id, one.etag, trigger, cause(uuid.uuid4().hex), 50.0)

        seen = rollout.etag
        chance = random.Random(4)
        for _ in range(12):
            process = multiprocessing.get_context("fork").Process(target=work)
            process.start()
            while store.get(rollout.id).etag == seen and process.is_alive():
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
            process.join()
            assert process.exitcode == -signal.SIGKILL
            process.close()
            store.close()
            seen = store.get(rollout.id).etag
            assert store.audit() == ()
            assert len(store.events()) == seen
