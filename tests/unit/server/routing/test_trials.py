"""Canaries on trial: fallback, ejection, leases, counts and shadow samples, without a Triton."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import numpy as np
import pytest

from limner.v1 import image_pb2
from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contracts import HAIR_MATTER
from limner_registry.rollout.outcome import Key
from limner_registry.routes import Arm, Caller, Canary, Choice, Routes
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.routing.models import Models
from limner_server.routing.trials import MOST_SAMPLES, Trials

MODEL = HAIR_MATTER.model
STABLE, CANARY = 1, 2
INPUTS = {
    "image": np.zeros((1, 512, 512, 3), np.uint8),
    "trimap": np.full((1, 512, 512), 128, np.uint8),
}
GOOD = {"alpha": np.random.default_rng(0).random((1, 512, 512), np.float32)}
EMPTY = {"alpha": np.zeros((1, 512, 512), np.float32)}


class Versions:
    """Stands where Triton does: answers or fails as each version is told to."""

    def __init__(self):
        self.does = {STABLE: GOOD, CANARY: GOOD}
        self.ran = []
        self.lost = []

    async def back(self, model, version, seconds):
        return self.lost.count(version)

    def versions(self, model):
        return sorted(self.does)

    def lose(self, model, version, losses):
        self.lost.append(version)
        return False

    async def run(self, contract, version, inputs, timeout):
        self.ran.append(version)
        does = self.does[version]
        if isinstance(does, Exception):
            raise does
        if isinstance(does, float):
            await asyncio.sleep(does)
            return GOOD
        return does


class Bench:
    """A server's trials with one model that is being rolled out."""

    def __init__(self, **canary):
        trial = Canary(CANARY, "hair-2", "salt", **{"weight_bps": 10_000} | canary)
        self.routes = Routes(3, {MODEL: STABLE}, {}, {MODEL: trial})
        self.versions, self.metrics = Versions(), Metrics()
        self.trials = Trials(lambda: self.routes, self.versions.run, self.metrics)
        self.trials.lease(60)
        self.models = Models(self.versions, self.versions, self.trials, self.metrics, Path())
        self.ejections = []
        self.trials.on_ejection = lambda *said: self.ejections.append(said)

    async def call(self, unit="user-1", seconds=10.0, **caller):
        call = Call(
            "/limner.v1.MatteService/Matte", time.monotonic() + seconds, self.trials.table()
        )
        call.asks = Caller(unit, **caller)
        well = False
        try:
            await self.models.infer(HAIR_MATTER, INPUTS, call)
            well = True
        finally:
            self.trials.ended(call, well=well)
        return call

    def count(self, name):
        return self.trials.outcomes.counts[Key.named("hair-2", 3, name)]


async def test_a_canary_answers_who_is_given_it():
    bench = Bench()

    call = await bench.call()

    [use] = call.served_by().models
    assert (use.version, use.arm, use.rollout) == (CANARY, image_pb2.ARM_CANARY, "hair-2")
    assert not use.fell_back
    assert call.served_by().routing_generation == 3
    assert bench.count("canary.units") == 1


@pytest.mark.parametrize(
    "failure", [ModelFailed("no"), ModelNotReady("gone"), DeadlinePassed("too slow")]
)
async def test_where_a_canary_fails_the_stable_version_answers_and_the_failure_counts(failure):
    bench = Bench()
    bench.versions.does[CANARY] = failure

    call = await bench.call()

    [use] = call.served_by().models
    assert (use.version, use.arm, use.fell_back) == (STABLE, image_pb2.ARM_STABLE, True)
    assert bench.versions.ran == [CANARY, STABLE]
    assert [bench.count(f"canary.{name}") for name in ("units", "error", "fallback")] == [1, 1, 1]
    assert bench.count("stable.units") == 0


async def test_a_call_that_fell_back_keeps_to_the_stable_version():
    bench = Bench()
    bench.versions.does[CANARY] = ModelFailed("no")
    call = await bench.call()

    await bench.models.infer(HAIR_MATTER, INPUTS, call)

    assert bench.versions.ran == [CANARY, STABLE, STABLE]


