"""The controller over a real registry and store; servers obey, and the clock is the test's."""

from __future__ import annotations

import random
import threading
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.control.controller import Controller
from limner_registry.control.projector import Policy, Projector
from limner_registry.control.shelf import Shelf
from limner_registry.control.table import routes_of
from limner_registry.errors import RegistryUnavailable
from limner_registry.placed import folder_of
from limner_registry.publish import publish
from limner_registry.rollout.counters import Snapshot
from limner_registry.rollout.fleet import Connected, Servable
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.outcome import Key
from limner_registry.rollout.projection import Projection
from limner_registry.rollout.record import State, new_rollout
from limner_registry.rollout.spec import DEFAULT, Judging, Shadow, Spec, Weight
from limner_registry.rollout.store import Store
from limner_registry.rollout.triggers import Pause, Reason

MODEL = PERSON_SEGMENTER.model
NOW = 1_000_000.0
QUICK = Spec(
    (
        Shadow(5000, min_pairs=100, min_seconds=10),
        Weight(500, min_seconds=10),
        Weight(5000, min_seconds=10),
        Weight(10_000, min_seconds=10),
    ),
    Judging(min_units=200),
)


@pytest.fixture(autouse=True)
def versions(registry, make_release):
    return [publish(registry, make_release(scale)) for scale in (1.0, 0.9)]


class Desk(Controller):
    """A controller with its shelf, which have their passes one after the other."""

    def __init__(self, store, registry, models, policy=Policy.REVERT):
        self.shelf = Shelf(store, registry, models, Projector(store, registry, policy))
        self.deciding = Controller(store, models, self.shelf.refused)
        super().__init__(store, models, self.shelf.refused)

    def run_pass(self, now):
        self.shelf.run_pass(now)
        return super().run_pass(now)


@pytest.fixture
def controller(store, registry, models):
    return Desk(store, registry, models)


class Servers:
    """Two servers that have every table in force at once, and calls that come in evenly."""

    def __init__(self, store, canary_errors=0.002, rate=60.0, canary_slow=0.05):
        self.store, self.rate = store, rate
        self.canary_slow = canary_slow
        self.p95 = {"a": 0.1, "b": 0.3}
        self.canary_errors = canary_errors
        self.rng, self.seq = np.random.default_rng(1), 0
        self.counts = {"a": {}, "b": {}}
        self.up = True
        self.said = set()

    def pass_seconds(self, controller, now, seconds):
        """Let calls come for some seconds, and say everything that servers say."""
        fleet, routes = self.store.fleet, controller.routes()
        self.seq += 1
        for name, counts in self.counts.items():
            fleet.connect(Connected(name, "boot", routes.generation, now))
            said = [
                Servable(
                    model,
                    version,
                    name,
                    self.up,
                    "" if self.up else "broken",
                    now,
                    self.p95[name] if version == 1 else 0.0,
                )
                for model, version in routes.versions()
            ]
            said += [
                Servable(*gone, name, proven=False, text="", at=now)
                for gone in self.said - routes.versions()
            ]
            fleet.report(said)
            canary = routes.canaries.get(MODEL)
            if canary:
                self._count(counts, routes.generation, canary, seconds / 2)
            fleet.count([Snapshot(name, "boot", self.seq, now, dict(counts))])
        self.said |= routes.versions()

    def _count(self, counts, generation, canary, seconds):
        calls = self.rng.poisson(self.rate * seconds)
        theirs = self.rng.binomial(calls, canary.weight_bps / 10_000)
        found = {
            ("stable", "units"): calls - theirs,
            ("stable", "error"): self.rng.binomial(calls - theirs, 0.002),
            ("canary", "units"): theirs,
            ("canary", "error"): self.rng.binomial(theirs, self.canary_errors),
            ("pairs", "units"): self.rng.binomial(calls - theirs, canary.shadow_bps / 10_000),
        }
        if canary.slow_seconds:
            found["stable", "slow"] = self.rng.binomial(calls - theirs, 0.05)
            found["canary", "slow"] = self.rng.binomial(theirs, self.canary_slow)
        for (side, outcome), number in found.items():
            key = Key(canary.rollout, generation, side, outcome)
            counts[key] = counts.get(key, 0) + int(number)


