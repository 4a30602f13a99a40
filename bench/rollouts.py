"""Measures rollouts: what routing costs a call, what the judge promises, how soon it sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from limner.v1.reasons import ModelFailed
from limner_registry.contract import Contract
from limner_registry.rollout.evidence import Arm, Epoch
from limner_registry.rollout.judge import judge
from limner_registry.rollout.spec import DEFAULT, Kind
from limner_registry.routes import Caller, Canary, Routes
from limner_registry.tensors import Tensor
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.routing.callers import caller_of
from limner_server.routing.models import Models
from limner_server.routing.trials import Trials

UNITS = 100_000
CALLS, BATCH = 20_000, 200
NETWORK = Contract(
    "bench",
    1,
    (Tensor("given", "uint8", (1024,), "any bytes"),),
    (Tensor("same", "float32", (256,), "numbers"),),
    1,
)
INPUTS = {"given": np.zeros((1, 1024), np.uint8)}
ANSWERS = {"same": np.ones((1, 256), np.float32)}
Inputs = dict[str, np.ndarray[Any, Any]]
METADATA = (("user-agent", "grpc-python/1.81.1"), ("x-request-start", "1"))


def tables() -> Iterator[Table]:
    """Yield every table of the rollouts'."""
    yield decisions()
    yield asyncio.run(added_by_routing())
    yield asyncio.run(dead_canary())
    yield asyncio.run(beside_a_shadow())


def decisions() -> Table:
    """Return what one decision costs, how well shares are kept, and what a judgment costs."""
    table = Table("decision", "measured")
    units = [f"user-{number}" for number in range(UNITS)]
    callers = [Caller(unit) for unit in units]
    routes = {bps: routes_at(bps) for bps in (100, 500, 2500, 5000, 10_000)}
    micros = [seconds_each(lambda: [routes[500].choose("bench", c) for c in callers]) * 1e6]
    taken = {
        bps: {unit for unit in units if table_.canaries["bench"].takes(unit)}
        for bps, table_ in routes.items()
    }
    error = abs(len(taken[500]) / UNITS - 0.05) * 100
    growing = list(taken.values())
    nested = all(less <= more for less, more in pairwise(growing))
    epochs = [
        Epoch(n, bps, Arm(9000, {Kind.ERROR: 40}), Arm(900, {Kind.ERROR: 5}))
        for n, bps in enumerate((0, 100, 500, 2500, 5000, 10_000), 1)
    ]
    judged = seconds_each(
        lambda: [judge(DEFAULT, DEFAULT.steps[-1], epochs, 300.0) for _ in range(100)], 100
    )
    table.add_row("which version answers", f"{micros[0]:.1f} us")
    table.add_row("share at 5 %, 100,000 callers", f"{error:.2f} points off")
    table.add_row("who has it at 1, 5, 25, 50 % keeps it", "always" if nested else "NOT ALWAYS")
    table.add_row("the judge, six generations, four metrics", f"{judged * 1e3:.2f} ms")
    return table


def routes_at(bps: int, shadow_bps: int = 0) -> Routes:
    """Return a table in which version 2 has a share of the calls."""
    canary = Canary(2, "bench-2", "salt", bps, shadow_bps, slow_seconds=1.0)
    return Routes(1, {"bench": 1}, {}, {"bench": canary})


def seconds_each(work: Callable[[], object], of: int = UNITS) -> float:
    """Return the best of five times, for one of the things that the work does."""
    seconds = []
    for _ in range(5):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds) / of


class Versions:
    """Stands where Triton does; version 2 may be dead."""

    def __init__(self, *, dead: bool = False, seconds: tuple[float, float] = (0, 0)) -> None:
        """Begin without a run; the versions take so many seconds, by default none."""
        self.dead = dead
        self.seconds = seconds
        self.canary_runs: list[float] = []

    async def back(self, _model: str, _version: int, _seconds: float) -> int:
        """Return that no version was ever lost."""
        return 0

    async def run(
        self, contract: Contract, version: int, inputs: object, timeout: float
    ) -> dict[str, Any]:
        """Answer at once; a dead version takes five milliseconds to fail."""
        if version == 2:
            self.canary_runs.append(time.monotonic())
            if self.dead:
                await asyncio.sleep(0.005)
                raise ModelFailed("it is dead")
        if self.seconds[version - 1]:
            await asyncio.sleep(self.seconds[version - 1])
        return ANSWERS


