"""The document a rollout is asked for with, as people write it in JSON or YAML."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from limner_registry.errors import InputRefused
from limner_registry.rollout.form import Form
from limner_registry.rollout.spec import (
    DEFAULT,
    METRICS,
    WHOLE_BPS,
    Approve,
    HeaderRule,
    Headers,
    Judging,
    Kind,
    Metric,
    Otherwise,
    Shadow,
    Spec,
    Step,
    Weight,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

LONGEST = 30 * 86_400
"""No span in a spec is longer, in seconds."""
LEAST_RATIO = 1.2
"""A canary just as good as stable could hardly be shown to stay below less."""


class SpecRefused(InputRefused):
    """The document asks for a rollout that cannot be; the message names every reason."""


def read_spec(document: Any) -> Spec:
    """Return the spec a document asks for; what it leaves out is as in `DEFAULT`.

    Args:
        document: Objects, lists, numbers and text as JSON or YAML give them, such as
            `{"steps": [{"shadow": {"bps": 1000}}, {"weight": {"bps": 10000}}]}`.

    Raises:
        SpecRefused: It cannot be followed; the message names every field that is wrong, unknown
            ones among them.
    """
    violations: list[str] = []
    form = Form(document, "", violations)
    spec = Spec(
        steps=_read_steps(form) if form.given("steps") else DEFAULT.steps,
        judging=_read_judging(form.form("judging")),
        on_inconclusive=form.choice("on_inconclusive", Otherwise, Spec.on_inconclusive),
        progress_seconds=form.number("progress_seconds", 1, LONGEST, Spec.progress_seconds),
        dry_run=form.flag("dry_run", default=Spec.dry_run),
        rollback_seconds=form.number("rollback_seconds", 0, LONGEST, Spec.rollback_seconds),
    )
    form.finish()
    violations += _contradictions(spec)
    if violations:
        raise SpecRefused("the rollout's spec is refused: " + "; ".join(violations))
    return spec


def _read_steps(form: Form) -> tuple[Step, ...]:
    steps: list[Step] = []
    for row in form.forms("steps"):
        names = row.names()
        if len(names) != 1 or names[0] not in STEPS:
            row.refuse("", f"must be one of {', '.join(STEPS)}, and nothing else")
            continue
        step = row.form(names[0])
        steps.append(STEPS[names[0]](step))
        step.finish()
    return tuple(steps)


def _read_shadow(form: Form) -> Shadow:
    return Shadow(
        bps=form.whole("bps", 1, WHOLE_BPS),
        min_pairs=form.whole("min_pairs", 1, 10**9, Shadow.min_pairs),
        min_seconds=form.number("min_seconds", 0, LONGEST, Shadow.min_seconds),
        max_seconds=form.number("max_seconds", 1, LONGEST, Shadow.max_seconds),
    )


def _read_weight(form: Form) -> Weight:
    return Weight(
        bps=form.whole("bps", 1, WHOLE_BPS),
        min_seconds=form.number("min_seconds", 0, LONGEST, Weight.min_seconds),
        min_units=form.whole("min_units", 1, 10**9) if form.given("min_units") else None,
        max_seconds=form.number("max_seconds", 1, LONGEST, Weight.max_seconds),
        ratio=form.number("ratio", LEAST_RATIO, 100) if form.given("ratio") else None,
    )


def _read_headers(form: Form) -> Headers:
    rules = []
    for row in form.forms("rules"):
        rules.append(HeaderRule(row.key("name"), row.text("value")))
        row.finish()
    return Headers(tuple(rules), form.number("min_seconds", 0, LONGEST, Headers.min_seconds))


def _read_approve(form: Form) -> Approve:
    return Approve(
        role=form.text("role", Approve.role),
        timeout_seconds=form.number("timeout_seconds", 1, LONGEST, Approve.timeout_seconds),
        on_timeout=form.choice("on_timeout", Otherwise, Approve.on_timeout),
    )


STEPS: Mapping[str, Callable[[Form], Step]] = {
    "shadow": _read_shadow,
    "weight": _read_weight,
    "headers": _read_headers,
    "approve": _read_approve,
}
"""The name of each step in a document."""


def _read_judging(form: Form) -> Judging:
    judging = Judging(
        alpha_abort=form.number("alpha_abort", 1e-9, 0.5, Judging.alpha_abort),
        alpha_promote=form.number("alpha_promote", 1e-9, 0.5, Judging.alpha_promote),
        ratio_alpha=form.number("ratio_alpha", 1e-9, 0.5, Judging.ratio_alpha),
        min_units=form.whole("min_units", 1, 10**9, Judging.min_units),
        slow_factor=form.number("slow_factor", 0.1, 100, Judging.slow_factor),
        metrics=tuple(_read_metrics(form)) if form.given("metrics") else METRICS,
    )
    form.finish()
    return judging


def _read_metrics(form: Form) -> Iterator[Metric]:
    for row in form.forms("metrics"):
        yield Metric(
            kind=row.choice("kind", Kind),
            share=row.number("share", 1e-6, 1),
            margin=row.number("margin", 0, 10, Metric.margin),
            budget=row.number("budget", 1e-6, 0.9) if row.given("budget") else None,
        )
        row.finish()


def _contradictions(spec: Spec) -> Iterator[str]:
    """Yield what is wrong between fields that are each right."""
    weights = [step.bps for step in spec.steps if isinstance(step, Weight)]
    if weights != sorted(set(weights)):
        yield "steps must raise the weight every time"
    last = spec.steps[-1] if spec.steps else None
    if not (isinstance(last, Weight) and last.bps == WHOLE_BPS):
        yield f"steps must end with a weight of {WHOLE_BPS} bps"
    kinds = [type(step) for step in spec.steps]
    if Weight in kinds and {Shadow, Headers} & set(kinds[kinds.index(Weight) :]):
        yield "steps must shadow and route by headers before the first weight"
    timed = [step for step in spec.steps if isinstance(step, Shadow | Weight)]
    if any(step.min_seconds > step.max_seconds for step in timed):
        yield "steps must have min_seconds up to max_seconds"
    if sum(step.min_seconds for step in timed) > spec.progress_seconds:
        yield "progress_seconds must be at least what the steps' min_seconds sum to"
    metrics = spec.judging.metrics
    named = [metric.kind for metric in metrics]
    if len(set(named)) < len(named):
        yield "judging.metrics must name a kind once"
    if Kind.FALLBACK in named and Kind.ERROR not in named:
        yield "judging.metrics must name error with fallback, which alone lets nothing pass"
    if abs(sum(metric.share for metric in metrics) - 1) > 1e-6:
        yield "judging.metrics must have shares that sum to 1"
    ratios = [
        step.worst_ratio for step in timed if step.bps < WHOLE_BPS or isinstance(step, Shadow)
    ]
    if min(ratios, default=math.inf) < 1 + max((metric.margin for metric in metrics), default=0):
        yield "judging.metrics must have margins below every step's ratio less 1"
