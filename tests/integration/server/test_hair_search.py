"""A search on a real Triton: its steps are told, and it ends when nobody waits for it."""

from __future__ import annotations

import asyncio
import time

import numpy as np
import pytest
import pytest_asyncio
import torch

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_models.loho.answering import Answering
from limner_models.loho.release import golden
from limner_models.loho.weights import packed
from limner_models.networks.hair_segmenter import HairSegmenter
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.style_generator import StyleGenerator
from limner_registry.contracts import HAIR_OPTIMIZER, SEARCH_MEASURES
from limner_registry.golden import Golden
from limner_registry.place import place_stable
from limner_registry.publish import publish
from limner_registry.release import Release
from limner_registry.store import Registry
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.routing.models import Models
from limner_server.routing.trials import Trials
from limner_server.triton.client import Triton
from limner_server.triton.process import Ports, TritonProcess
from limner_server.triton.runners import _running
from limner_server.triton.servables import Servables
from limner_server.triton.wear import Wear
from tests.unit.server.triton.settling import settle

pytestmark = pytest.mark.asyncio(loop_scope="module")
BUILT = {"size": 64, "mapping_layers": 2, "channel_multiplier": 0.25}


def weights():
    torch.manual_seed(0)
    return packed(StyleGenerator(**BUILT), BUILT, HairSegmenter(MobileNetEncoder()))


def asked(first=3, second=3, side=64, seed=5):
    rng = np.random.default_rng(1)
    photos = rng.integers(0, 256, (1, 3, side, side, 3), np.uint8)
    maps = np.zeros((1, 3, side, side, 2), np.uint8)
    maps[:, :, : side // 2, :, 0] = 255
    maps[:, :, side // 2 :, :, 1] = 255
    return {
        "photos": photos,
        "maps": maps,
        "steps": np.array([[first, second]], np.int16),
        "seed": np.frombuffer(seed.to_bytes(4, "little"), np.uint8)[None],
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a state folder with a version that was published and placed."""
    state = tmp_path_factory.mktemp("state")
    network = weights()
    facts = {"scores": {}, "card": "# A test", "license": "Apache-2.0"}
    facts |= {"data_sha256": "0" * 64, "origin": "a test"}
    registry = Registry.open(state)
    publish(registry, Release(HAIR_OPTIMIZER, network, golden(network), **facts))
    place_stable(registry, state / "models")
    return state


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def triton(folder):
    process = await TritonProcess.start(folder, Ports.free(), Wear(int, int))
    triton = Triton(process.ports.grpc_address, process.ports.http_address)
    try:
        await triton.load("hair_optimizer", 1)
        yield triton
    finally:
        await triton.close()
        await process.stop()


def runner_seconds(folder):
    """Return the processor's time that the version's runners have had."""
    times = [one.cpu_times() for one in _running(folder / "models/hair_optimizer.v1")]
    assert times
    return sum(one.user + one.system for one in times)


async def test_every_step_is_told_and_the_last_answer_is_what_was_found(triton, folder):
    inputs = asked()

    answers = [one async for one in triton.stream(HAIR_OPTIMIZER, 1, inputs, 60)]

    assert [tuple(one["steps"][0]) for one in answers] == [(n, 6) for n in (1, 2, 3, 4, 5, 6, 6)]
    told = [dict(zip(SEARCH_MEASURES, one["measures"][0], strict=True)) for one in answers]
    assert all(one["identity"] > 0 for one in told)
    assert [one["style"] > 0 for one in told] == [False] * 3 + [True] * 4
    assert all(one["cosine_after"] < 1e-6 for one in told)
    found = answers[-1]
    assert found["picture"].shape == (1, 64, 64, 3)
    assert found["maps"].shape == (1, 64, 64, 2)
    assert found["side"] == 64

    alone = Answering(folder / "models/hair_optimizer.v1/1/model.safetensors", "cpu", 1)
    *_, expected = alone.answers(inputs, lambda: None)
    gap = np.abs(expected["picture"].astype(int) - found["picture"])
    assert np.percentile(gap, 99) <= 2


async def test_a_placed_version_answers_its_golden_inputs(triton, folder):
    known = Golden.read(folder / "models/hair_optimizer.v1/1")

    answer = await triton.run(HAIR_OPTIMIZER, 1, known.inputs, 20)

    assert known.difference(answer) is None


async def test_a_version_is_well_while_it_searches(triton):
    searching = asyncio.create_task(triton.run(HAIR_OPTIMIZER, 1, asked(200, 200), 60))
    await asyncio.sleep(0.5)

    found = await triton.run(HAIR_OPTIMIZER, 1, asked(0, 0), 10)

    assert found["picture"].shape == (1, 64, 64, 3)
    assert not searching.done()
    searching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await searching


@pytest.mark.parametrize("how", ["closed", "cancelled", "late"])
async def test_a_search_ends_when_nobody_waits_for_it(triton, folder, how):
    stream = triton.stream(HAIR_OPTIMIZER, 1, asked(500, 500), 1.5 if how == "late" else 60)
    await anext(stream)

    if how == "closed":
        await stream.aclose()
    elif how == "cancelled":
        waiting = asyncio.create_task(everything(stream))
        await asyncio.sleep(0.2)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    else:
        with pytest.raises(DeadlinePassed):
            await everything(stream)

    await asyncio.sleep(0.25)  # the processor's time is counted by hundredths of a second
    before = runner_seconds(folder)
    await asyncio.sleep(0.5)
    assert runner_seconds(folder) - before < 0.1


async def everything(stream):
    return [one async for one in stream]


async def test_a_version_that_is_not_there_is_not_ready(triton):
    with pytest.raises(ModelNotReady):
        await triton.run(HAIR_OPTIMIZER, 7, asked(), 20)


async def test_a_search_that_cannot_be_is_refused(triton):
    for wrong in (asked(-1, 3), asked(1, 6000), asked(side=16)):
        with pytest.raises(ModelFailed):
            await triton.run(HAIR_OPTIMIZER, 1, wrong, 20)
    assert (await triton.run(HAIR_OPTIMIZER, 1, asked(1, 0), 20))["steps"].tolist() == [[1, 1]]


async def test_a_search_whose_runner_is_killed_begins_anew(triton, folder):
    async def routed(_routes):
        pass

    placed, metrics = folder / "models", Metrics()
    servables = Servables(triton, placed, [HAIR_OPTIMIZER], metrics, routed)
    await settle(servables)
    trials = Trials(lambda: servables.routes, triton.run, metrics)
    models = Models(triton, servables, trials, metrics, placed)
    call = Call(
        "/limner.v1.TransferHairService/TransferHair", time.monotonic() + 60, trials.table()
    )

    steps = []
    async for answer in models.follow(HAIR_OPTIMIZER, asked(20, 20), call):
        steps.append(int(answer["steps"][0, 0]))
        if steps == [1, 2]:
            for runner in _running(placed / "hair_optimizer.v1"):
                runner.kill()
    servables.leave()

    assert steps.count(1) == 2
    assert steps[-41:] == [*range(1, 41), 40]
    assert servables.mends == 1