class Serving:
    """The part of a server that routes: admission, models, and what becomes of calls."""

    def __init__(self, routes: Routes, versions: Versions) -> None:
        """Route by one table."""
        self.routes = routes
        self.versions = versions
        metrics = Metrics()
        self.trials = Trials(lambda: self.routes, versions.run, metrics)
        self.trials.lease(3600)
        self.models = Models(versions, versions, self.trials, metrics, Path())  # type: ignore[arg-type]

    async def unrouted(self, _number: int) -> Call:
        """Do what a server without any routing would: record a call's run, and count it."""
        call = Call("/bench/Echo", time.monotonic() + 10, self.routes)
        began = time.monotonic()
        with call.stage("bench"):
            await self.versions.run(NETWORK, 1, INPUTS, call.remaining())
        self.trials.metrics.model_call("bench", 1, "ok", time.monotonic() - began)
        return call

    async def call(self, number: int, inputs: Inputs = INPUTS) -> Call:
        """Do for one call all that is done about routing, and run one model."""
        call = await self.answer(number, inputs)
        self.trials.ended(call, well=True)
        return call

    async def answer(self, number: int, inputs: Inputs = INPUTS) -> Call:
        """Do the part of it that comes before the answer goes out."""
        call = Call("/bench/Echo", time.monotonic() + 10, self.trials.table())
        call.asks = caller_of(METADATA, None, f"user-{number}", "")
        await self.models.infer(NETWORK, inputs, call)
        return call


async def added_by_routing() -> Table:
    """Compare runs through all of routing with runs that are recorded and counted alone."""
    table = Table("a call of one model, us", "median", "p99", "added at p99")
    versions = Versions()
    stable = {"bench": 1}
    cases: dict[str, Callable[[int], Awaitable[object]]] = {
        "recorded and counted, no routing": Serving(Routes(1, stable), versions).unrouted,
        "routed, no rollout": Serving(Routes(1, stable), versions).answer,
        "routed, canary at 5 %": Serving(routes_at(500), versions).answer,
        "the same, counted after the answer": Serving(routes_at(500), versions).call,
    }
    micros = await micros_of(cases)
    bare = np.percentile(micros["recorded and counted, no routing"], 99)
    for name, found in micros.items():
        median, most = np.percentile(found, (50, 99))
        table.add_row(name, f"{median:.1f}", f"{most:.1f}", f"{most - bare:.1f}")
    return table


async def micros_of(
    cases: dict[str, Callable[[int], Awaitable[object]]],
) -> dict[str, list[float]]:
    """Return the microseconds of CALLS calls of each case, taken in turn."""
    micros: dict[str, list[float]] = {name: [] for name in cases}
    for start in range(0, CALLS, BATCH):
        for name, ask in cases.items():
            for number in range(start, start + BATCH):
                began = time.perf_counter_ns()
                await ask(number)
                micros[name].append((time.perf_counter_ns() - began) / 1000)
    return micros


async def dead_canary() -> Table:
    """Return how soon a server leaves out a canary that never answers well."""
    table = Table("dead canary", "calls it got", "failed for callers", "ms until it was out")
    for bps, at_once in ((500, 1), (500, 16), (5000, 16)):
        versions = Versions(dead=True)
        serving = Serving(routes_at(bps), versions)
        ejected: list[float] = []
        serving.trials.on_ejection = lambda *_, heard=ejected: heard.append(time.monotonic())
        failures = 0
        for start in range(0, 4000, at_once):
            calls = (serving.call(number) for number in range(start, start + at_once))
            ended = await asyncio.gather(*calls, return_exceptions=True)
            failures += sum(isinstance(one, BaseException) for one in ended)
        millis = (ejected[0] - versions.canary_runs[0]) * 1000
        words = f"{bps / 100:g} %, {at_once} at once"
        table.add_row(words, str(len(versions.canary_runs)), str(failures), f"{millis:.0f}")
    return table


async def beside_a_shadow() -> Table:
    """Compare calls whose inputs are all shown to a slow canary with calls that are shown to none.

    8 MiB an input, 20 ms a run of stable, 200 ms of the canary; four callers that never pause.
    """
    table = Table("a call of 20 ms, ms", "median", "p99", "inputs dropped")
    alone = Serving(routes_at(0), Versions(seconds=(0.02, 0.2)))
    shown = Serving(routes_at(0, 10_000), Versions(seconds=(0.02, 0.2)))
    millis: dict[str, list[float]] = {"shown to nobody": [], "all shown to the canary": []}

    async def caller(serving: Serving, found: list[float]) -> None:
        for number in range(40):
            inputs = {"given": np.zeros((1, 8 << 20), np.uint8)}
            began = time.perf_counter()
            await serving.call(number, inputs)
            found.append((time.perf_counter() - began) * 1e3)

    for _ in range(5):
        for serving, found in zip((alone, shown), millis.values(), strict=True):
            showing = asyncio.create_task(serving.trials.shadow.work())
            await asyncio.gather(*(caller(serving, found) for _ in range(4)))
            showing.cancel()
    for serving, (name, found) in zip((alone, shown), millis.items(), strict=True):
        page = serving.trials.metrics.registry
        dropped = page.get_sample_value("limner_shadow_dropped_total", {"reason": "budget"}) or 0
        median, most = np.percentile(found, (50, 99))
        table.add_row(name, f"{median:.2f}", f"{most:.2f}", f"{dropped:.0f} of {len(found)}")
    return table


if __name__ == "__main__":
    for made in tables():
        Console(width=120).print(made)
