"""Runners that die, hang, fail and answer wrongly: how long until it is seen, and who suffers."""

from __future__ import annotations

import asyncio
import time

import pytest

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_server.triton import keeper
from tests.faults.toy import EXIT, HANG, LEAK, NAN, RAISE, SHAPE

WRONG = {
    RAISE: "runner raises",
    NAN: "runner answers NaN",
    SHAPE: "runner answers a wrong shape",
}


async def test_a_runner_killed_while_idle_is_seen_and_replaced(house, table):
    before = house.runner()
    before.kill()
    times = await house.lost_and_found()
    assert house.runner().pid != before.pid
    async with house.called() as calls:
        await asyncio.sleep(0.5)
    table.add("runner killed, idle", times, calls, "nothing")
    assert times[0] < 2
    assert times[1] < 5
    assert not calls.errors


async def test_no_call_fails_when_a_runner_is_killed_under_load(house, table):
    async with house.called(milliseconds=20) as calls:
        await asyncio.sleep(0.5)
        house.runner().kill()
        times = await house.lost_and_found()
        await asyncio.sleep(1)
    table.add("runner killed, 20 calls a second", times, calls, f"{calls.longest:.1f} s once")
    assert not calls.errors
    assert times[0] < 1.1
    assert times[1] < 5


@pytest.mark.long
async def test_a_call_outlives_the_runner_that_it_is_on(house, table):
    calling = asyncio.create_task(house.call(milliseconds=1500))
    await asyncio.sleep(0.5)
    house.runner().kill()
    times = await house.lost_and_found()
    async with house.called() as calls:
        await calling
    table.add("runner killed amid a call", times, calls, "that call is done again")


async def test_a_runner_stopped_while_idle_is_seen_and_replaced(house, table):
    house.runner().suspend()
    times = await house.lost_and_found()
    async with house.called() as calls:
        await asyncio.sleep(0.5)
    table.add("runner stopped (SIGSTOP), idle", times, calls, "nothing")
    assert times[0] < 2.5
    assert times[1] < 5
    assert not calls.errors


@pytest.mark.long
async def test_a_runner_that_is_stopped_is_replaced(house, table):
    async with house.called() as calls:
        await asyncio.sleep(0.3)
        house.runner().suspend()
        times = await house.lost_and_found(detect=8)
        await asyncio.sleep(1)
    table.add("runner stopped (SIGSTOP)", times, calls, f"{calls.longest:.1f} s once")
    assert not calls.errors


async def test_a_runner_that_grows_is_replaced(house, table, monkeypatch):
    monkeypatch.setattr(keeper, "MOST_GROWN", 64 * 2**20)
    before = house.runner().pid
    async with house.called() as calls:
        await house.call(LEAK, milliseconds=48_000)
        await asyncio.sleep(2.5)
        assert house.runner().pid == before
        await house.call(LEAK, milliseconds=48_000)
        times = await house.lost_and_found()
        await asyncio.sleep(0.5)
    fault = "runner keeps 96 MiB, 64 being the limit"
    table.add(fault, times, calls, f"{calls.longest:.1f} s once")
    assert not calls.errors
    assert house.runner().pid != before
    assert house.runner().memory_info().rss < 96 * 2**20


@pytest.mark.long
async def test_a_request_that_ends_its_runners_fails_and_harms_nobody_else(house, table):
    async with house.called(rate=5) as calls:
        began = time.monotonic()
        with pytest.raises(ModelNotReady):
            await house.call(EXIT)
        failed = time.monotonic() - began
        recovered = failed + await house.until(house.is_up, 20)
    table.add("request that ends runners", (failed, recovered), calls, "it alone fails")
    assert recovered < 15


async def test_a_failure_or_a_useless_answer_fails_its_call_alone(house, table):
    runner = house.runner()
    for what, fault in WRONG.items():
        async with house.called() as calls:
            await asyncio.sleep(0.3)
            began = time.monotonic()
            with pytest.raises(ModelFailed):
                await house.call(what)
            failed = time.monotonic() - began
            await asyncio.sleep(0.3)
        table.add(fault, (failed, failed), calls, "MODEL_FAILED")
        assert not calls.errors
    assert house.runner().pid == runner.pid


@pytest.mark.long
async def test_a_runner_that_hangs_is_replaced(house, table):
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        await house.call(HANG, milliseconds=600_000, timeout=1)
    times = await house.lost_and_found(detect=20)
    async with house.called() as calls:
        await asyncio.sleep(0.5)
    waited = time.monotonic() - began
    table.add("runner hangs", times, calls, "DEADLINE_PASSED, then MODEL_NOT_READY")
    assert waited < 40
    assert not calls.errors
