"""Measures a server that is asked for three times what it can do: what it still does, and for whom.

    python bench/overload.py --seconds 20

Dye of one portrait, 1024 x 1024 pixels, JPEG to JPEG. First calls one after the other, then a few
at a time for the most that can be had, then calls that come by chance (Poisson) at three times that
rate, whether earlier ones have been answered or not, by a client that does not try again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import grpc
import numpy as np
from dye import portrait
from rich.console import Console
from rich.table import Table
from stack import STATE, limner

from limner.v1 import dye_pb2, image_pb2
from limner_client.channel import CHANNEL_OPTIONS
from limner_server.imaging import codec

SIDE = 1024
TIMES = 3
AT_ONCE = 4
"""Calls in flight while the most that can be had is measured."""
DEADLINE = 10.0
"""Seconds that each call is given."""

Ask = Callable[[], Awaitable[grpc.StatusCode]]


@dataclass
class Answers:
    """What became of calls, and how long that took."""

    done: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    failed: list[grpc.StatusCode] = field(default_factory=list)

    async def count(self, ask: Ask) -> None:
        """Ask once."""
        began = time.perf_counter()
        code = await ask()
        seconds = time.perf_counter() - began
        match code:
            case grpc.StatusCode.OK:
                self.done.append(seconds)
            case grpc.StatusCode.RESOURCE_EXHAUSTED:
                self.refused.append(seconds)
            case _:
                self.failed.append(code)


def main() -> None:
    """Run a stack, measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    stack = limner("up", "--detach", "--port", "0", "--state", STATE)
    try:
        Console().print(asyncio.run(measured(stack["address"], given.seconds)))
    finally:
        limner("down", "--state", STATE)


async def measured(address: str, seconds: float) -> Table:
    """Return what a server does alone, at its most and beyond."""
    options = (*CHANNEL_OPTIONS, ("grpc.enable_retries", 0))
    async with grpc.aio.insecure_channel(address, options) as channel:
        ask = dyeing(channel)
        for _ in range(5):
            await ask()
        alone, most, beyond = Answers(), Answers(), Answers()
        for _ in range(30):
            await alone.count(ask)
        peak = await closed(ask, most, seconds)
        await opened(ask, beyond, TIMES * peak, seconds)
    return table(alone, peak, beyond, seconds)


def dyeing(channel: grpc.aio.Channel) -> Ask:
    """Return what has a portrait dyed once."""
    dye = channel.unary_unary(
        "/limner.v1.DyeService/Dye",
        dye_pb2.DyeRequest.SerializeToString,
        dye_pb2.DyeResponse.FromString,
    )
    image = image_pb2.Image(data=codec.encode(portrait(SIDE), "jpeg", 90))
    request = dye_pb2.DyeRequest(image=image, color=dye_pb2.DyeColor(shade="auburn"))

    async def ask() -> grpc.StatusCode:
        try:
            await dye(request, timeout=DEADLINE)
        except grpc.aio.AioRpcError as error:
            return error.code()
        return grpc.StatusCode.OK

    return ask


async def closed(ask: Ask, answers: Answers, seconds: float) -> float:
    """Ask a few at a time for so long; return how many answers came a second."""
    over = time.perf_counter() + seconds

    async def go_on() -> None:
        while time.perf_counter() < over:
            await answers.count(ask)

    began = time.perf_counter()
    await asyncio.gather(*(go_on() for _ in range(AT_ONCE)))
    return len(answers.done) / (time.perf_counter() - began)


async def opened(ask: Ask, answers: Answers, rate: float, seconds: float) -> None:
    """Ask by chance, so many times a second in the mean, for so long."""
    chance = np.random.default_rng(0)
    began = due = time.perf_counter()
    calls = []
    while due - began < seconds:
        due += float(chance.exponential(1 / rate))
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        calls.append(asyncio.create_task(answers.count(ask)))
    await asyncio.gather(*calls)


def table(alone: Answers, peak: float, beyond: Answers, seconds: float) -> Table:
    """Return what was measured, each beside what it is compared with."""
    shown = Table("", "measured", "bar")
    unloaded = np.array(alone.done)
    accepted, refused = np.array(beyond.done), np.array(beyond.refused)
    goodput = accepted.size / seconds
    slow = float(np.quantile(accepted, 0.99) / np.quantile(unloaded, 0.99))
    shown.add_row("one at a time, median", f"{1000 * np.median(unloaded):.0f} ms", "")
    shown.add_row(f"most, {AT_ONCE} at a time", f"{peak:.1f}/s", "")
    shown.add_row(
        f"answered at {TIMES} times that", f"{goodput:.1f}/s, {goodput / peak:.2f}", ".90"
    )
    shown.add_row("99 % of these, over 99 % of those alone", f"{slow:.2f}", "2.0")
    if refused.size:
        late = [f"{1000 * np.quantile(refused, share):.1f}" for share in (0.5, 0.99)]
        said = f"{refused.size}, {late[0]} ms, 99 % within {late[1]} ms"
        shown.add_row("refused", said, "5 ms")
    shown.add_row("failed otherwise", f"{len(beyond.failed)}", "0")
    shown.caption = f"load average {os.getloadavg()[0]:.1f}"
    return shown


if __name__ == "__main__":
    main()
