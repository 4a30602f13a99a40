"""How rollouts look on a terminal."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from limner.v1 import rollouts_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import RenderableType

STATES = {
    "PAUSED": "yellow",
    "AWAITING_APPROVAL": "yellow",
    "ABORTING": "red",
    "ABORTED": "red",
    "SUCCEEDED": "green",
}
PASSES = {"too_bad": "against stable", "over_budget": "within budget"}
"""Claims whose fall lets a step pass, and by what."""
WHOLE_BPS = 10_000


def rollouts_table(rollouts: Iterable[Any], now: datetime | None = None) -> RenderableType:
    """Return a line for each rollout; ages are told as of `now`."""
    now = now or datetime.now(UTC)
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("rollout", "versions", "state", "step", "share", "since"):
        table.add_column(title, no_wrap=title != "share")
    for one in rollouts:
        since = one.ended_at if one.HasField("ended_at") else one.step_started_at
        table.add_row(
            one.id,
            f"{one.stable_version} -> {one.canary_version}",
            Text(state_words(one), _style(one)),
            _place(one),
            _share(one),
            span((now - since.ToDatetime(UTC)).total_seconds()),
        )
    return table if table.row_count else Text("No rollouts yet.")


def events_table(events: Iterable[Any]) -> Table:
    """Return a line for each event, oldest first."""
    table = Table("at (UTC)", "event", "by", "why", box=None, header_style="dim", pad_edge=False)
    for event in events:
        at = f"{event.at.ToDatetime():%Y-%m-%d %H:%M:%S}"
        table.add_row(at, event.type, Text(event.actor), Text(_why(event)))
    return table


def summary(one: Any) -> RenderableType:
    """Return who asked for a rollout, which steps it has, and where it stands."""
    created = f"{one.created_at.ToDatetime():%Y-%m-%d %H:%M}"
    attempt = f", attempt {one.attempt}" if one.attempt > 1 else ""
    origin = f"{one.id}, created {created} UTC by {one.creator}{attempt}, etag {one.etag}"
    return Group(_title(one), *_reason(one), Text(origin, "dim"), _steps(one))


def picture(answer: Any) -> RenderableType:
    """Return how a rollout stands: state, both arms, every test against its threshold, the rest."""
    one = answer.rollout
    parts: list[RenderableType] = [_title(one), *_reason(one), _steps(one)]
    if _runs(one):
        shown = "was shown" if one.shadow_bps and not one.weight_bps else "answered"
        words = f"stable answered {answer.stable_units:,}, version {one.canary_version} {shown}"
        parts.append(Text(f"calls in this step: {words} {answer.canary_units:,}"))
    if answer.evidence:
        parts += [_tests(answer.evidence), *_routing(answer.evidence)]
    if answer.missing:
        rest = Table.grid(padding=(0, 1))
        for sentence in answer.missing:
            rest.add_row(Text("-", "dim"), Text(sentence))
        parts += [Text("still missing:", "dim"), rest]
    return Group(*parts)


def generations(answer: Any) -> RenderableType:
    """Return the counts behind the evidence against the new version, routing table by table."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("table", "share", "bad calls", "stable's", "the new version's", "fair at most"):
        table.add_column(title, justify="left" if title == "bad calls" else "right")
    for found in answer.evidence:
        if found.test != "no_worse":
            continue
        for factor in found.counts["factors"]:
            hits, misses = int(factor["hits"]), int(factor["misses"])
            whole = factor["weight_bps"] == WHOLE_BPS
            table.add_row(
                f"{factor['generation']:.0f}",
                f"{factor['weight_bps'] / 100:g} %" if factor["weight_bps"] else "shadow",
                found.kind,
                f"of {hits + misses} calls" if whole else str(misses),
                str(hits),
                f"{(hits + misses) * factor['theta0']:.1f}",
            )
    return table if table.row_count else Text("No bad calls so far.", "dim")


def recall(answer: Any, events: Iterable[Any]) -> None:
    """Add to an answer without evidence, as of a rollout that is over, what ended it."""
    verdicts = [
        verdict
        for event in events
        for verdict in dict(event.evidence.items()).get("documents", [])
        if verdict["evidence"]
    ]
    for found in verdicts[-1]["evidence"] if verdicts else ():
        answer.evidence.add(
            kind=found["kind"] or "units",
            test=found["claim"],
            log_e=found["log_e"],
            threshold=found["threshold"],
            counts=found,
        )


def state_words(one: Any) -> str:
    """Return a rollout's state as people read it."""
    return _state(one).lower().replace("_", " ")


def line(one: Any) -> str:
    """Return in one line how a rollout stands."""
    place = _place(one)
    words = [state_words(one), f"step {place}" if place else "", _share(one), one.text]
    return ", ".join(word for word in words if word)


