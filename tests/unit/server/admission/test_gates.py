from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

from limner.v1.reasons import OverloadedWork
from limner_registry.contracts import FACE_MESH, STYLIZER
from limner_registry.routes import Routes
from limner_server.admission.gates import Gates
from limner_server.admission.line import Priority
from limner_server.call import Call
from limner_server.metrics import Metrics


def call_of(seconds=60.0, priority=Priority.INTERACTIVE) -> Call:
    deadline = time.monotonic() + seconds
    return Call("/limner.v1.SegmentService/Segment", deadline, Routes(), priority=priority)


@pytest.mark.parametrize("contract", [FACE_MESH, STYLIZER])
async def test_a_version_is_handed_no_more_runs_than_it_has_runners(contract):
    metrics, running, most = Metrics(), 0, 0
    gates = Gates(metrics)

    async def run() -> None:
        nonlocal running, most
        async with gates.through(contract, 1, call_of()):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.005)
            running -= 1

    runs = [asyncio.create_task(run()) for _ in range(6)]
    await asyncio.sleep(0.001)
    labels = {"model": contract.model, "version": "1"}
    shown = [
        metrics.registry.get_sample_value(f"limner_model_{what}", labels)
        for what in ("working", "waiting")
    ]
    await asyncio.gather(*runs)
    assert most == contract.runners
    assert shown == [contract.runners, 6 - contract.runners]


@pytest.mark.parametrize(("seconds", "ahead"), [(0.0, 1), (0.02, 0)])
async def test_runs_that_are_over_soon_are_handed_over_one_ahead(seconds, ahead):
    gates = Gates(Metrics())
    async with gates.through(FACE_MESH, 1, call_of()):
        await asyncio.sleep(seconds)
    most = FACE_MESH.runners + ahead
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(most):
            await stack.enter_async_context(gates.through(FACE_MESH, 1, call_of()))
        one_more = gates.through(FACE_MESH, 1, call_of())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await one_more.__aenter__()


async def test_versions_do_not_wait_for_each_other():
    gates = Gates(Metrics())
    async with gates.through(FACE_MESH, 1, call_of()), gates.through(FACE_MESH, 2, call_of()):
        pass


async def test_the_more_urgent_run_is_next_and_its_wait_is_told():
    gates, order, call = Gates(Metrics()), [], call_of()

    async def run(name: str, call: Call) -> None:
        async with gates.through(FACE_MESH, 1, call):
            order.append(name)

    async with gates.through(FACE_MESH, 1, call_of()):
        late = asyncio.create_task(run("batch", call_of(priority=Priority.BATCH)))
        await asyncio.sleep(0)
        urgent = asyncio.create_task(run("interactive", call))
        await asyncio.sleep(0.01)
    await asyncio.gather(late, urgent)
    assert order == ["interactive", "batch"]
    assert [name for name, _ in call.stages] == ["wait"]


async def test_a_run_that_would_end_too_late_is_not_begun():
    gates = Gates(Metrics())
    gates._pace.took((FACE_MESH.model, 1), 10.0)
    async with gates.through(FACE_MESH, 1, call_of()):
        with pytest.raises(OverloadedWork) as caught:
            async with gates.through(FACE_MESH, 1, call_of(15)):
                pytest.fail("it was begun")
    assert caught.value.retry_after == pytest.approx(10, abs=3)


async def test_a_run_that_need_not_wait_is_begun_however_little_time_is_left():
    gates = Gates(Metrics())
    gates._pace.took((FACE_MESH.model, 1), 10.0)
    async with gates.through(FACE_MESH, 1, call_of(5)):
        pass
