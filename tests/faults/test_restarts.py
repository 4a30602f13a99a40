"""Servers restarted one after the other, under callers who use the client's own channel."""

from __future__ import annotations

from contextlib import AsyncExitStack

import grpc
import pytest

from limner_client.channel import CHANNEL_OPTIONS
from tests.faults.conftest import House, apart
from tests.faults.toy import place


async def is_called(house):
    return await house.metric("grpc_server_started_total{") > 0


@pytest.mark.parametrize(
    "restarts", [2, pytest.param(20, marks=[pytest.mark.long, pytest.mark.timeout(1200)])]
)
async def test_servers_restarted_one_after_the_other_lose_no_call(tmp_path, table, restarts):
    """Two servers, one address for both; each stops when it is told to, and is started again.

    The next is told once callers have found the one before again, which takes them 5 s at most.
    """
    states = [tmp_path / name for name in ("one", "other")]
    for state in states:
        state.mkdir()
        place(state)
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        stacks = first, second
        houses = [
            await stack.enter_async_context(apart(state))
            for stack, state in zip(stacks, states, strict=True)
        ]
        ports = [house.app.port for house in houses]
        both = "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)
        async with grpc.aio.insecure_channel(both, CHANNEL_OPTIONS) as channel:
            caller = House(tmp_path, houses[0].app, channel)
            async with caller.called(rate=30, milliseconds=20) as calls:
                for number in range(restarts):
                    which = number % 2
                    await stacks[which].aclose()
                    again = apart(states[which], port=ports[which])
                    house = await stacks[which].enter_async_context(again)
                    await house.until(lambda: is_called(house), 10)  # noqa: B023 - awaited here
    what = f"{restarts} restarts of two servers, one after the other"
    table.add(what, None, calls, f"{calls.longest:.1f} s at most")
    assert len(calls.seconds) > 20 * restarts
    assert not calls.errors