def begin(store, spec=QUICK, request="create", now=NOW):
    rollout = new_rollout(
        f"person-2-{request}", MODEL, 1, 2, spec, salt=request, creator="Ada", now=now
    )
    return store.create(rollout, Cause("Ada", ActorKind.HUMAN, request)).id


def live(store, controller, servers, rollout, most=3600, step=5.0, begun=NOW):
    """Run passes until a rollout is over; return it."""
    now = begun
    while now < begun + most:
        controller.run_pass(now)
        found = store.get(rollout)
        if found.ended:
            controller.run_pass(now)
            return found
        now += step
        servers.pass_seconds(controller, now, step)
    return store.get(rollout)


def test_the_first_pass_places_stable_versions_and_routes_to_them(controller, models):
    controller.run_pass(NOW)

    assert controller.routes().stable == {MODEL: 1}
    assert folder_of(models, MODEL, 1).is_dir()
    assert not folder_of(models, MODEL, 2).exists()


def test_a_second_pass_changes_nothing(controller, store, models):
    controller.run_pass(NOW)
    before = controller.routes(), store.events(), sorted(models.rglob("*"))

    controller.run_pass(NOW + 60)

    assert (controller.routes(), store.events(), sorted(models.rglob("*"))) == before


def test_a_healthy_version_becomes_stable_and_the_one_before_stays_ready(controller, store):
    controller.run_pass(NOW)
    done = live(store, controller, Servers(store), begin(store))

    assert done.state is State.SUCCEEDED
    routes = controller.routes()
    assert (routes.stable, routes.previous, routes.canaries) == ({MODEL: 2}, {MODEL: 1}, {})
    assert not store.audit()


def test_every_weight_was_in_force_on_every_server_before_it_was_judged(controller, store):
    controller.run_pass(NOW)
    rollout = begin(store)
    live(store, controller, Servers(store), rollout)

    weights = store.fleet.weights(rollout, 1)
    given = [weight.weight_bps for _, weight in sorted(weights.items())]
    assert [weight for weight in dict.fromkeys(given) if weight] == [500, 5000, 10_000]


def test_a_version_that_fails_is_taken_out_of_the_table(controller, store):
    controller.run_pass(NOW)
    done = live(store, controller, Servers(store, canary_errors=0.2), begin(store))

    assert (done.state, done.reason) == (State.ABORTED, Reason.EVIDENCE)
    routes = controller.routes()
    assert (routes.stable, routes.canaries) == ({MODEL: 1}, {})
    [abort] = [event for event in store.events() if event.type == "Abort"]
    assert abort.cause.evidence


def bounds(store):
    """Return every bound of a rollout's slow runs that servers were given, in order."""
    tables = [store.fleet.generation(n) for n in range(1, store.fleet.generation().number + 1)]
    canaries = [routes_of(table).canaries.get(MODEL) for table in tables]
    return [canary.slow_seconds for canary in canaries if canary]


def test_a_version_that_is_slower_than_stable_was_is_taken_out(controller, store):
    controller.run_pass(NOW)
    done = live(store, controller, Servers(store, canary_slow=0.3), begin(store))

    assert (done.state, done.reason) == (State.ABORTED, Reason.EVIDENCE)
    assert "slow" in done.text


def test_what_is_slow_is_fixed_once_by_what_stable_took_before(controller, store):
    controller.run_pass(NOW)
    servers = Servers(store)
    servers.pass_seconds(controller, NOW, 1)
    rollout = begin(store, replace(QUICK, judging=replace(QUICK.judging, slow_factor=1.5)))
    live(store, controller, servers, rollout, most=10)
    servers.p95 = {"a": 7.0, "b": 9.0}
    live(store, controller, servers, rollout, begun=NOW + 10)

    assert bounds(store)
    assert bounds(store) == pytest.approx([1.5 * 0.2] * len(bounds(store)))


