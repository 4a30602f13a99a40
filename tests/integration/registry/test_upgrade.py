"""A state folder of an earlier Limner, whose versions keep a contract that this one has left."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from limner_registry import placed
from limner_registry.commands import models as group
from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.control.proposal import proposed
from limner_registry.errors import ContractBroken
from limner_registry.place import place, place_stable
from limner_registry.placed import folder_of
from limner_registry.publish import publish
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.projection import Projection
from limner_registry.rollout.record import State
from limner_registry.rollout.spec import DEFAULT
from limner_registry.rollout.triggers import Pause, Reason
from limner_registry.routes import read_routes
from tests.integration.registry.test_controller import MODEL, NOW, Desk, Servers, begin, live

EARLIER = replace(PERSON_SEGMENTER, revision=0)
OURS = f"keeps contract {EARLIER.id}, this Limner speaks {PERSON_SEGMENTER.id}"


@pytest.fixture
def earlier(monkeypatch):
    """Return a function that does something as an earlier Limner would."""

    def do(work):
        with monkeypatch.context() as then:
            then.setattr(placed, "contract_of", lambda _: EARLIER)
            return work()

    return do


@pytest.fixture(autouse=True)
def version(registry, make_release):
    """Return version 1, published by an earlier Limner, and stable."""
    return publish(registry, make_release(contract=EARLIER))


@pytest.fixture
def routed(earlier, store, registry, models):
    """Have the controller of an earlier Limner route to what is stable."""

    def run():
        desk = Desk(store, registry, models)
        earlier(lambda: desk.run_pass(NOW - 100))
        assert desk.routes().stable == {MODEL: 1}

    return run


@pytest.fixture
def controller(store, registry, models):
    return Desk(store, registry, models)


@pytest.fixture
def run(state):
    def run(*arguments):
        answer = CliRunner().invoke(group, [*arguments, "--state", str(state)])
        assert answer.exit_code == 0, answer.output
        return json.loads(answer.stdout) if "--json" in arguments else answer.output

    return run


def stable(registry):
    return registry.aliases.read([MODEL])[MODEL].stable


def test_the_first_version_that_keeps_the_contract_is_routed_to(
    earlier, registry, make_release, models
):
    earlier(lambda: place_stable(registry, models))
    for scale in (0.9, 0.8):
        publish(registry, make_release(scale))

    routes = place_stable(registry, models).routes

    assert routes.stable == read_routes(models).stable == {MODEL: 2}
    assert stable(registry) == 2
    assert [found.number for found in registry.versions(MODEL)] == [1, 2, 3]


def test_a_model_without_such_a_version_is_not_routed_to(earlier, registry, models):
    assert earlier(lambda: place_stable(registry, models)).routes.stable == {MODEL: 1}

    assert place_stable(registry, models).routes.stable == {}
    assert stable(registry) == 1


def test_a_version_is_outdated_too_whose_tensors_changed_under_the_same_revision(
    registry, make_release, models, monkeypatch
):
    publish(registry, make_release(0.9))
    tensors = tuple(replace(tensor, shape=(128, 128)) for tensor in PERSON_SEGMENTER.outputs)
    smaller = replace(PERSON_SEGMENTER, outputs=tensors)
    monkeypatch.setattr(placed, "contract_of", lambda _: smaller)

    with pytest.raises(ContractBroken, match="other tensors"):
        place(registry, MODEL, 2, models)


def test_placing_tells_what_takes_whose_place(earlier, registry, make_release, models, run):
    earlier(lambda: place_stable(registry, models))

    (alone,) = run("place", "--repair", "--json")["outdated"]
    publish(registry, make_release(0.9))
    answer = run("place", "--repair", "--json")

    assert (alone["version"], alone["instead"]) == (1, None)
    assert OURS in alone["said"]
    assert f"nothing serves {MODEL}" in alone["said"]
    (gone,) = answer["outdated"]
    assert (gone["model"], gone["version"], gone["instead"]) == (MODEL, 1, 2)
    assert [(one["model"], one["version"]) for one in answer["placed"]] == [(MODEL, 2)]
    assert run("place", "--json")["outdated"] == []


def test_where_a_controller_decides_the_version_to_come_is_placed_for_it(
    earlier, routed, registry, make_release, models, run
):
    routed()
    earlier(lambda: place_stable(registry, models))
    publish(registry, make_release(0.9))

    answer = run("place", "--repair", "--json")

    assert answer["outdated"][0]["instead"] == 2
    assert answer["routes"]["models"] == {MODEL: {"stable": 1}}
    assert folder_of(models, MODEL, 2).is_dir()
    assert stable(registry) == 1
    assert "version 2 takes its place." in " ".join(run("place").split())


def test_the_controller_routes_to_the_first_version_that_keeps_the_contract(
    routed, controller, store, registry, make_release
):
    routed()
    for scale in (0.9, 0.8):
        publish(registry, make_release(scale))

    controller.run_pass(NOW)
    controller.run_pass(NOW + 5)

    assert controller.routes().stable == {MODEL: 2}
    assert controller.routes().previous == {}
    assert stable(registry) == 2
    (event,) = [event for event in store.events() if event.type == "StableReplaced"]
    assert event.details == {"model": MODEL, "from": 1, "to": 2}
    assert OURS in event.cause.reason
    assert event.cause.kind is ActorKind.CONTROLLER
    assert registry.version(MODEL, 1).tags["limner.contract"] == EARLIER.id
    assert not controller.run_pass(NOW + 10)


def test_without_such_a_version_the_table_stays_until_one_is_published(
    routed, controller, registry, make_release
):
    routed()
    controller.run_pass(NOW)
    before = controller.routes()
    assert not controller.run_pass(NOW + 5)
    assert before.stable == {MODEL: 1}
    assert OURS in controller.shelf.refused[MODEL, 1]

    publish(registry, make_release(0.9))
    controller.run_pass(NOW + 10)

    assert controller.routes().stable == {MODEL: 2}
    assert stable(registry) == 2


def test_going_back_to_the_earlier_limner_goes_back_to_its_version(
    earlier, routed, controller, store, registry, models, make_release
):
    routed()
    publish(registry, make_release(0.9))
    controller.run_pass(NOW)
    desk = Desk(store, registry, models)

    earlier(lambda: desk.run_pass(NOW + 10))

    assert desk.routes().stable == {MODEL: 1}
    assert stable(registry) == 1


@pytest.mark.parametrize("paused", [False, True])
def test_a_rollout_of_such_a_version_ends(
    paused, earlier, routed, controller, store, registry, models, make_release
):
    publish(registry, make_release(0.9, contract=EARLIER))
    routed()
    servers, rollout = Servers(store), begin(store)
    desk = Desk(store, registry, models)
    earlier(lambda: live(store, desk, servers, rollout, most=10))
    found = store.get(rollout)
    assert found.state is State.SHADOWING
    assert desk.routes().canaries[MODEL].version == 2
    if paused:
        cause = Cause("Ada", ActorKind.HUMAN, "pause")
        store.transition(rollout, found.etag, Pause(Reason.PERSON, "lunch"), cause, NOW + 15)
    publish(registry, make_release(0.8))

    done = live(store, controller, servers, rollout, begun=NOW + 20, most=60)
    controller.run_pass(NOW + 100)

    assert (done.state, done.reason) == (State.ABORTED, Reason.REFUSED)
    assert OURS in done.text
    assert controller.routes().canaries == {}
    assert controller.routes().stable == {MODEL: 3}
    shown = registry.aliases.read([MODEL])[MODEL]
    assert shown == Projection(3, None, None, shown.summary)


def test_no_rollout_begins_with_such_a_version(version, routed, controller):
    routed()

    with pytest.raises(ContractBroken, match=EARLIER.id):
        proposed(version, controller.routes(), DEFAULT, "Ada", NOW)
