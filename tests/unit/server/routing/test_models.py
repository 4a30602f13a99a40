from __future__ import annotations

import asyncio
import time
from pathlib import Path

import numpy as np
import pytest

from limner.v1.reasons import ModelFailed, ModelNotReady, ModelVersionUnknown
from limner_registry.contracts import HAIR_MATTER, HAIR_OPTIMIZER
from limner_registry.routes import Caller, Canary, Routes
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.routing.models import Models
from limner_server.routing.trials import Trials

MODEL = HAIR_MATTER.model
SILENCE = object()
"""A runner that dies amid a stream, of which Triton says nothing."""
GOOD = {"alpha": np.full((1, 512, 512), 0.5, np.float32)}


class Versions:
    """Stands where Triton and its keepers do: each run ends as the test says."""

    def __init__(self, *ends):
        self.ends = [*ends]
        self.told = []
        self.waited_for = True
        self.here = [1, 2]
        self.runner_ends = asyncio.Event()

    async def run(self, contract, version, inputs, timeout):
        self.told.append(("run", version))
        end = self.ends.pop(0)
        if isinstance(end, Exception):
            raise end
        return end

    async def stream(self, contract, version, inputs, timeout):
        self.told.append(("stream", version))
        try:
            for end in self.ends.pop(0):
                if isinstance(end, Exception):
                    raise end
                if end is SILENCE:
                    self.runner_ends.set()
                    await asyncio.Event().wait()
                yield end
        finally:
            self.told.append(("over", version))

    async def lost(self, model, version, losses):
        await self.runner_ends.wait()
        self.runner_ends.clear()

    async def back(self, model, version, seconds):
        self.told.append(("back", version, seconds > 0))
        return 7

    def versions(self, model):
        return self.here

    def lose(self, model, version, losses):
        self.told.append(("lose", version, losses))
        return self.waited_for


def models_of(versions, routes):
    metrics = Metrics()
    trials = Trials(lambda: routes, versions.run, metrics)
    trials.lease(60)
    call = Call("/limner.v1.MatteService/Matte", time.monotonic() + 10, trials.table())
    return Models(versions, versions, trials, metrics, Path()), call


async def answer(versions, routes):
    models, call = models_of(versions, routes)
    return await models.infer(HAIR_MATTER, {}, call)


async def answers(versions, routes):
    models, call = models_of(versions, routes)
    return [one async for one in models.follow(HAIR_OPTIMIZER, {}, call)]


async def test_a_run_whose_runner_died_is_done_again_once_another_is_there():
    versions = Versions(ModelNotReady("its runner is dead"), GOOD)
    assert await answer(versions, Routes(1, {MODEL: 1})) is GOOD
    assert versions.told == [
        ("back", 1, True),
        ("run", 1),
        ("lose", 1, 7),
        ("back", 1, True),
        ("run", 1),
    ]


async def test_a_request_that_kills_runners_is_tried_three_times():
    versions = Versions(*[ModelNotReady("its runner is dead")] * 4)
    with pytest.raises(ModelNotReady):
        await answer(versions, Routes(1, {MODEL: 1}))
    assert versions.told.count(("run", 1)) == 3


async def test_nobody_waits_for_a_version_that_does_not_come_back():
    versions = Versions(ModelNotReady("it is gone"), GOOD)
    versions.waited_for = False
    with pytest.raises(ModelNotReady):
        await answer(versions, Routes(1, {MODEL: 1}))


async def test_a_run_that_failed_on_its_inputs_is_not_done_again():
    versions = Versions(ModelFailed("it failed"), GOOD)
    with pytest.raises(ModelFailed):
        await answer(versions, Routes(1, {MODEL: 1}))
    assert versions.told == [("back", 1, True), ("run", 1)]


async def test_the_stable_version_answers_at_once_for_a_canary_whose_runner_died():
    versions = Versions(ModelNotReady("its runner is dead"), GOOD)
    canary = Canary(2, "hair-2", "salt", weight_bps=10_000)
    assert await answer(versions, Routes(1, {MODEL: 1}, {}, {MODEL: canary})) is GOOD
    assert versions.told == [
        ("back", 2, False),
        ("run", 2),
        ("lose", 2, 7),
        ("back", 1, True),
        ("run", 1),
    ]


