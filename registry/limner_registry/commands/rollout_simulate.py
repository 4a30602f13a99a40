"""`limner rollout simulate`: what a spec would do, played a thousand times before it is used."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console, Group
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from limner_registry.commands.screen import RegistryCommand
from limner_registry.commands.spec_file import SpecFile
from limner_registry.rollout.traffic import Regime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from limner_registry.rollout.forecast import Forecast, Question
    from limner_registry.rollout.simulated import Share, Simulated, Spread

PATIENCE_SECONDS = 2.0
"""From where on a bar shows that something is going on."""

SIMULATE_JSON = """\b
--json: {"question": {...}, "healthy": outcome, "asked": outcome}, where an outcome has
        {"aborted", "promoted", "undecided", "skewed":
             {"count": int, "of": int, "share": float, "low": float, "high": float},
         "abort_seconds", "promote_seconds", "abort_units", "abort_bad":
             {"median": float or null, "most": float or null},
         "aborted_in", "undecided_in": {step: count}}
"low" and "high" bound the chance behind a share with 95 %; nine of ten are below "most".
"""


class Chance(click.ParamType[tuple[str, float]]):
    """Reads `0.02` or `slow=0.02`: a chance, and of what; without a word, of an error."""

    name = "[kind=]chance"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, float]:
        """Return kind and chance."""
        if isinstance(value, tuple):
            return value
        kind, _, number = str(value).rpartition("=")
        try:
            return kind or "error", float(number)
        except ValueError:
            self.fail(f"{value!r} is no chance such as 0.02 or slow=0.02", param, ctx)


@click.command(cls=RegistryCommand, epilog=SIMULATE_JSON)
@click.option("--rate", type=float, required=True, help="Calls a second of the model.")
@click.option(
    "--stable-bad",
    type=Chance(),
    multiple=True,
    default=("0.005",),
    show_default=True,
    help="Chance that a call is bad with the stable version; error, slow or quality.",
)
@click.option(
    "--canary-bad",
    type=Chance(),
    multiple=True,
    default=("0.03",),
    show_default=True,
    help="The same with the new version; kinds left out are as stable's.",
)
@click.option(
    "--traffic",
    type=click.Choice([regime.value for regime in Regime]),
    default=Regime.STEADY.value,
    show_default=True,
    help="How calls come: ramp raises weights by the clock, diurnal swings within hours, burst is "
    "five times as bad at first, sticky has few callers send most, restarts has servers restart.",
)
@click.option(
    "--spec",
    type=SpecFile(),
    help="Steps and judging, as TOML or JSON; else those of `limner rollout create`.",
)
@click.option("--runs", type=int, default=1000, show_default=True, help="Rollouts of each.")
@click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same answer.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def simulate(
    rate: float,
    stable_bad: tuple[tuple[str, float], ...],
    canary_bad: tuple[tuple[str, float], ...],
    traffic: str,
    spec: dict[str, Any] | None,
    runs: int,
    seed: int,
    *,
    as_json: bool,
) -> None:
    """Play rollouts: how often is a fine version aborted, how soon a bad one caught?

    Runs here, without a controller. Two versions are tried: one that is just as good as stable,
    and one that is as bad as you say. Steps by header and by approval are passed over.
    """
    from limner_registry.rollout.document import read_spec
    from limner_registry.rollout.forecast import forecast, read_question
    from limner_registry.rollout.spec import DEFAULT

    document = {
        "rate": rate,
        "stable_bad": dict(stable_bad),
        "canary_bad": dict(canary_bad),
        "traffic": traffic,
        "runs": runs,
        "seed": seed,
    }
    question = read_question(DEFAULT if spec is None else read_spec(spec), document)
    with late_bar() as told:
        found = forecast(question, told)
    if as_json:
        asked = document | {"spec": question.spec.to_json()}
        click.echo(json.dumps({"question": asked} | found.to_json(), indent=2))
    else:
        Console().print(forecast_picture(question, found))


@contextmanager
def late_bar() -> Iterator[Callable[[float], None]]:
    """Show on a terminal how far something is, once it takes long."""
    console, began = Console(stderr=True), time.monotonic()
    columns = (TextColumn("simulating"), BarColumn(), TimeRemainingColumn())
    bar = Progress(*columns, console=console, transient=True)
    task = bar.add_task("", total=1.0)

    def told(done: float) -> None:
        if console.is_terminal and time.monotonic() - began > PATIENCE_SECONDS:
            bar.start()
            bar.update(task, completed=done)

    try:
        yield told
    finally:
        if bar.live.is_started:
            bar.stop()


def forecast_picture(question: Question, found: Forecast) -> Group:
    """Return both outcomes side by side, in words."""
    traffic = question.traffic
    title = (
        f"{question.runs:,} rollouts of each, {traffic.rate:g} calls a second, "
        f"{traffic.regime} traffic"
    )
    table = Table("", "as good as stable", "as bad as asked", box=None, padding=(0, 2, 0, 0))
    both = (found.healthy, found.asked)
    table.add_row("bad calls", _chances(traffic.stable_bad), _chances(traffic.canary_bad))
    rows: dict[str, Callable[[Simulated], str]] = {
        "aborted on evidence": lambda one: _share(one.aborted),
        "  after": lambda one: _spread(one.abort_seconds, _span),
        "  in": lambda one: _steps(question, one.aborted_in),
        "  calls answered": lambda one: _spread(one.abort_units, _count),
        "  bad among them": lambda one: _spread(one.abort_bad, _count),
        "made stable": lambda one: _share(one.promoted),
        "  after ": lambda one: _spread(one.promote_seconds, _span),
        "left undecided": lambda one: _share(one.undecided),
        "  in ": lambda one: _steps(question, one.undecided_in),
        "paused, wrong split": lambda one: _share(one.skewed),
    }
    for name, tell in rows.items():
        said = [tell(one) for one in both]
        if any(said):
            table.add_row(Text(name), *map(Text, said))
    note = "In brackets what a share may be in truth (95 %); times and numbers are medians."
    return Group(Text(title, "bold"), table, Text(note, "dim"))


def _chances(chances: Mapping[Any, float]) -> str:
    told = [f"{kind} {100 * chance:g} %" for kind, chance in chances.items() if kind != "fallback"]
    return ", ".join(told)


def _share(share: Share) -> str:
    value, low, high = (
        f"{100 * chance:.{2 if chance < 0.1 else 3}g}"
        for chance in (share.value, share.low, share.high)
    )
    return f"{value} % ({low} to {high})"


def _spread(spread: Spread, told: Callable[[float], str]) -> str:
    if spread.median is None or spread.most is None:
        return ""
    if not spread.most:
        return "none"
    return f"{told(spread.median)}; 90 % in {told(spread.most)}"


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _steps(question: Question, counts: Mapping[int, int]) -> str:
    """Return the step where most ended."""
    if not counts:
        return ""
    place = max(counts, key=lambda step: counts[step])
    step = question.spec.steps[place]
    words = f"{type(step).__name__.lower()} {getattr(step, 'bps', 0) / 100:g} %"
    share = counts[place] / sum(counts.values())
    return f"step {place + 1}, {words}" + ("" if share == 1 else f", {share:.0%} of them")