def span(seconds: float) -> str:
    """Return a duration as people say it."""
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _title(one: Any) -> Text:
    words = Text.assemble(
        (one.model, "bold"),
        f"  version {one.stable_version} -> {one.canary_version}  ",
        (state_words(one), _style(one)),
    )
    if share := _share(one):
        words.append(f"  {share}")
    if _runs(one):
        words.append(f"  {span(one.active_seconds)} in step {one.step + 1}")
    return words


def _reason(one: Any) -> list[Text]:
    return [Text(one.text, "yellow")] if one.text else []


def _steps(one: Any) -> Text:
    """Return all steps in a line, the present one marked."""
    words = Text("steps: ")
    for place, step in enumerate(one.spec["steps"]):
        here = place == one.step and _runs(one)
        words.append(" > " if place else "", "dim")
        words.append(_step(step), "bold cyan" if here else "" if place < one.step else "dim")
    return words


def _step(step: Mapping[str, Any]) -> str:
    ((kind, asked),) = step.items()
    if kind == "weight":
        return f"{asked['bps'] / 100:g} %"
    if kind == "shadow":
        return f"shadow {asked['bps'] / 100:g} %"
    return f"approval by {asked['role']}" if kind == "approve" else "chosen callers"


def _tests(evidence: Iterable[Any]) -> Table:
    """Return a line for each kind of bad call: both arms' counts, and how far evidence is."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("bad calls", "stable", "new", "worse: evidence", "", "fine: evidence", ""):
        table.add_column(title, no_wrap=True)
    kinds: dict[str, list[Any]] = {}
    for found in evidence:
        if found.test != "as_routed":
            kinds.setdefault(found.kind, []).append(found)
    for kind, tests in kinds.items():
        against = next(found for found in tests if found.test == "no_worse")
        factors = list(against.counts["factors"])
        stable = sum(f["misses"] for f in factors if f["weight_bps"] < WHOLE_BPS)
        passes = [found for found in tests if found.test in PASSES]
        nearest = max(passes, key=_reached, default=None)
        table.add_row(
            kind,
            f"{stable:.0f}",
            f"{sum(f['hits'] for f in factors):.0f}",
            *_meter(against, "red"),
            *(_meter(nearest, "green") if nearest is not None else ("not asked", "")),
        )
    return table


def _meter(found: Any, style: str) -> tuple[str, RenderableType]:
    words = f"{_number(found.log_e)} of {_number(found.threshold)}"
    bar = ProgressBar(1.0, _reached(found), 8, complete_style=style, finished_style=style)
    return words, bar


def _routing(evidence: Iterable[Any]) -> list[Text]:
    """Return how calls were split, where that can be told."""
    found = [one for one in evidence if one.test == "as_routed" and one.counts["factors"]]
    if not found:
        return []
    (factor,) = found[-1].counts["factors"]
    hits, every = factor["hits"], factor["hits"] + factor["misses"]
    words = (
        f"routing: {100 * hits / every:.2f} % of {every:,.0f} callers got the new version, meant "
        f"are {factor['weight_bps'] / 100:g} % (evidence of a wrong split "
        f"{_number(found[-1].log_e)} of {_number(found[-1].threshold)})"
    )
    return [Text(words, "dim")]


def _reached(found: Any) -> float:
    """Return how much of its threshold an evidence has reached, in [0, 1]."""
    return max(0.0, min(1.0, found.log_e / found.threshold)) if found.threshold else 0.0


def _number(log_e: float) -> str:
    """Return an e-value as people read it."""
    value = math.exp(min(log_e, 50.0))
    if value < 0.01 or value >= 1e6:
        return "<0.01" if value < 1 else ">1e6"
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"


def _why(event: Any) -> str:
    """Return why something happened: as it was said, or as the judge said."""
    if event.reason:
        return str(event.reason)
    given = dict(event.evidence.items())
    for verdict in given.get("documents", []):
        if verdict["text"]:
            return str(verdict["text"])
    details = dict(given.get("details", {}))
    return f"table {details['generation']:.0f}" if event.type == "Routed" else ""


def _state(one: Any) -> str:
    return rollouts_pb2.RolloutState.Name(one.state).removeprefix("ROLLOUT_STATE_")


def _style(one: Any) -> str:
    return STATES.get(_state(one), "cyan")


def _runs(one: Any) -> bool:
    return _state(one) in {"SHADOWING", "PROGRESSING", "PAUSED", "AWAITING_APPROVAL"}


def _place(one: Any) -> str:
    steps = len(one.spec["steps"])
    return f"{one.step + 1} of {steps}" if _runs(one) and one.step < steps else ""


def _share(one: Any) -> str:
    weight = f"{one.weight_bps / 100:g} %" if one.weight_bps else ""
    shadow = f"shadow {one.shadow_bps / 100:g} %" if one.shadow_bps else ""
    return ", ".join(part for part in (weight, shadow) if part)
