"""What MLflow shows of rollouts, and what becomes of changes that people make there."""

from __future__ import annotations

import random

import pytest

from limner_registry.control.projector import Policy
from limner_registry.publish import publish
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.projection import Projection
from limner_registry.rollout.record import State
from limner_registry.rollout.spec import DEFAULT
from limner_registry.rollout.triggers import Abort
from tests.integration.registry.test_controller import (
    MODEL,
    NOW,
    Desk,
    Killed,
    Mortal,
    Servers,
    begin,
    live,
)

WRITES = ("set_", "delete_", "create_", "update_", "log_", "rename_", "transition_")


@pytest.fixture(autouse=True)
def versions(registry, make_release):
    return [publish(registry, make_release(scale)) for scale in (1.0, 0.9, 0.8)]


@pytest.fixture
def desk(store, registry, models):
    """Return a function that makes a controller which answers changes by a policy."""
    return lambda policy=Policy.REVERT: Desk(store, registry, models, policy)


class Counting:
    """A client of MLflow that counts what would change anything there."""

    def __init__(self, real):
        self._real, self.writes = real, []

    def __getattr__(self, name):
        if name.startswith(WRITES):
            self.writes.append(name)
        return getattr(self._real, name)


@pytest.fixture
def writes(registry, store, monkeypatch):
    """Return the writes to MLflow, and the writing transactions of the store."""
    client = Counting(registry._client)
    monkeypatch.setattr(registry.aliases, "_client", client)
    monkeypatch.setattr(registry, "_client", client)
    real = store._database.writing

    def writing():
        client.writes.append("store")
        return real()

    monkeypatch.setattr(store._database, "writing", writing)
    return client.writes


def shown(registry):
    return registry.aliases.read([MODEL])[MODEL]


def move(registry, alias, number):
    registry._client.set_registered_model_alias(MODEL, alias, str(number))


def told(store):
    return [event.type for event in store.events() if event.rollout is None]


def test_a_pass_shows_where_versions_stand(desk, registry):
    desk().run_pass(NOW)

    assert shown(registry) == Projection(1, None, None, "callers get version 1.")


def test_a_rollout_is_shown_from_its_beginning_to_its_end(desk, store, registry):
    controller = desk()
    controller.run_pass(NOW)
    servers, rollout = Servers(store), begin(store)
    live(store, controller, servers, rollout, most=10)
    controller.run_pass(NOW + 10)
    during = shown(registry)
    live(store, controller, servers, rollout, begun=NOW + 10)
    controller.run_pass(NOW + 3600)
    after = shown(registry)

    assert (during.stable, during.canary, during.previous) == (1, 2, None)
    assert "version 2: shadowing, step 1 of 4" in during.summary
    assert (after.stable, after.canary, after.previous) == (2, None, 1)
    assert "version 2: succeeded" in after.summary
    assert told(store) == []


def test_a_second_pass_writes_nothing_anywhere(desk, store, writes):
    controller = desk()
    controller.run_pass(NOW)
    live(store, controller, Servers(store), begin(store), most=10)
    controller.run_pass(NOW + 10)
    assert "set_registered_model_alias" in writes
    writes.clear()

    controller.run_pass(NOW + 11)

    assert writes == []


@pytest.mark.parametrize("alias", ["stable", "canary", "previous"])
def test_an_alias_that_was_moved_is_put_back_in_one_pass(alias, desk, store, registry):
    controller = desk()
    controller.run_pass(NOW)
    before = shown(registry)
    move(registry, alias, 2)

    controller.run_pass(NOW + 5)

    assert shown(registry) == before
    assert controller.routes().stable == {MODEL: 1}
    assert told(store) == ["AliasMoved"]
    assert not store.page(MODEL).rollouts


def test_an_alias_that_was_taken_away_is_put_back(desk, registry):
    controller = desk(Policy.ADOPT)
    controller.run_pass(NOW)
    registry._client.delete_registered_model_alias(MODEL, "stable")

    controller.run_pass(NOW + 5)

    assert shown(registry).stable == 1


def test_a_version_made_stable_in_mlflow_is_rolled_out_by_the_usual_steps(desk, store, registry):
    controller = desk(Policy.ADOPT)
    controller.run_pass(NOW)
    move(registry, "stable", 2)
    for second in range(5):
        controller.run_pass(NOW + second)

    [rollout] = store.page(MODEL).rollouts
    assert (rollout.stable, rollout.canary, rollout.spec) == (1, 2, DEFAULT)
    assert shown(registry).stable == 1
    assert controller.routes().stable == {MODEL: 1}


