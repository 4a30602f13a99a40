"""How rollouts look on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from limner.v1 import rollouts_pb2

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

STATES = {
    "PAUSED": "yellow",
    "AWAITING_APPROVAL": "yellow",
    "ABORTING": "red",
    "ABORTED": "red",
    "SUCCEEDED": "green",
}
CLAIMS = {
    "no_worse": "worse than stable: abort",
    "as_routed": "calls split wrongly: pause",
}
"""What it would mean if a claim fell; the others let a step pass."""


def rollouts_table(rollouts: Iterable[Any]) -> RenderableType:
    """Return a line for each rollout."""
    table = Table("rollout", "model", "version", "state", "step", "share", "since")
    for one in rollouts:
        state = _state(one)
        table.add_row(
            one.id,
            one.model,
            f"{one.stable_version} -> {one.canary_version}",
            Text(state.lower().replace("_", " "), STATES.get(state, "")),
            f"{one.step + 1} of {len(one.spec['steps'])}" if _runs(state) else "-",
            _share(one),
            f"{one.step_started_at.ToDatetime():%Y-%m-%d %H:%M:%S}",
        )
    return table if table.row_count else Text("No rollouts yet.")


def events_table(events: Iterable[Any]) -> Table:
    """Return a line for each event, oldest first."""
    table = Table("at (UTC)", "event", "by", "why")
    for event in events:
        at = f"{event.at.ToDatetime():%Y-%m-%d %H:%M:%S}"
        table.add_row(at, event.type, event.actor, Text(event.reason))
    return table


def picture(answer: Any) -> RenderableType:
    """Return how a rollout stands: state, both arms, every test against its threshold, the rest."""
    one, state = answer.rollout, _state(answer.rollout)
    title = Text.assemble(
        (one.model, "bold"),
        f"  version {one.stable_version} -> {one.canary_version}   ",
        (state.lower().replace("_", " "), STATES.get(state, "cyan")),
        f"   {_share(one)}   {one.active_seconds:.0f} s in this step",
    )
    parts: list[RenderableType] = [title]
    if one.text:
        parts.append(Text(one.text, "yellow"))
    parts.append(
        Text(f"calls in this step: stable {answer.stable_units}, canary {answer.canary_units}")
    )
    if answer.evidence:
        parts.append(_tests(answer.evidence))
    parts += [Text(f"  still missing: {sentence}", "dim") for sentence in answer.missing]
    return Group(*parts)


def _tests(evidence: Iterable[Any]) -> Table:
    table = Table("what", "would show", "evidence", "", box=None, header_style="dim")
    for found in evidence:
        share = max(0.0, min(1.0, found.log_e / found.threshold)) if found.threshold else 0.0
        factor = math.exp(min(found.log_e, 50.0))
        table.add_row(
            found.kind,
            CLAIMS.get(found.test, "as good as it must be: go on"),
            f"{factor:.3g} of {math.exp(found.threshold):.3g}",
            ProgressBar(total=1.0, completed=share, width=24),
        )
    return table


def _state(one: Any) -> str:
    return rollouts_pb2.RolloutState.Name(one.state).removeprefix("ROLLOUT_STATE_")


def _runs(state: str) -> bool:
    return state in {"SHADOWING", "PROGRESSING", "PAUSED", "AWAITING_APPROVAL"}


def _share(one: Any) -> str:
    shadow = f"shadow {one.shadow_bps / 100:g} %" if one.shadow_bps else ""
    weight = f"{one.weight_bps / 100:g} % of calls" if one.weight_bps or not shadow else ""
    return ", ".join(part for part in (weight, shadow) if part)
