from __future__ import annotations

from dataclasses import replace

import pytest

from limner_registry.rollout.document import read_spec
from limner_registry.rollout.plan import carried, next_routes, rolled_back
from limner_registry.rollout.record import State, new_rollout
from limner_registry.rollout.spec import DEFAULT, HeaderRule, Headers, Spec, Weight
from limner_registry.routes import Canary, Routes

NOW = 1000.0
ROUTES = Routes(4, {"dye_bank": 1, "face_mesh": 3})


def rollout(state=State.PROGRESSING, spec=DEFAULT, **known):
    fresh = new_rollout("dye-2", "dye_bank", 1, 2, spec, salt="salt", creator="Ada", now=NOW)
    return replace(fresh, state=state, **known)


def routes_after(*rollouts, routes=ROUTES, frozen=False, now=NOW):
    return next_routes(routes, rollouts, {"dye-2": 0.4}, frozen=frozen, now=now)


def test_nothing_follows_from_nothing():
    assert routes_after() == ROUTES


def test_a_version_on_trial_is_in_the_table_with_its_weights():
    found = routes_after(rollout(weight_bps=500)).canaries["dye_bank"]

    assert found == Canary(2, "dye-2", "salt", weight_bps=500, slow_seconds=0.4)


def test_a_version_being_verified_is_there_to_be_loaded_and_gets_nobody():
    assert routes_after(rollout(State.VERIFYING)).canaries["dye_bank"].weight_bps == 0


@pytest.mark.parametrize("state", [State.PENDING, State.ABORTING, State.ABORTED, State.SUPERSEDED])
def test_a_rollout_that_has_no_claim_is_not_in_the_table(state):
    before = replace(ROUTES, canaries={"dye_bank": Canary(2, "dye-2", "salt", 500)})

    assert routes_after(rollout(state), routes=before) == ROUTES


def test_a_version_that_succeeded_becomes_stable_and_the_one_before_stays_ready():
    before = replace(ROUTES, canaries={"dye_bank": Canary(2, "dye-2", "salt", 10_000)})
    done = rollout(State.SUCCEEDED, ended_at=NOW)

    after = routes_after(done, routes=before)

    assert (after.stable["dye_bank"], after.previous) == (2, {"dye_bank": 1})
    assert not after.canaries
    assert routes_after(done, routes=after) == after


def test_the_version_before_is_the_one_that_was_stable_until_then():
    canary = Canary(2, "dye-2", "salt", 10_000)
    before = Routes(9, {"dye_bank": 3}, {"dye_bank": 1}, {"dye_bank": canary})

    after = routes_after(rollout(State.SUCCEEDED, ended_at=NOW), routes=before)

    assert (after.stable, after.previous) == ({"dye_bank": 2}, {"dye_bank": 3})


def test_what_succeeded_long_ago_does_not_undo_a_rollback():
    before = Routes(9, {"dye_bank": 1}, {"dye_bank": 2})

    assert routes_after(rollout(State.SUCCEEDED, ended_at=NOW), routes=before) == before


def test_the_version_before_is_let_go_when_its_time_is_over():
    before = Routes(9, {"dye_bank": 2}, {"dye_bank": 1})
    done = rollout(State.SUCCEEDED, ended_at=NOW)

    late = NOW + DEFAULT.rollback_seconds + 1
    assert routes_after(done, routes=before, now=late).previous == {}


def test_headers_stay_in_force_over_later_steps():
    rules = (HeaderRule("x-beta", "yes"),)
    spec = Spec((Headers(rules), Weight(10_000)))
    read_spec(spec.to_json())

    found = routes_after(rollout(spec=spec, step=1, weight_bps=10_000)).canaries["dye_bank"]

    assert found.rules == (("x-beta", "yes"),)


def test_a_rollback_exchanges_stable_and_previous_and_takes_the_canary_out():
    before = Routes(9, {"dye_bank": 2}, {"dye_bank": 1}, {"dye_bank": Canary(3, "dye-3", "s", 5)})

    after = rolled_back(before, "dye_bank")

    assert after == Routes(9, {"dye_bank": 1}, {"dye_bank": 2})
    assert rolled_back(after, "dye_bank").stable == {"dye_bank": 2}
    with pytest.raises(KeyError):
        rolled_back(ROUTES, "face_mesh")


def test_frozen_canaries_carry_no_weight():
    known = rollout(weight_bps=500)
    frozen = routes_after(known, frozen=True)

    assert [entry.weight_bps for entry in carried(frozen, {"dye-2": known})] == [0]
    assert [entry.weight_bps for entry in carried(routes_after(known), {"dye-2": known})] == [500]
