"""Measures what the judge of rollouts promises: false alarms, false passes, how soon it sees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rich.console import Console
from rich.table import Table

from limner_registry.rollout.simulate import simulate
from limner_registry.rollout.simulated import Simulated
from limner_registry.rollout.spec import DEFAULT, Judging, Kind, Metric, Shadow, Spec, Weight
from limner_registry.rollout.traffic import Regime, Traffic

RUNS = 10_000
USUAL = {Kind.ERROR: 0.005, Kind.SLOW: 0.05, Kind.QUALITY: 0.002}
"""Chances that a call is bad with the stable version."""


def tables() -> Iterator[Table]:
    """Yield every table of the judge's."""
    yield false_alarms()
    yield false_passes()
    yield detection()


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
