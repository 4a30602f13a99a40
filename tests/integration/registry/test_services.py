"""RolloutService and RoutingService over real gRPC, a real store and a real registry."""

from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
import threading
import time
import urllib.request
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from queue import Queue

import grpc
import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from limner.errors import from_rpc_error
from limner.v1 import rollouts_pb2, rollouts_pb2_grpc, routing_pb2, routing_pb2_grpc
from limner.v1.reasons import (
    EtagMismatch,
    ParameterOutOfRange,
    RegistryUnavailable,
    RolloutUnknown,
    VersionRefused,
)
from limner_registry.commands.rollout import rollout as command
from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.control import links, rollouts
from limner_registry.control.condition import Condition
from limner_registry.control.controller import Controller
from limner_registry.control.projector import Projector
from limner_registry.control.rollouts import Rollouts
from limner_registry.control.serve import Place, keep_passing, serve
from limner_registry.control.shelf import Shelf
from limner_registry.publish import publish
from limner_registry.rollout.errors import StoreUnavailable
from limner_registry.rollout.fleet import Connected
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.record import State, new_rollout
from limner_registry.rollout.spec import DEFAULT
from limner_registry.rollout.triggers import Abort, AllAcked, Reason
from limner_registry.routes_wire import from_message
from limner_registry.store import Registry

MODEL = PERSON_SEGMENTER.model


@dataclass
class Served:
    """A running controller, and a server that obeys it."""

    address: str
    rollouts: rollouts_pb2_grpc.RolloutServiceStub
    tables: Queue
    say: Queue
    leases: list
    """Every lease that it was given, in seconds."""

    def table_with(self, wanted, seconds=10.0):
        """Return the first table that is as wanted."""
        until = time.monotonic() + seconds
        while True:
            routes = self.tables.get(timeout=max(0.1, until - time.monotonic()))
            if wanted(routes):
                return routes


@contextmanager
def serving(state, store, registry):
    """Run a controller in a thread of its own, with a server linked to it."""
    ended, loops = asyncio.Event(), Queue()

    async def run():
        loops.put(asyncio.get_running_loop())
        await serve(Place(state, port=0), store, registry, ended)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    file = state / "controller.json"
    while not file.exists():
        time.sleep(0.02)
    address = json.loads(file.read_text())["address"]
    with grpc.insecure_channel(address) as channel:
        found = Served(address, rollouts_pb2_grpc.RolloutServiceStub(channel), Queue(), Queue(), [])
        link = threading.Thread(target=_obey, args=(channel, found))
        link.start()
        yield found
        found.say.put(None)
    link.join()
    loops.get().call_soon_threadsafe(ended.set)
    thread.join()


@pytest.fixture(autouse=True)
def versions(registry, make_release):
    return [publish(registry, make_release(scale)) for scale in (1.0, 0.9)]


@pytest.fixture
def served(state, store, registry):
    with serving(state, store, registry) as served:
        yield served