def pinned(versions, model, number):
    """Return models, and a call that names one version of a model whose stable version is 1."""
    models, call = models_of(versions, Routes(1, {model: 1}))
    call.asks = Caller("somebody", pins={model: number})
    return models, call


async def test_a_version_that_is_here_answers_who_names_it():
    versions = Versions(GOOD)
    models, call = pinned(versions, MODEL, 2)
    assert await models.infer(HAIR_MATTER, {}, call) is GOOD
    assert ("run", 2) in versions.told


async def test_a_version_that_is_not_here_is_unknown_and_not_run():
    models, call = pinned(Versions(), MODEL, 99)
    with pytest.raises(ModelVersionUnknown, match="no version 99 on this server; there are 1, 2"):
        await models.infer(HAIR_MATTER, {}, call)


async def test_a_version_that_is_not_here_is_not_followed():
    models, call = pinned(Versions(), SEARCHED, 99)
    with pytest.raises(ModelVersionUnknown):
        await anext(models.follow(HAIR_OPTIMIZER, {}, call))


async def test_while_no_version_is_here_none_is_unknown():
    versions = Versions(ModelNotReady("no such model"))
    versions.here, versions.waited_for = [], False
    models, call = pinned(versions, MODEL, 2)
    with pytest.raises(ModelNotReady):
        await models.infer(HAIR_MATTER, {}, call)


SEARCHED = HAIR_OPTIMIZER.model


async def test_answers_are_given_as_they_come():
    versions = Versions([1, 2, 3])
    assert await answers(versions, Routes(1, {SEARCHED: 1})) == [1, 2, 3]
    assert versions.told == [("back", 1, True), ("stream", 1), ("over", 1)]


async def test_who_stops_listening_ends_the_run_at_once():
    versions = Versions([1, 2, 3])
    models, call = models_of(versions, Routes(1, {SEARCHED: 1}))
    following = models.follow(HAIR_OPTIMIZER, {}, call)
    assert await anext(following) == 1
    await following.aclose()
    assert versions.told[-1] == ("over", 1)
    assert call.stages[-1][0] == SEARCHED


@pytest.mark.parametrize("end", [ModelNotReady("its runner is dead"), SILENCE])
async def test_a_stream_whose_runner_died_begins_anew_once_another_is_there(end):
    versions = Versions([1, end], [10, 20])
    assert await answers(versions, Routes(1, {SEARCHED: 1})) == [1, 10, 20]
    assert versions.told == [
        ("back", 1, True),
        ("stream", 1),
        ("over", 1),
        ("lose", 1, 7),
        ("back", 1, True),
        ("stream", 1),
        ("over", 1),
    ]


async def test_a_stream_that_kills_runners_is_tried_three_times():
    versions = Versions(*[[1, SILENCE]] * 4)
    with pytest.raises(ModelNotReady):
        await answers(versions, Routes(1, {SEARCHED: 1}))
    assert versions.told.count(("stream", 1)) == 3


async def test_a_stream_that_failed_on_its_inputs_is_not_begun_again():
    versions = Versions([1, ModelFailed("it failed")], [1])
    with pytest.raises(ModelFailed):
        await answers(versions, Routes(1, {SEARCHED: 1}))
    assert versions.told[-1] == ("over", 1)


async def test_the_stable_version_begins_anew_where_a_canary_s_stream_fails():
    versions = Versions([1, ModelFailed("it failed")], [10, 20])
    canary = Canary(2, "hair-2", "salt", weight_bps=10_000)
    routes = Routes(1, {SEARCHED: 1}, {}, {SEARCHED: canary})
    assert await answers(versions, routes) == [1, 10, 20]
    assert versions.told == [
        ("back", 2, False),
        ("stream", 2),
        ("over", 2),
        ("back", 1, True),
        ("stream", 1),
        ("over", 1),
    ]
