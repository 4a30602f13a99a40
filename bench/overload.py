"""Measures a server that is asked for three times what it can do: what it still does, and for whom.

    python bench/overload.py --seconds 20

Dye of one portrait, 1024 x 1024 pixels, JPEG to JPEG. First calls one after the other, then a few
at a time, which are let wait for their turn, for the most that can be had, then calls that come by
chance (Poisson) at three times that rate, whether earlier ones have been answered or not, by a
client that does not try again.
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
BURST = 5.0
"""Seconds of calls that are counted apart: the server has yet to see that it is no burst."""

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
        ask = dyeing(channel, image_pb2.PRIORITY_INTERACTIVE)
        for _ in range(5):
            await ask()
        alone, most, burst, beyond = Answers(), Answers(), Answers(), Answers()
        for _ in range(30):
            await alone.count(ask)
        peak = await closed(dyeing(channel, image_pb2.PRIORITY_BATCH), most, seconds)
        await opened(ask, burst, beyond, TIMES * peak, seconds)
    return table(alone, peak, burst, beyond, seconds)


def dyeing(channel: grpc.aio.Channel, priority: image_pb2.Priority) -> Ask:
    """Return what has a portrait dyed once."""
    dye = channel.unary_unary(
        "/limner.v1.DyeService/Dye",
        dye_pb2.DyeRequest.SerializeToString,
        dye_pb2.DyeResponse.FromString,
    )
    image = image_pb2.Image(data=codec.encode(portrait(SIDE), "jpeg", 90))
    options = image_pb2.CallOptions(priority=priority)
    color = dye_pb2.DyeColor(shade="auburn")
    request = dye_pb2.DyeRequest(image=image, color=color, options=options)

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


async def opened(ask: Ask, burst: Answers, beyond: Answers, rate: float, seconds: float) -> None:
    """Ask by chance, so many times a second in the mean, for so long after the burst."""
    chance = np.random.default_rng(0)
    began = due = time.perf_counter()
    calls = []
    while due - began < BURST + seconds:
        due += float(chance.exponential(1 / rate))
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        answers = burst if due - began < BURST else beyond
        calls.append(asyncio.create_task(answers.count(ask)))
    await asyncio.gather(*calls)


def table(alone: Answers, peak: float, burst: Answers, beyond: Answers, seconds: float) -> Table:
    """Return what was measured, each beside what it is compared with."""
    shown = Table("", "measured", "bar")
    late = float(np.quantile(alone.done, 0.99))
    goodput = len(beyond.done) / seconds
    shown.add_row("one at a time", f"{spread(alone.done)}", "")
    shown.add_row(f"most, {AT_ONCE} at a time", f"{peak:.1f}/s", "")
    shown.add_row(
        f"answered at {TIMES} times that", f"{goodput:.1f}/s, {goodput / peak:.2f}", ".90"
    )
    for name, answers, bar in (("in the burst", burst, ""), ("after it", beyond, "2.0")):
        slow = float(np.quantile(answers.done, 0.99)) / late
        shown.add_row(name, f"{spread(answers.done)}: {slow:.2f} of those alone", bar)
    if beyond.refused:
        shown.add_row(f"{len(beyond.refused)} refused", spread(beyond.refused), "5 ms")
    shown.add_row("failed otherwise", f"{len(burst.failed) + len(beyond.failed)}", "0")
    shown.caption = f"medians, 99 %; load average {os.getloadavg()[0]:.1f}"
    return shown


def spread(seconds: list[float]) -> str:
    """Return the median and the 99th percentile, as they are shown."""
    median, late = np.quantile(seconds, (0.5, 0.99))
    return f"{1000 * median:.1f} ms, {1000 * late:.1f} ms"


if __name__ == "__main__":
    main()