@contextmanager
def hanging():
    """Give the address of a server that takes every call and answers none."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        host, port = server.getsockname()
        yield f"http://{host}:{port}"


def _obey(channel, served):
    """Be a server: have every table in force at once, and every version up."""
    hello = routing_pb2.Hello(instance="here", boot="one")
    served.say.put(routing_pb2.SyncRoutingRequest(hello=hello))
    stub = routing_pb2_grpc.RoutingServiceStub(channel)
    with suppress(grpc.RpcError):
        for response in stub.SyncRouting(iter(served.say.get, None)):
            served.leases.append(response.lease_seconds)
            if not response.HasField("table"):
                continue
            routes = from_message(response.table)
            versions = [
                routing_pb2.Servable(model=model, version=version, p95_seconds=0.25)
                for model, version in routes.versions()
            ]
            servables = routing_pb2.Servables(versions=versions)
            received = routing_pb2.TableReceived(generation=routes.generation)
            served.say.put(routing_pb2.SyncRoutingRequest(servables=servables))
            served.say.put(routing_pb2.SyncRoutingRequest(received=received))
            served.tables.put(routes)


def create(served, request_id="create", **told):
    request = rollouts_pb2.CreateRolloutRequest(
        **{"model": MODEL, "version": 2, "request_id": request_id, "actor": "Ada"} | told
    )
    return served.rollouts.CreateRollout(request).rollout


def failure(call):
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return from_rpc_error(caught.value)


def test_a_rollout_goes_from_its_creation_to_its_shadow_and_out_again(served):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    made = create(served)
    shadowing = served.table_with(
        lambda routes: any(canary.shadow_bps for canary in routes.canaries.values())
    )
    request = rollouts_pb2.ChangeRolloutRequest(
        rollout=made.id, verb=rollouts_pb2.ROLLOUT_VERB_ABORT, request_id="abort", reason="enough"
    )
    served.rollouts.ChangeRollout(request)
    before = time.monotonic()
    served.table_with(lambda routes: not routes.canaries)

    assert (shadowing.canaries[MODEL].version, shadowing.canaries[MODEL].slow_seconds) == (2, 0.25)
    assert time.monotonic() - before < 2
    watched = list(served.rollouts.WatchRollout(rollouts_pb2.WatchRolloutRequest(rollout=MODEL)))
    assert watched[-1].explained.rollout.state == rollouts_pb2.ROLLOUT_STATE_ABORTED
    events = served.rollouts.ListEvents(rollouts_pb2.ListEventsRequest(rollout=made.id)).events
    assert [event.type for event in events][:3] == ["Create", "Begin", "Verified"]


def figures(state):
    address = json.loads((state / "controller.json").read_text())["metrics"]
    with urllib.request.urlopen(address, timeout=10) as page:
        families = list(text_string_to_metric_families(page.read().decode()))
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_prometheus_sees_a_rollout(served, state):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    made = create(served)
    table = served.table_with(lambda routes: any(c.shadow_bps for c in routes.canaries.values()))
    time.sleep(0.5)
    pause = {"rollout": made.id, "request_id": "p", "verb": rollouts_pb2.ROLLOUT_VERB_PAUSE}
    served.rollouts.ChangeRollout(rollouts_pb2.ChangeRolloutRequest(**pause))
    time.sleep(0.2)
    seen = figures(state)
    named = ("model", MODEL), ("rollout", made.id)

    assert seen["limner_rollout_info", *named, ("state", "paused")] == 1
    assert seen["limner_rollout_weight_ratio", *named] == 0
    assert 0.1 < seen["limner_rollout_manual_pause_seconds", *named] < 10
    assert seen["limner_routing_generation", ("instance", "here")] == table.generation
    assert seen["limner_routing_generation_latest",] == table.generation
    assert seen["limner_controller_waits", ("work", "decisions")] == 0
    changes = "limner_rollout_transitions_total"
    by_person = ("actor_kind", "human"), ("from", "shadowing"), ("to", "paused")
    assert seen[changes, *by_person] == 1
    kinds = {name[1] for name in seen if name[0] == "limner_rollout_log_evalue"}
    assert ("kind", "abort") in kinds


def test_what_is_asked_twice_happens_once(served):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    first, second = create(served), create(served)

    assert first.id == second.id


def test_what_cannot_be_rolled_out_is_refused_with_a_reason(served):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    spec = {"steps": [], "hurry": True}
    unknown = rollouts_pb2.GetRolloutRequest(rollout="none")

    assert isinstance(failure(lambda: create(served, version=1)), VersionRefused)
    assert isinstance(failure(lambda: create(served, spec=spec)), ParameterOutOfRange)
    assert isinstance(failure(lambda: served.rollouts.GetRollout(unknown)), RolloutUnknown)
    watched = rollouts_pb2.WatchRolloutRequest(rollout=unknown.rollout)
    assert isinstance(failure(lambda: list(served.rollouts.WatchRollout(watched))), RolloutUnknown)


def test_a_change_decided_on_an_older_state_is_refused(served):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    made = create(served)
    served.table_with(lambda routes: routes.canaries)
    request = rollouts_pb2.ChangeRolloutRequest(
        rollout=made.id, verb=rollouts_pb2.ROLLOUT_VERB_PAUSE, request_id="p", etag=made.etag
    )

    assert isinstance(failure(lambda: served.rollouts.ChangeRollout(request)), EtagMismatch)


def test_a_rollback_that_broke_off_is_carried_out_when_it_is_asked_again(
    store, registry, models, monkeypatch
):
    first = {"models": {MODEL: {"stable": 2, "previous": 1}}}
    store.fleet.add_generation(0, first, (), 1.0)
    fresh = new_rollout("person-3", MODEL, 2, 3, DEFAULT, salt="s", creator="Ada", now=1.0)
    store.create(fresh, Cause("Ada", ActorKind.HUMAN, "create"))
    service = Rollouts(store, registry, Controller(store, models, {}), None, lambda: None)
    request = rollouts_pb2.RollbackModelRequest(model=MODEL, request_id="back", actor="Ada")
    with monkeypatch.context() as away:
        away.setattr(rollouts, "follow", broken)
        with pytest.raises(StoreUnavailable):
            service._roll_back(request)
    assert store.fleet.generation().table == first

    answers = [service._roll_back(request) for _ in range(2)]

    assert answers == [(1, 2), (1, 2)]
    assert store.fleet.generation().table == {"models": {MODEL: {"stable": 1, "previous": 2}}}
    assert store.get("person-3").state is State.ABORTING
    assert [event.type for event in store.events()] == ["Create", "Rollback", "Abort"]


def test_a_retry_that_is_sent_again_happens_once(store, registry, models):
    fresh = new_rollout("person-2", MODEL, 1, 2, DEFAULT, salt="s", creator="Ada", now=1.0)
    made = store.create(fresh, Cause("Ada", ActorKind.HUMAN, "create"))
    for trigger in (Abort(), AllAcked()):
        why = Cause("Ada", ActorKind.HUMAN, type(trigger).__name__)
        made = store.transition(made.id, made.etag, trigger, why, 2.0)
    service = Rollouts(store, registry, Controller(store, models, {}), None, lambda: None)
    verb = rollouts_pb2.ROLLOUT_VERB_RETRY
    request = rollouts_pb2.ChangeRolloutRequest(rollout=made.id, verb=verb, request_id="again")

    first, second = service._change(request), service._change(request)

    assert first == second == store.get(made.id)
    assert (first.attempt, len(first.salt)) == (2, 16)
    assert first.salt != fresh.salt


def broken(*_arguments):
    raise StoreUnavailable("it is away")


def test_freezing_reaches_servers(served):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    served.rollouts.FreezeRollouts(
        rollouts_pb2.FreezeRolloutsRequest(frozen=True, request_id="f", actor="Ada")
    )

    assert served.table_with(lambda routes: routes.frozen)


def test_a_bad_version_is_taken_out_at_once_though_mlflow_hangs(state, store, registry):
    Shelf(store, registry, state / "models", Projector(store, registry)).run_pass(time.time())
    fresh = new_rollout("person-2", MODEL, 1, 2, DEFAULT, salt="s", creator="Ada", now=time.time())
    store.create(fresh, Cause("Ada", ActorKind.HUMAN, "create"))
    Shelf(store, registry, state / "models", Projector(store, registry)).run_pass(time.time())
    with (
        hanging() as address,
        serving(state, store, Registry.open(state, address, asked=False)) as served,
    ):
        table = served.table_with(lambda routes: routes.canaries)
        out = routing_pb2.Ejection(rollout="person-2", generation=table.generation, text="dead")
        served.say.put(routing_pb2.SyncRoutingRequest(ejection=out))
        began = time.monotonic()
        served.table_with(lambda routes: not routes.canaries)

    assert time.monotonic() - began < 2
    aborted = store.get("person-2")
    assert (aborted.reason, aborted.text) == (Reason.BREAKER, "here: dead")


async def test_an_ejection_is_forgotten_once_a_server_has_a_table_without_its_rollout(store):
    canary = {"version": 2, "rollout": "person-2", "salt": "s"}
    store.fleet.add_generation(0, {"models": {MODEL: {"stable": 1, "canary": canary}}}, (), 1.0)
    store.fleet.add_generation(1, {"models": {MODEL: {"stable": 1}}}, (), 2.0)
    service = links.Links(store, lambda: None, Condition("decisions"))
    link, seen = links.Link(Connected("here", "one", 0, 1.0)), []
    out = routing_pb2.Ejection(rollout="person-2", generation=1, text="dead")
    await service._hear(link, "ejection", out)
    for generation in (1, 2):
        received = routing_pb2.TableReceived(generation=generation)
        await service._hear(link, "received", received)
        seen += [server.ejections for server in store.fleet.servers()]

    assert seen == [{"person-2": "dead"}, {}]


def test_no_lease_is_renewed_while_the_store_is_away(served, state, monkeypatch):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    assert served.leases[-1] > links.LEASE_SECONDS - 5
    monkeypatch.setattr(links, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(links, "RENEW_SECONDS", 0.1)
    with closing(sqlite3.connect(state / "registry/rollouts.db")) as database:
        database.execute("ALTER TABLE rollouts RENAME TO gone")

    listed = rollouts_pb2.ListRolloutsRequest()
    refused = failure(lambda: served.rollouts.ListRollouts(listed))
    until = time.monotonic() + 20
    while served.leases[-1] and time.monotonic() < until:
        time.sleep(0.1)

    assert isinstance(refused, RegistryUnavailable)
    assert served.leases[-1] == 0
    seen = figures(state)
    assert seen["limner_controller_waits", ("work", "decisions")] == 1
    assert not [name for name in seen if name[0].startswith("limner_rollout")]


def test_a_server_that_is_ahead_is_overtaken(served):
    before = served.table_with(lambda routes: routes.stable == {MODEL: 1})
    with grpc.insecure_channel(served.address) as channel:
        hello = routing_pb2.Hello(instance="ahead", boot="one", generation=40)
        say = Queue()
        say.put(routing_pb2.SyncRoutingRequest(hello=hello))
        stream = routing_pb2_grpc.RoutingServiceStub(channel).SyncRouting(iter(say.get, None))
        tables = (response.table for response in stream if response.HasField("table"))
        table = next(from_message(table) for table in tables if table.generation > 40)
        hello.generation = 90
        say.put(routing_pb2.SyncRoutingRequest(hello=hello))
        later = next(from_message(table) for table in tables if table.generation > 90)
        say.put(None)
        stream.cancel()

    assert (table.generation, later.generation) == (41, 91)
    assert before.stable == table.stable == later.stable
    assert served.table_with(lambda routes: routes.generation == 91).stable == before.stable


@pytest.mark.parametrize("more", [["list"], ["show", MODEL], ["explain", MODEL]])
def test_the_command_tells_it_to_people_and_to_programs(served, more):
    served.table_with(lambda routes: routes.stable == {MODEL: 1})
    where = ["--controller", served.address]
    made = CliRunner().invoke(command, ["create", MODEL, "2", *where])
    assert made.exit_code == 0, made.output
    served.table_with(lambda routes: routes.canaries)

    for_people = CliRunner().invoke(command, [*more, *where])
    for_programs = CliRunner().invoke(command, [*more, *where, "--json"])

    assert (for_people.exit_code, for_programs.exit_code) == (0, 0)
    assert "person" in for_people.output  # a narrow terminal cuts names short
    assert json.loads(for_programs.output)


def test_the_command_ends_with_three_where_no_controller_answers():
    ended = CliRunner().invoke(command, ["list", "--controller", "127.0.0.1:1"])

    assert ended.exit_code == 3
    assert "limner up" in ended.output


async def test_a_hint_that_comes_with_the_end_does_not_outlive_it():
    wake, passed = asyncio.Event(), asyncio.Event()
    work = keep_passing(lambda _: True, Condition("passes"), None, wake, passed)
    passing = asyncio.create_task(work)
    await passed.wait()
    await asyncio.sleep(0.1)
    wake.set()
    passing.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await passing