def test_what_is_slow_is_fixed_as_soon_as_it_is_known(controller, store):
    controller.run_pass(NOW)
    servers, rollout = Servers(store), begin(store)
    servers.p95 = {"a": 0.0, "b": 0.0}
    live(store, controller, servers, rollout, most=10)
    servers.p95 = {"a": 0.0, "b": 0.3}
    done = live(store, controller, servers, rollout, begun=NOW + 10)

    assert done.state is State.SUCCEEDED
    assert list(dict.fromkeys(bounds(store))) == [0.0, 0.3]


def test_a_version_whose_files_are_damaged_is_refused(controller, store, versions, state):
    for network in (state / "registry/artifacts").rglob("model.onnx"):
        if str(versions[1].source).split("/")[-2] in str(network):
            network.write_bytes(network.read_bytes()[:-1] + b"?")
    controller.run_pass(NOW)

    done = live(store, controller, Servers(store), begin(store), most=60)

    assert (done.state, done.reason) == (State.ABORTED, Reason.REFUSED)
    assert "model.onnx" in done.text


def test_a_version_that_does_not_come_up_is_refused(controller, store):
    controller.run_pass(NOW)
    servers = Servers(store)
    servers.up = False

    done = live(store, controller, servers, begin(store), most=60)

    assert (done.state, done.reason) == (State.ABORTED, Reason.REFUSED)
    assert "broken" in done.text


def test_without_servers_nothing_is_decided(controller, store):
    controller.run_pass(NOW)
    rollout = begin(store)
    for number in range(20):
        controller.run_pass(NOW + 60 * number)

    assert store.get(rollout).state is State.VERIFYING


@pytest.fixture
def broken_registry(state):
    """Return a context in which MLflow's database is no database."""

    @contextmanager
    def broken():
        file = state / "registry/mlflow.db"
        whole = file.read_bytes()
        file.write_bytes(b"?" * len(whole))
        try:
            yield
        finally:
            file.write_bytes(whole)

    return broken


def test_a_version_that_fails_is_taken_out_while_the_registry_is_away(
    controller, store, broken_registry
):
    controller.run_pass(NOW)
    servers, rollout = Servers(store, canary_errors=0.2), begin(store)
    live(store, controller, servers, rollout, most=10)
    assert store.get(rollout).state is State.SHADOWING

    with broken_registry():
        with pytest.raises(RegistryUnavailable):
            controller.shelf.run_pass(NOW)
        done = live(store, controller.deciding, servers, rollout, begun=NOW + 10)

    assert (done.state, done.reason) == (State.ABORTED, Reason.EVIDENCE)
    assert controller.routes().canaries == {}


def test_a_healthy_version_becomes_stable_while_the_registry_is_away(
    controller, store, broken_registry
):
    controller.run_pass(NOW)
    servers, rollout = Servers(store), begin(store)
    live(store, controller, servers, rollout, most=10)

    with broken_registry():
        done = live(store, controller.deciding, servers, rollout, begun=NOW + 10)

    assert done.state is State.SUCCEEDED
    assert controller.routes().stable == {MODEL: 2}


def test_a_version_that_is_not_placed_waits_for_the_registry(controller, store, broken_registry):
    controller.run_pass(NOW)
    servers, rollout = Servers(store), begin(store)
    with broken_registry():
        waiting = live(store, controller.deciding, servers, rollout, most=600)

    assert waiting.state is State.VERIFYING
    live(store, controller, servers, rollout, begun=NOW + 600, most=10)
    assert store.get(rollout).state is State.SHADOWING


class Killed(Exception):
    """Stands for the end of a process."""


class Mortal:
    """A store whose user dies in the middle of calls, before or after they are done."""

    def __init__(self, real, rng, share):
        self._real, self._rng, self._share, self.deaths = real, rng, share, 0

    def __getattr__(self, name):
        found = getattr(self._real, name)
        if name in {"fleet", "shown", "aliases"}:
            mortal = Mortal(found, self._rng, self._share)
            mortal._die = self._die
            return mortal
        if not callable(found):
            return found

        def call(*args, **options):
            self._die()
            result = found(*args, **options)
            self._die()
            return result

        return call

    def _die(self):
        if self._rng.random() < self._share:
            self.deaths += 1
            raise Killed


