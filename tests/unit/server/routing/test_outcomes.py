from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from limner_registry.rollout.outcome import Key
from limner_registry.routes import Arm
from limner_server.routing import outcomes
from limner_server.routing.outcomes import Outcomes


def test_a_caller_counts_once_in_an_arm_and_once_for_each_trouble():
    counted = Outcomes()
    for bad in ((), ("error",), ("error", "slow")):
        counted.answered("dye-7", 3, Arm.CANARY, "user-1", bad)
    counted.answered("dye-7", 3, Arm.CANARY, "user-2", ("error",))

    assert counted.counts == {
        Key.named("dye-7", 3, "canary.units"): 2,
        Key.named("dye-7", 3, "canary.error"): 2,
        Key.named("dye-7", 3, "canary.slow"): 1,
    }


def test_arms_and_generations_count_apart():
    counted = Outcomes()
    for generation in (3, 4):
        for arm in (Arm.STABLE, Arm.CANARY):
            counted.answered("dye-7", generation, arm, "user-1", ())

    assert set(counted.counts.values()) == {1}
    assert len(counted.counts) == 4


@given(
    st.sets(st.sampled_from(["error", "quality"])), st.sets(st.sampled_from(["error", "quality"]))
)
def test_a_pair_counts_what_only_one_of_the_two_did(stable, canary):
    counted = Outcomes()

    counted.paired("dye-7", 3, stable, canary)

    expected = {Key.named("dye-7", 3, "pairs.units"): 1}
    expected |= {Key.named("dye-7", 3, f"stable_only.{kind}"): 1 for kind in stable - canary}
    expected |= {Key.named("dye-7", 3, f"canary_only.{kind}"): 1 for kind in canary - stable}
    assert counted.counts == expected


def test_more_callers_than_can_be_told_apart_are_not_counted(monkeypatch):
    monkeypatch.setattr(outcomes, "MOST_UNITS", 3)
    counted = Outcomes()
    for number in range(9):
        for arm in (Arm.STABLE, Arm.CANARY):
            counted.answered("dye-7", 3, arm, f"user-{number} of {arm}", ("error",))
    counted.answered("dye-7", 3, Arm.STABLE, "user-0 of stable", ("slow",))

    assert {key.name: count for key, count in counted.counts.items()} == {
        "stable.units": 2,
        "stable.error": 2,
        "stable.slow": 1,
        "canary.units": 1,
        "canary.error": 1,
    }


def test_a_rollout_that_is_over_is_forgotten():
    counted = Outcomes()
    counted.answered("dye-7", 3, Arm.STABLE, "user-1", ())
    counted.answered("matte-2", 3, Arm.STABLE, "user-1", ())

    counted.keep({"matte-2"})

    assert set(counted.counts) == {Key.named("matte-2", 3, "stable.units")}
