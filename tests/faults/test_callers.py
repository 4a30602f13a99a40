"""Callers that leave at any moment, and a server that is told to leave amid calls."""

from __future__ import annotations

import asyncio
import socket
import time

import pytest

from limner.errors import LimnerError
from limner.v1 import segment_pb2
from tests.faults.conftest import HANG


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


async def test_a_server_told_to_leave_finishes_what_it_has_begun(house):
    """Callers that follow what they are told, health or UNAVAILABLE, lose nothing."""
    calling = [asyncio.create_task(house.call(milliseconds=200)) for _ in range(4)]
    await asyncio.sleep(0.05)
    began = time.monotonic()
    leaving = asyncio.create_task(house.app.drain())
    await asyncio.sleep(0.05)
    with pytest.raises(LimnerError) as turned_away:
        await house.call()
    answered = await asyncio.gather(*calling, return_exceptions=True)
    await leaving
    assert answered == [None] * 4
    assert turned_away.value.reason in {"DRAINING", "UNAVAILABLE"}
    assert time.monotonic() - began < 5
