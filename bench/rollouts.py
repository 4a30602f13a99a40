"""Measures rollouts: what routing costs a call, what the judge promises, how soon it sees."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from limner.v1.reasons import ModelFailed
from limner_registry.contracts import Contract, Tensor
from limner_registry.rollout.evidence import Arm, Epoch
from limner_registry.rollout.judge import judge
from limner_registry.rollout.simulate import simulate
from limner_registry.rollout.simulated import Simulated
from limner_registry.rollout.spec import DEFAULT, Judging, Kind, Metric, Shadow, Spec, Weight
from limner_registry.rollout.traffic import Regime, Traffic
from limner_registry.routes import Caller, Canary, Routes
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.routing.callers import caller_of
from limner_server.routing.models import Models
from limner_server.routing.quality import look
from limner_server.routing.trials import Trials

RUNS = 10_000
USUAL = {Kind.ERROR: 0.005, Kind.SLOW: 0.05, Kind.QUALITY: 0.002}
"""Chances that a call is bad with the stable version."""
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
Inputs = dict[str, np.ndarray]
METADATA = (("user-agent", "grpc-python/1.81.1"), ("x-request-start", "1"))


def tables() -> Iterator[Table]:
    """Yield every table of the rollouts'."""
    yield decisions()
    yield asyncio.run(added_by_routing())
    yield asyncio.run(dead_canary())
    yield asyncio.run(beside_a_shadow())
    yield false_alarms()
    yield false_passes()
    yield detection()


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
        metrics = Metrics()
        self.trials = Trials(lambda: self.routes, versions.run, metrics)
        self.trials.lease(3600)
        self.models = Models(versions, self.trials, metrics)  # type: ignore[arg-type]

    async def call(self, number: int, inputs: Inputs = INPUTS) -> Call:
        """Do for one call what the interceptor does about routing, and run one model."""
        call = Call("/bench/Echo", time.monotonic() + 10, self.trials.table())
        call.asks = caller_of(METADATA, None, f"user-{number}", "")
        await self.models.infer(NETWORK, inputs, call)
        self.trials.ended(call, well=True)
        return call


async def added_by_routing() -> Table:
    """Compare runs through all of routing with runs without any."""
    table = Table("a call of one model, us", "median", "p99", "added at p99")
    versions = Versions()
    stable = {"bench": 1}
    cases = {
        "the run alone": lambda _: versions.run(NETWORK, 1, INPUTS, 10.0),
        "routed, no rollout": Serving(Routes(1, stable), versions).call,
        "routed, canary at 5 %": Serving(routes_at(500), versions).call,
        "  of it the look at the answer": lambda _: look(NETWORK, ANSWERS),
    }
    micros = await micros_of(cases)
    bare = np.percentile(micros["the run alone"], 99)
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
        dropped = serving.trials.metrics.shadow_dropped.labels("budget")._value.get()
        median, most = np.percentile(found, (50, 99))
        table.add_row(name, f"{median:.2f}", f"{most:.2f}", f"{dropped:.0f} of {len(found)}")
    return table


def as_bad(ratio: float) -> dict[Kind, float]:
    """Return what a canary does that is so many times as bad as stable."""
    bad = {kind: ratio * rate for kind, rate in USUAL.items()}
    return bad | {Kind.FALLBACK: 0.9 * bad[Kind.ERROR]}


def false_alarms() -> Table:
    """Return how often identical versions are aborted, in every regime of traffic."""
    table = Table(f"identical, {RUNS:,} rollouts", "aborted", "95 % bound", "paused", "bound")
    timed = tuple(replace(s, min_seconds=600, max_seconds=600) for s in played(DEFAULT))
    for regime in Regime:
        spec = replace(DEFAULT, steps=timed)
        found = simulate(spec, Traffic(50, USUAL, as_bad(1), regime), RUNS, 1, by_clock=True)
        cells = [f"{100 * x:.2f} %" for x in (found.aborted.value, found.aborted.high)]
        cells += [f"{100 * x:.2f} %" for x in (found.skewed.value, found.skewed.high)]
        table.add_row(regime.value, *cells)
    return table


def played(spec: Spec) -> tuple[Shadow | Weight, ...]:
    """Return the steps that the simulator plays."""
    return tuple(step for step in spec.steps if isinstance(step, Shadow | Weight))


def errors_alone(step: Shadow | Weight, alpha_abort: float = 0.01) -> Spec:
    """Return a spec of one step that judges errors for an hour, without a margin."""
    judging = Judging(alpha_abort, min_units=1, metrics=(Metric(Kind.ERROR, 1.0, 0.0),))
    return Spec((replace(step, max_seconds=3600),), judging, progress_seconds=3600)


def false_passes() -> Table:
    """Return how often a canary passes that is just as bad as a step must not let through."""
    table = Table(
        f"just too bad, {RUNS:,} rollouts", "passed", "95 % bound", "as good: passed", "in"
    )
    for bps, ratio in ((1000, 2.0), (2500, 1.5), (5000, 1.25)):
        spec = errors_alone(Weight(bps, 0), alpha_abort=1e-9)
        stable = {Kind.ERROR: 0.005}
        bad = simulate(spec, Traffic(50, stable, {Kind.ERROR: ratio * 0.005}), RUNS, 3)
        good = simulate(spec, Traffic(50, stable, stable), 2000, 3)
        shares = (f"{100 * x:.2f} %" for x in (bad.promoted.value, bad.promoted.high))
        median = minutes(good.promote_seconds.median)
        table.add_row(
            f"{ratio:g} times at {bps / 100:g} %",
            *shares,
            f"{100 * good.promoted.value:.1f} %",
            median,
        )
    return table


def detection() -> Table:
    """Return how soon a worse canary is caught within an hour, and what it costs callers."""
    titles = ("errors", "of calls", "judged", "caught", "median", "its calls", "bad ones")
    table = Table(*titles)
    for rate, step, stable, canary in (
        (5, Weight(500), 0.005, 0.03),
        (50, Weight(500), 0.005, 0.02),
        (50, Weight(500), 0.005, 0.01),
        (50, Weight(100), 0.005, 0.10),
        (50, Weight(500), 0.0002, 0.02),
        (50, Shadow(500), 0.005, 0.02),
    ):
        bad = {Kind.ERROR: canary, Kind.FALLBACK: canary}
        traffic = Traffic(rate, {Kind.ERROR: stable}, bad)
        alone = errors_alone(replace(step, min_seconds=3600))
        usual = replace(alone, judging=DEFAULT.judging)
        kind = "shadow" if isinstance(step, Shadow) else "given"
        for words, spec in (("errors alone", alone), ("as usual", usual)):
            table.add_row(
                f"{100 * stable:g} to {100 * canary:g} %",
                f"{kind} {step.bps / 100:g} % of {rate}/s",
                words,
                *caught(simulate(spec, traffic, 2000, 4, 5.0)),
            )
    return table


def caught(found: Simulated) -> tuple[str, ...]:
    """Return the share caught; and the median time, calls and bad calls until then."""
    spent = (found.abort_units.median or 0, found.abort_bad.median or 0)
    time_ = minutes(found.abort_seconds.median)
    return f"{100 * found.aborted.value:.1f} %", time_, *(f"{number:.0f}" for number in spent)


def minutes(seconds: float | None) -> str:
    """Return a time in minutes."""
    return "-" if seconds is None else f"{seconds / 60:.1f} min"


if __name__ == "__main__":
    for made in tables():
        Console(width=120).print(made)
