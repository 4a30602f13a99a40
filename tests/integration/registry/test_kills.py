"""A controller killed with kill -9, two hundred times: nothing is lost, doubled or half done.

Every pass runs in a process of its own that is killed at an instant drawn beforehand: before a
statement or a commit of either database, or before a file or folder is made, renamed or removed.
The clock is the test's, so two lives of the same story can be compared to the last byte.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import traceback
from contextlib import closing
from dataclasses import dataclass

import numpy as np
import pytest
import sqlalchemy

from limner_registry.control.controller import Controller
from limner_registry.control.projector import WRITING_SECONDS, Projector
from limner_registry.control.shelf import Shelf
from limner_registry.placed import folder_of, verify_placed
from limner_registry.publish import publish
from limner_registry.rollout.record import State
from limner_registry.rollout.store import Store
from limner_registry.store import Registry
from tests.integration.registry.test_controller import MODEL, NOW, Servers, begin
from tests.unit.registry.rollout.test_store import race

STEP_SECONDS = 5.0
FILE_EVENTS = ("os.mkdir", "os.rename", "os.remove", "os.rmdir")


@dataclass
class Instants:
    """Counts what a process does to databases and files, and kills it before the n-th."""

    fatal: int = sys.maxsize
    seen: int = 0

    def watch(self):
        """Look on from now until the process ends; nothing takes this back."""
        for name in ("before_cursor_execute", "commit"):
            sqlalchemy.event.listen(sqlalchemy.Engine, name, lambda *_, **__: self.strike())
        sys.addaudithook(self._audit)

    def strike(self):
        """Count an instant, and end there if it is the one."""
        self.seen += 1
        if self.seen >= self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def _audit(self, event, args):
        writes = event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if writes or event in FILE_EVENTS:
            self.strike()


def in_child(work):
    """Do something in a process of its own; return whether it lived to the end of it."""
    child = os.fork()
    if not child:
        gc.disable()  # what other tests left behind may need threads that are not here
        try:
            work()
        except BaseException:  # noqa: BLE001 - the parent fails by it
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) in {0, -signal.SIGKILL}
    return status == 0


@dataclass
class Life:
    """One story, from the first pass until a while after the rollout's end, over one folder."""

    state: object
    canary_errors: float

    def live(self, run_pass):
        """Call `run_pass` with every instant; between two, servers and callers do their part.

        No store is open in this process while it runs: a connection must not be in two.
        """
        servers = Servers(None, self.canary_errors)
        run_pass(NOW)
        with self.opened() as store:
            rollout = begin(store)
        for number in range(1, 100):
            now = NOW + number * STEP_SECONDS
            run_pass(now)
            with self.opened() as store:
                if store.get(rollout).ended:
                    break
                servers.store = store
                servers.pass_seconds(
                    Controller(store, self.models, {}), now + STEP_SECONDS, STEP_SECONDS
                )
        run_pass(now + STEP_SECONDS)
        run_pass(now + STEP_SECONDS + WRITING_SECONDS)  # a writer that was killed is waited for

    def opened(self):
        return closing(Store.open(self.state))

    @property
    def models(self):
        return self.state / "models"

    def run_pass(self, store, now):
        """Fill the folder, decide, and show in the registry what has come of it."""
        registry = Registry.open(self.state)
        shelf = Shelf(store, registry, self.models, Projector(store, registry))
        shelf.run_pass(now)
        Controller(store, self.models, shelf.refused).run_pass(now)

    def told(self):
        """Everything there is to know at the end."""
        with self.opened() as store:
            assert store.audit() == ()
            (rollout,) = store.page().rollouts
            files = (path for path in self.models.rglob("*") if ".staging" not in path.parts)
            return {
                "rollout": rollout,
                "events": store.events(),
                "table": store.fleet.generation(),
                "weights": store.fleet.weights(rollout.id, rollout.attempt),
                "shown": Registry.open(self.state).aliases.read({MODEL}),
                "placed": {str(file.relative_to(self.models)): content(file) for file in files},
            }


def content(path):
    return path.read_bytes() if path.is_file() else None


def undisturbed(life, file):
    """Live with one controller that nothing happens to; return the instants of each pass."""

    def work():
        instants, passes = Instants(), []
        instants.watch()

        def run_pass(now):
            before = instants.seen
            with life.opened() as store:
                life.run_pass(store, now)
            passes.append(instants.seen - before)

        life.live(run_pass)
        file.write_text(json.dumps(passes))

    assert in_child(work)
    return json.loads(file.read_text())


def killed(life, instants, kills, versions, rng):
    """Live with a controller that is killed in each pass; return how often.

    Once in passes that only look, and so many times more in those that do something.
    """
    passes, deaths, idle = iter(instants), 0, min(instants)

    def run_pass(now):
        nonlocal deaths

        def work(fatal=sys.maxsize):
            Instants(fatal).watch()
            with life.opened() as store:
                life.run_pass(store, now)

        most = next(passes)
        for fatal in rng.integers(1, most + 1, 1 + kills * (most > 1.1 * idle)):
            if not in_child(lambda fatal=int(fatal): work(fatal)):
                deaths += 1
            for version in versions:
                folder = folder_of(life.models, MODEL, version.number)
                if folder.exists():
                    verify_placed(folder, version, "KIND_CPU")
        assert in_child(work)

    life.live(run_pass)
    return deaths


@pytest.mark.parametrize(
    ("canary_errors", "end", "kills", "least"),
    [(0.002, State.SUCCEEDED, 7, 120), (0.2, State.ABORTED, 13, 80)],
    ids=["healthy", "failing"],
)
def test_a_controller_killed_again_and_again_leaves_what_an_undisturbed_one_does(
    canary_errors, end, kills, least, state, registry, make_release, tmp_path
):
    versions = [publish(registry, make_release(scale)) for scale in (1.0, 0.9)]
    one, other = (Life(tmp_path / name, canary_errors) for name in ("one", "other"))
    for life in (one, other):
        shutil.copytree(state, life.state)

    instants = undisturbed(one, tmp_path / "instants.json")
    deaths = killed(other, instants, kills, versions, np.random.default_rng(5))

    assert deaths >= least  # two hundred in both stories
    assert one.told() == other.told()
    assert one.told()["rollout"].state is end


def test_three_controllers_never_contradict_each_other_in_a_thousand_races(tmp_path):
    stores = []

    def opened():
        stores.append(Store.open(tmp_path))
        return stores[-1]

    store, rollout, won, lost = race(opened, 1000)

    assert (sorted(turn for turn, _ in won), len(lost)) == (list(range(1000)), 2000)
    assert store.get(rollout.id).etag == rollout.etag + 1000
    log = store.events(rollout=rollout.id, limit=2000)
    assert [event.cause.request_id for event in log[3:]] == [name for _, name in sorted(won)]
    assert store.audit() == ()
    for each in stores:
        each.close()