class Phoenix(Desk):
    """A controller that is started anew whenever it is killed."""

    def run_pass(self, now):
        while True:
            try:
                super().run_pass(now)
            except Killed:
                self.shelf.refused.clear()
            else:
                return

    def routes(self):
        while True:
            try:
                return super().routes()
            except Killed:
                pass


def story(store, controller, canary_errors):
    controller.run_pass(NOW)
    return live(store, controller, Servers(store, canary_errors), begin(store))


@pytest.mark.parametrize("canary_errors", [0.002, 0.2], ids=["healthy", "failing"])
def test_a_controller_killed_again_and_again_ends_where_another_does(
    canary_errors, controller, store, registry, models, tmp_path
):
    undisturbed = story(store, controller, canary_errors)
    registry.aliases.write(MODEL, registry.aliases.read([MODEL])[MODEL], Projection(stable=1))
    other = Store.open(tmp_path / "other")
    mortal = Mortal(other, random.Random(3), 0.03)
    phoenix = Phoenix(mortal, Mortal(registry, random.Random(4), 0.03), models)

    disturbed = story(other, phoenix, canary_errors)

    assert mortal.deaths > 15
    assert not other.audit()
    assert replace(disturbed, etag=0) == replace(undisturbed, etag=0)
    assert phoenix.routes() == controller.routes()
    told = [[(event.type, event.at) for event in each.events()] for each in (store, other)]
    assert told[0] == told[1]
    shown = registry.aliases.read([MODEL])[MODEL]
    assert (shown.stable, shown.previous) == ((2, 1) if canary_errors < 0.1 else (1, None))
    other.close()


def test_a_controller_that_has_no_folder_of_a_canary_leaves_it_in_the_table(
    controller, store, tmp_path
):
    controller.run_pass(NOW)
    live(store, controller, Servers(store), begin(store), most=10)
    before = controller.routes()
    assert before.canaries[MODEL].version == 2

    Controller(store, tmp_path / "elsewhere", {}).run_pass(NOW + 10)

    assert controller.routes() == before


def test_a_controller_that_has_no_folder_of_a_new_version_waits_with_its_table(
    controller, store, tmp_path
):
    controller.run_pass(NOW)
    begin(store)

    Controller(store, tmp_path / "elsewhere", {}).run_pass(NOW)

    assert not controller.routes().canaries


def test_another_controllers_decision_on_the_same_state_stands(controller, store, monkeypatch):
    controller.run_pass(NOW)
    rollout = begin(store)
    live(store, controller, Servers(store), rollout, most=10)
    seen = store.get(rollout)
    said = Cause("other", ActorKind.CONTROLLER, f"{rollout}/{seen.etag}/Pause")
    store.transition(rollout, seen.etag, Pause(Reason.STALE_COUNTERS, "silent"), said, NOW + 10)
    after = store.get(rollout)
    with monkeypatch.context() as behind:
        behind.setattr(store, "get", lambda _: seen)
        changed = controller._decide(rollout, NOW + 100)  # no server has spoken for that long

    assert changed
    assert store.get(rollout) == after


def test_two_controllers_at_once_never_contradict_each_other(controller, store, registry, models):
    rival, failures = Desk(store, registry, models), []
    controller.run_pass(NOW)
    rollout, servers, now = begin(store), Servers(store), NOW

    def work(one):
        try:
            one.run_pass(now)
        except Exception as error:  # noqa: BLE001 - any is a failure here
            failures.append(error)

    while not store.get(rollout).ended and now < NOW + 3600:
        now += 5
        servers.pass_seconds(controller, now, 5)
        threads = [threading.Thread(target=work, args=(one,)) for one in (controller, rival)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert not failures
    assert store.get(rollout).state is State.SUCCEEDED
    assert not store.audit()
    kinds = [event.type for event in store.events() if event.rollout == rollout]
    assert kinds.count("Verified") == kinds.count("Soaked") == 1
    assert len(QUICK.steps) == kinds.count("StepDone")


def test_the_usual_spec_is_one_that_a_controller_can_follow(controller, store):
    controller.run_pass(NOW)
    done = live(
        store, controller, Servers(store, rate=400.0), begin(store, DEFAULT), most=7200, step=20.0
    )

    assert done.state is State.SUCCEEDED