async def test_a_stable_version_that_fails_has_nobody_to_stand_in():
    bench = Bench(weight_bps=0)
    bench.versions.does[STABLE] = ModelFailed("no")

    with pytest.raises(ModelFailed):
        await bench.call()

    assert bench.count("stable.error") == 1


async def test_without_time_left_nobody_stands_in():
    bench = Bench()
    bench.versions.does[CANARY] = DeadlinePassed("too slow")

    with pytest.raises(DeadlinePassed):
        await bench.call(seconds=0.02)

    assert bench.versions.ran == [CANARY]


async def test_a_dead_canary_is_ejected_after_five_calls_that_all_were_answered():
    bench = Bench()
    bench.versions.does[CANARY] = ModelNotReady("gone")

    for number in range(8):
        await bench.call(f"user-{number}")

    assert bench.versions.ran.count(CANARY) == 5
    assert [said[0] for said in bench.ejections] == ["hair-2"]
    ejected = bench.metrics.registry.get_sample_value(
        "limner_canary_ejections_total", {"model": MODEL}
    )
    assert ejected == 1


async def test_without_a_lease_canaries_get_nobody():
    bench = Bench(rules=(("x-beta", "yes"),), shadow_bps=10_000)
    bench.trials.lease(-1)

    call = await bench.call(headers={"x-beta": "yes"})

    assert call.uses[MODEL].choice == Choice(STABLE, Arm.STABLE)
    assert not call.routes.canaries[MODEL].shadow_bps
    assert not bench.trials.outcomes.counts


async def test_a_lease_runs_out_by_itself():
    bench = Bench()
    bench.trials.lease(0.05)
    before = await bench.call()
    await asyncio.sleep(0.06)
    after = await bench.call()

    assert [call.uses[MODEL].version for call in (before, after)] == [CANARY, STABLE]


async def test_who_names_a_version_is_no_evidence():
    bench = Bench()

    call = await bench.call(pins={MODEL: STABLE})

    assert call.served_by().models[0].arm == image_pb2.ARM_PINNED
    assert not bench.trials.outcomes.counts


async def test_who_is_brought_by_a_header_is_no_evidence():
    bench = Bench(weight_bps=0, rules=(("x-beta", "yes"),))

    call = await bench.call(headers={"x-beta": "yes"})

    assert call.uses[MODEL].version == CANARY
    assert not bench.trials.outcomes.counts


async def test_a_slow_run_counts_as_slow_on_either_arm():
    for arm, weight in (("canary", 10_000), ("stable", 0)):
        bench = Bench(weight_bps=weight, slow_seconds=0.02)
        bench.versions.does = {STABLE: 0.03, CANARY: 0.03}

        await bench.call()

        assert bench.count(f"{arm}.slow") == 1


async def test_how_long_runs_take_is_known_without_any_rollout():
    bench = Bench()
    bench.routes = Routes(3, {MODEL: STABLE})
    bench.versions.does[STABLE] = 0.02
    await asyncio.gather(*(bench.call(f"user-{number}") for number in range(250)))

    assert 0.02 < bench.trials.durations.p95(MODEL, STABLE, time.monotonic()) < 1


async def test_how_long_failures_take_says_nothing():
    bench = Bench()
    bench.versions.does[CANARY] = ModelFailed("no")
    await asyncio.gather(*(bench.call(f"user-{number}") for number in range(250)))

    assert bench.trials.durations.p95(MODEL, CANARY, time.monotonic()) == 0


async def test_an_empty_answer_counts_against_the_arm_that_gave_it():
    bench = Bench()
    bench.versions.does[CANARY] = EMPTY

    await bench.call()

    assert bench.count("canary.quality") == 1