def test_the_same_version_made_stable_again_is_rolled_out_again(desk, store, registry):
    controller = desk(Policy.ADOPT)
    controller.run_pass(NOW)
    move(registry, "stable", 2)
    controller.run_pass(NOW + 1)
    [first] = store.page(MODEL).rollouts
    move(registry, "stable", 2)
    controller.run_pass(NOW + 2)
    assert len(store.page(MODEL).rollouts) == 1
    cause = Cause("Ada", ActorKind.HUMAN, "abort")
    store.transition(first.id, store.get(first.id).etag, Abort(), cause, NOW + 3)
    controller.run_pass(NOW + 4)
    move(registry, "stable", 2)
    controller.run_pass(NOW + 5)

    assert len(store.page(MODEL).rollouts) == 2


def test_a_rollout_makes_way_for_a_version_made_stable_in_mlflow(desk, store, registry):
    controller = desk(Policy.ADOPT)
    controller.run_pass(NOW)
    first = begin(store)
    move(registry, "stable", 3)
    controller.run_pass(NOW + 5)

    assert store.get(first).state is State.SUPERSEDED
    assert store.page(MODEL).rollouts[0].canary == 3


def test_a_controller_killed_while_it_answers_adopts_once(store, registry, models):
    Desk(store, registry, models).run_pass(NOW)
    deaths = 0
    for seed in range(8):
        chance, before = random.Random(seed), len(store.page(MODEL, size=1000).rollouts)
        move(registry, "stable", 2 + seed % 2)
        mortal = Mortal(store, chance, 0.1), Mortal(registry, chance, 0.1)
        for second in range(25):
            try:
                Desk(*mortal, models, Policy.ADOPT).run_pass(NOW + 500 * seed + second)
            except Killed:
                deaths += 1
        Desk(store, registry, models, Policy.ADOPT).run_pass(NOW + 500 * seed + 400)

        assert shown(registry).stable == 1
        assert len(store.page(MODEL, size=1000).rollouts) == before + 1
    assert deaths > 50


def test_a_moved_alias_may_stay_and_is_told_and_changes_nothing(desk, registry, writes):
    controller = desk(Policy.REPORT)
    controller.run_pass(NOW)
    move(registry, "stable", 2)
    controller.run_pass(NOW + 5)
    writes.clear()
    controller.run_pass(NOW + 10)
    left = shown(registry)

    assert writes == []
    assert left.stable == 2
    assert "stable was moved to version 2 by hand" in left.summary
    assert controller.shelf._projector.moved == {MODEL: {"stable": 2}}
    assert controller.routes().stable == {MODEL: 1}

    move(registry, "stable", 1)
    controller.run_pass(NOW + 15)
    assert "by hand" not in shown(registry).summary
    assert controller.shelf._projector.moved == {}


def test_what_is_left_moved_stays_so_through_a_rollout(desk, store, registry):
    controller = desk(Policy.REPORT)
    controller.run_pass(NOW)
    move(registry, "stable", 3)
    done = live(store, controller, Servers(store), begin(store))
    controller.run_pass(NOW + 3600)

    assert done.state is State.SUCCEEDED
    assert (shown(registry).stable, shown(registry).previous) == (3, 1)


def test_a_version_that_was_deleted_is_shown_by_no_alias(desk, store, registry, writes):
    controller = desk()
    controller.run_pass(NOW)
    done = live(store, controller, Servers(store), begin(store))
    assert done.state is State.SUCCEEDED
    registry._client.delete_model_version(MODEL, "1")
    controller.run_pass(NOW + 3600)
    controller.run_pass(NOW + 3605)
    writes.clear()
    controller.run_pass(NOW + 3610)

    assert (shown(registry).stable, shown(registry).previous) == (2, None)
    assert controller.routes().previous == {MODEL: 1}
    assert writes == []


def test_what_another_controller_is_writing_is_left_alone_until_it_must_be_dead(
    desk, store, registry
):
    controller = desk()
    controller.run_pass(NOW)
    written = store.shown.read()[MODEL]
    store.shown.begin(MODEL, written, shown(registry), Projection(2), NOW + 5)
    move(registry, "stable", 2)

    controller.run_pass(NOW + 10)
    assert shown(registry).stable == 2

    controller.run_pass(NOW + 130)
    assert shown(registry).stable == 1
    assert told(store) == []
