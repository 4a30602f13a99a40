"""When the folders of placed versions are taken away, and when not."""

from __future__ import annotations

import os

import pytest

from limner_registry.control.clearance import UNUSED_SECONDS, Clearance
from limner_registry.place import place
from limner_registry.placed import numbers_of
from limner_registry.publish import publish
from limner_registry.rollout.counters import Snapshot
from limner_registry.rollout.fleet import Connected, Servable
from limner_registry.rollout.ledger import ActorKind, Cause
from limner_registry.rollout.record import State
from limner_registry.rollout.triggers import Retry, Supersede
from tests.integration.registry.test_controller import MODEL, NOW, QUICK, Desk, Servers, begin, live

HOUR = UNUSED_SECONDS + 1


@pytest.fixture(autouse=True)
def versions(registry, make_release):
    return [publish(registry, make_release(scale)) for scale in (1.0, 0.9)]


@pytest.fixture
def aborted(store, registry, models):
    """Return a controller, its servers and the instant at which version 2 was aborted."""
    controller, servers = Desk(store, registry, models), Servers(store, canary_errors=0.3)
    controller.run_pass(NOW)
    for folder in models.glob("*.v*"):
        os.utime(folder, (NOW, NOW))
    done = live(store, controller, servers, begin(store))
    assert done.state is State.ABORTED
    for folder in models.glob("*.v*"):
        os.utime(folder, (NOW, NOW))
    return controller, servers, done.ended_at


def placed(models):
    return numbers_of(models, MODEL)


def test_a_version_that_was_aborted_is_taken_away_after_an_hour(aborted, models):
    controller, servers, ended = aborted
    servers.pass_seconds(controller, ended + HOUR - 60, 1)
    controller.run_pass(ended + HOUR - 60)
    before = placed(models)
    servers.pass_seconds(controller, ended + HOUR + 60, 1)
    controller.run_pass(ended + HOUR + 60)

    assert (before, placed(models)) == ([1, 2], [1])
    assert not list((models / ".staging").iterdir())


def test_a_version_stays_while_a_server_keeps_a_table_that_names_it(aborted, store, models):
    controller, servers, ended = aborted
    now = ended + 2 * HOUR
    servers.pass_seconds(controller, now, 1)
    store.fleet.connect(Connected("a", "boot", 2, now + 1))
    Clearance(store, models).clear(now + 1)

    assert placed(models) == [1, 2]


def test_a_version_stays_while_a_server_says_that_it_serves_it(aborted, store, models):
    controller, servers, ended = aborted
    now = ended + 2 * HOUR
    servers.pass_seconds(controller, now, 1)
    store.fleet.report([Servable(MODEL, 2, "a", proven=True, text="", at=now + 1)])
    Clearance(store, models).clear(now + 1)

    assert placed(models) == [1, 2]


def test_servers_that_are_gone_keep_nothing_placed(aborted, store, models):
    _, _, ended = aborted

    Clearance(store, models).clear(ended + HOUR + 60)

    assert placed(models) == [1]


def test_a_version_that_is_to_be_tried_again_stays(aborted, store, models):
    _, _, ended = aborted
    [rollout] = store.page(MODEL).rollouts
    cause = Cause("Ada", ActorKind.HUMAN, "retry")
    store.transition(rollout.id, rollout.etag, Retry("other"), cause, ended + HOUR)

    Clearance(store, models).clear(ended + HOUR + 60)

    assert placed(models) == [1, 2]


def test_a_version_that_was_taken_away_is_placed_again_when_it_is_wanted(aborted, store, models):
    controller, _, ended = aborted
    Clearance(store, models).clear(ended + HOUR + 60)
    assert placed(models) == [1]
    begin(store, QUICK, "again", ended + 2 * HOUR)
    controller.run_pass(ended + 2 * HOUR)

    assert placed(models) == [1, 2]
    assert controller.routes().canaries[MODEL].version == 2


def test_the_version_before_stays_for_the_time_of_a_rollback(store, registry, models):
    controller, servers = Desk(store, registry, models), Servers(store)
    controller.run_pass(NOW)
    done = live(store, controller, servers, begin(store))
    for folder in models.glob("*.v*"):
        os.utime(folder, (NOW, NOW))
    found = []
    for hours in (2, 23, 24.5, 26):
        now = done.ended_at + 3600 * hours
        controller.run_pass(now)
        servers.pass_seconds(controller, now + 1, 1)
        found.append(placed(models))

    assert found == [[1, 2], [1, 2], [1, 2], [2]]


def test_a_version_placed_by_hand_stays(store, registry, models, make_release):
    controller = Desk(store, registry, models)
    controller.run_pass(NOW)
    publish(registry, make_release(0.8))
    place(registry, MODEL, 3, models)
    for folder in models.glob("*.v*"):
        os.utime(folder, (NOW, NOW))

    controller.run_pass(NOW + 10 * HOUR)

    assert placed(models) == [1, 3]


def test_a_version_placed_anew_by_hand_has_its_hour(aborted, store, models):
    _, _, ended = aborted
    os.utime(models / f"{MODEL}.v2", (ended + HOUR, ended + HOUR))

    Clearance(store, models).clear(ended + HOUR + 60)

    assert placed(models) == [1, 2]


def test_a_rollout_that_begins_at_the_same_moment_keeps_its_version(
    aborted, store, models, monkeypatch
):
    _, _, ended = aborted
    real = store.unneeded

    def late(model, number):
        begin(store, QUICK, "late", ended + HOUR + 60)
        return real(model, number)

    monkeypatch.setattr(store, "unneeded", late)
    Clearance(store, models).clear(ended + HOUR + 60)

    assert placed(models) == [1, 2]


def test_counts_are_kept_for_as_long_as_an_attempt_may_rest_on_them(store, models):
    def counted(boot, at):
        store.fleet.count([Snapshot("a", boot, 1, at, {})])

    counted("long before", NOW - 2 * HOUR)
    counted("just before", NOW - 60)
    begin(store)
    counted("since", NOW + 60)

    def kept(now):
        Clearance(store, models).clear(now)
        return {snapshot.boot for snapshot in store.fleet.counted()}

    assert kept(NOW + 10 * HOUR) == {"just before", "since"}
    [rollout] = store.page(MODEL).rollouts
    over = Cause("Ada", ActorKind.HUMAN, "over")
    store.transition(rollout.id, rollout.etag, Supersede(), over, NOW + 10 * HOUR)
    counted("live", NOW + 10 * HOUR)

    assert kept(NOW + 10 * HOUR + 60) == {"live"}