async def test_where_a_canarys_answer_is_empty_the_stable_version_answers():
    bench = Bench()
    bench.versions.does[CANARY] = EMPTY

    calls = [await bench.call(f"user-{number}") for number in range(6)]

    assert all(call.served_by().models[0].version == STABLE for call in calls)
    assert [call.served_by().models[0].fell_back for call in calls] == [True] * 5 + [False]
    assert bench.count("canary.quality") == 5
    assert bench.count("canary.fallback") == 0  # to the judge it is one thing that was bad
    assert len(bench.ejections) == 1


@pytest.mark.parametrize("stable", [EMPTY, ModelFailed("no")])
async def test_where_stable_has_nothing_better_a_canarys_empty_answer_goes_out(stable):
    bench = Bench()
    bench.versions.does |= {CANARY: EMPTY, STABLE: stable}

    calls = [await bench.call(f"user-{number}") for number in range(6)]

    uses = [call.served_by().models[0] for call in calls]
    assert all((use.version, use.fell_back) == (CANARY, False) for use in uses)
    assert bench.count("canary.quality") == 6
    assert not bench.ejections


async def test_an_empty_answer_of_the_stand_in_does_not_count_against_the_canary():
    bench = Bench()
    bench.versions.does = {STABLE: EMPTY, CANARY: ModelFailed("no")}

    await bench.call()

    assert (bench.count("canary.error"), bench.count("canary.quality")) == (1, 0)


async def shadowed(bench, calls):
    """Answer some calls, and let the shadow do its work."""
    for number in range(calls):
        await bench.call(f"user-{number}")
    worker = asyncio.create_task(bench.trials.shadow.work())
    for _ in range(200):
        await asyncio.sleep(0.01)
        if bench.count("pairs.units") == calls:
            break
    worker.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await worker


@pytest.mark.parametrize(
    ("stable", "canary", "expected"),
    [
        (GOOD, GOOD, {}),
        (GOOD, EMPTY, {"canary_only.quality": 3}),
        (EMPTY, GOOD, {"stable_only.quality": 3}),
        (EMPTY, EMPTY, {}),
        (GOOD, ModelFailed("no"), {"canary_only.error": 3}),
    ],
    ids=["alike", "canary empty", "stable empty", "both empty", "canary fails"],
)
async def test_shadowed_calls_count_in_pairs_and_reach_nobody(stable, canary, expected):
    bench = Bench(weight_bps=0, shadow_bps=10_000)
    bench.versions.does = {STABLE: stable, CANARY: canary}

    await shadowed(bench, 3)

    found = {key.name: count for key, count in bench.trials.outcomes.counts.items()}
    arms = {name: count for name, count in found.items() if name.startswith(("pairs", "canary"))}
    arms |= {name: count for name, count in found.items() if name.startswith("stable_only")}
    assert arms == {"pairs.units": 3} | expected
    assert bench.versions.ran.count(STABLE) == 3


async def test_a_call_that_failed_is_not_shown():
    bench = Bench(weight_bps=0, shadow_bps=10_000)
    bench.versions.does[STABLE] = ModelFailed("no")
    with contextlib.suppress(ModelFailed):
        await bench.call()

    await shadowed(bench, 0)

    assert CANARY not in bench.versions.ran


async def test_samples_beyond_the_budget_are_dropped_the_oldest_first():
    bench = Bench(weight_bps=0, shadow_bps=10_000)
    one = sum(array.nbytes for array in (*INPUTS.values(), *GOOD.values()))
    bench.trials.shadow._budget = 2 * one

    for number in range(5):
        await bench.call(f"user-{number}")

    dropped = bench.metrics.registry.get_sample_value(
        "limner_shadow_dropped_total", {"reason": "budget"}
    )
    assert dropped == 3
    assert len(bench.trials.shadow._waiting) == 2


async def test_of_a_call_of_many_runs_only_the_first_are_shown():
    bench = Bench(weight_bps=0, shadow_bps=10_000)
    call = Call("/limner.v1.StylizeService/Stylize", time.monotonic() + 10, bench.trials.table())

    for _ in range(MOST_SAMPLES + 5):
        await bench.models.infer(HAIR_MATTER, INPUTS, call)

    assert len(call.samples) == MOST_SAMPLES
