"""Callers that leave at any moment, and a server that is told to leave amid calls."""

from __future__ import annotations

import asyncio
import socket
import time

import numpy as np
import pytest

from limner.errors import LimnerError
from limner.v1 import segment_pb2
from limner.v1.reasons import Draining
from limner_server.triton.leftovers import SHM
from limner_server.triton.owned import RUN
from tests.faults.conftest import Calls, housed
from tests.faults.mill import grind
from tests.faults.toy import HANG, place

MINUTE = 1_000_000
"""Turns of the mill that take it about as long."""


async def idle(house):
    """Return whether nothing of any call is left: no work, no bytes, no pixels, no runner."""
    left = [
        await house.metric(f"limner_{name}")
        for name in (
            "calls_in_flight",
            "working_calls",
            "held_bytes",
            "held_pixels",
            "model_working{",
            "model_waiting{",
            "lanes_leased_bytes",
        )
    ]
    return not any(left)


async def test_nothing_is_left_of_callers_who_leave_amid_their_calls(house, table):
    async with house.called(rate=10) as calls:
        for number in range(40):
            asking = asyncio.create_task(house.call(HANG, milliseconds=100, data=b"x" * 300_000))
            await asyncio.sleep(0.003 * number)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
    seconds = await house.until(lambda: idle(house), 5)
    table.add("40 callers leave amid their calls", (0.0, seconds), calls, "nothing")
    assert not calls.errors


async def test_nothing_is_left_of_callers_who_leave_amid_an_upload(house, table):
    request = segment_pb2.SegmentRequest(image={"data": b"x" * 30_000_000, "format": 4})
    async with house.called(rate=10) as calls:
        for number in range(10):
            asking = house.stub.Segment(request)
            await asyncio.sleep(0.002 * number)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
        for _ in range(10):
            with socket.create_connection(("127.0.0.1", house.app.port)) as rude:
                rude.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 1000)
    seconds = await house.until(lambda: idle(house), 5)
    table.add("20 callers leave amid an upload", (0.0, seconds), calls, "nothing")
    assert not calls.errors


@pytest.mark.parametrize(
    "leaving", [20, pytest.param(1000, marks=pytest.mark.long, id="1000 callers")]
)
async def test_a_caller_who_leaves_ends_the_work_within_the_network(tmp_path, leaving, table):
    """By message and by lane; the next run answers once the one before has been stopped."""
    place(tmp_path, grind)
    after = []
    async with housed(tmp_path) as house:
        calls = Calls()
        for number in range(leaving):
            data = b"x" * (1000 if number % 2 else 400_000)
            asking = asyncio.create_task(house.call(milliseconds=MINUTE, data=data))
            await asyncio.sleep(0.02 + 0.0017 * (number % 20))
            asking.cancel()
            began = time.monotonic()
            await asyncio.gather(asking, return_exceptions=True)
            await house.call(data=data)
            after.append(time.monotonic() - began)
            calls.seconds.append(after[-1])
        await house.until(lambda: idle(house), 5)
    median, late = np.median(after), np.quantile(after, 0.999)
    fault = f"{leaving} callers leave while the network runs"
    table.add(fault, (median, late), calls, "nothing")
    assert late < 1.0
    assert not list(SHM.glob(f"{RUN}*"))


async def test_a_server_told_to_leave_finishes_what_it_has_begun(house):
    """Callers that follow what they are told, health or UNAVAILABLE, lose nothing."""
    calling = [asyncio.create_task(house.call(milliseconds=400)) for _ in range(4)]
    await asyncio.sleep(0.05)
    began = time.monotonic()
    leaving = asyncio.create_task(house.app.drain())
    await asyncio.sleep(0.05 + house.app.settings.lame_duck_seconds)
    with pytest.raises(LimnerError) as turned_away:
        await house.call()
    answered = await asyncio.gather(*calling, return_exceptions=True)
    await leaving
    assert answered == [None] * 4
    assert turned_away.value.reason in {"DRAINING", "UNAVAILABLE"}
    assert time.monotonic() - began < 5


async def test_a_call_that_outlasts_its_server_is_told_so(tmp_path):
    place(tmp_path)
    async with housed(tmp_path, drain_seconds=0.3) as house:
        calling = asyncio.create_task(house.call(milliseconds=4000))
        await asyncio.sleep(0.3)
        await house.app.drain()
        with pytest.raises(Draining):
            await calling
