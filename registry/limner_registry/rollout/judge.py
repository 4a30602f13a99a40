"""The judge: what the counts of a rollout allow to be said about its canary, at any moment.

It is a function of the spec and the counts alone. However often it is asked, and whenever a step
is ended on what it says, a canary no worse than stable is aborted on evidence with a chance of
`alpha_abort` at most, all kinds of bad events together, and one too bad for a step passes it with
`alpha_promote` at most. Evidence against a canary is final: who keeps the rollout keeps it,
whatever later counts say.

A canary that never fails cannot be compared with a stable version that never fails either: no bad
event, no comparison. It passes by its budget, which good units alone can show: some four hundred
for a budget of one percent. A metric without a budget waits for bad events, and a step that they
do not come in ends undecided.

At full weight no one is left to compare with. There the canary must be shown to stay below a
ceiling: the budget, or twice what stable had in this rollout, whichever is more. The same ceiling
takes stable's place in the evidence that aborts; what makes any version more than twice as bad as
stable ever was, during those minutes of all, is taken for the canary's fault.

What it rests on: routing does not depend on how hard a unit's input is (pinned and header-routed
calls are not counted), and a unit counts once for each kind and generation. A few units that fail
in every generation keep their arm and so count for or against it again and again; the margin
takes that up in all that was simulated, and with a margin of 0 and servers that restart every
hour, one percent becomes one and a quarter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from limner_registry.rollout.claims import (
    BETTER,
    Tally,
    as_routed,
    mix,
    no_worse,
    routed_alpha,
    ways_to_pass,
)
from limner_registry.rollout.evidence import Claim, Epoch, Evidence, Factor, Outcome, Verdict
from limner_registry.rollout.spec import Approve, Headers, Kind, Otherwise, Shadow, Weight
from limner_registry.rollout.triggers import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from limner_registry.rollout.claims import Trials
    from limner_registry.rollout.spec import Judging, Metric, Spec, Step

AHEAD = np.geomspace(0.01, 1000, 400)
"""How far the present step is drawn out to tell when it will be decided, as multiples of it."""

MOST_TOLD = 20.0
"""The logarithm of the largest e-value that sentences tell."""


def judge(spec: Spec, step: Step, epochs: Iterable[Epoch], seconds_in_step: float) -> Verdict:
    """Return what should become of the step in force.

    What is found comes before what is missing: evidence against the canary aborts whatever else
    is true, wrong routing pauses, and only then may the step pass or run out of time.

    Args:
        spec: What was asked for.
        step: The one of `spec.steps` in force.
        epochs: The counts of every routing generation of this rollout, in any order.
        seconds_in_step: Since the step's weights came into force, pauses left out, >= 0.
    """
    epochs = sorted(epochs, key=lambda epoch: epoch.generation)
    case = _Case(spec.judging, step, epochs, seconds_in_step)
    aborts, routing = case.aborts(), case.routing()
    shown, missing = case.passing()
    evidence = (*aborts, *routing, *shown)
    outcome, reason, text = _decide(spec, step, seconds_in_step, aborts, routing, missing)
    return Verdict(outcome, reason, text, evidence, tuple(missing))


def tally(epochs: Sequence[Epoch]) -> Tally:
    """Return the counts of generations as arrays, in their order."""

    def by_kind(counts: Iterable[Mapping[Kind, int]]) -> dict[Kind, NDArray[np.float64]]:
        rows = list(counts)
        return {kind: np.array([row.get(kind, 0) for row in rows], np.float64) for kind in Kind}

    return Tally(
        weight=np.array([epoch.weight for epoch in epochs], np.float64),
        stable_units=np.array([epoch.stable.units for epoch in epochs], np.float64),
        canary_units=np.array([epoch.canary.units for epoch in epochs], np.float64),
        stable_bad=by_kind(epoch.stable.bad for epoch in epochs),
        canary_bad=by_kind(epoch.canary.bad for epoch in epochs),
        pairs=np.array([epoch.pairs.total for epoch in epochs], np.float64),
        stable_only=by_kind(epoch.pairs.stable_only for epoch in epochs),
        canary_only=by_kind(epoch.pairs.canary_only for epoch in epochs),
    )


class _Case:
    """One question to the judge: the counts as arrays, and which of them the step is about."""

    def __init__(
        self, judging: Judging, step: Step, epochs: Sequence[Epoch], seconds: float
    ) -> None:
        self.judging = judging
        self.step = step
        self.epochs = epochs
        self.seconds = seconds
        self.tally = tally(epochs)
        weight = step.bps if isinstance(step, Weight) else 0
        others = [epoch.generation for epoch in epochs if epoch.weight_bps != weight]
        since = max(others, default=-1)
        self.here = np.array([epoch.generation > since for epoch in epochs], bool)

    def aborts(self) -> list[Evidence]:
        """Return the evidence that the canary is worse than stable, one for each metric."""
        alpha = self.judging.alpha_abort
        return [
            self._evidence(
                Claim.NO_WORSE, metric.kind, no_worse(self.tally, metric), alpha * metric.share
            )
            for metric in self.judging.metrics
        ]

    def routing(self) -> list[Evidence]:
        """Return the evidence that routing is wrong, one for each weight there was."""
        evidence: list[Evidence] = []
        for index, epoch in enumerate(self.epochs):
            if 0 < epoch.weight < 1:
                alpha = routed_alpha(len(evidence) + 1, self.judging.ratio_alpha)
                trials = as_routed(self.tally, np.arange(len(self.epochs)) == index)
                evidence.append(self._evidence(Claim.AS_ROUTED, None, trials, alpha))
        return evidence

    def passing(self) -> tuple[list[Evidence], list[str]]:
        """Return the evidence that the step asks for, and what it still waits for."""
        if isinstance(self.step, Approve):
            return [], [f"a person with the role {self.step.role} must approve"]
        missing = list(self._too_little())
        evidence: list[Evidence] = []
        if not isinstance(self.step, Headers):
            for metric in self.judging.metrics:
                shown, sentence = self._shown(self.step, metric)
                evidence += shown
                missing += sentence
        return evidence, missing

    def _too_little(self) -> Iterator[str]:
        """Yield what time and numbers the step still waits for."""
        step = self.step
        if isinstance(step, Approve):
            return
        if self.seconds < step.min_seconds:
            rest = _span(step.min_seconds - self.seconds)
            yield f"{_span(step.min_seconds)} must pass in this step; {rest} to go"
        if isinstance(step, Shadow):
            counts, wanted, what = self.tally.pairs, step.min_pairs, "shadowed pairs"
        elif isinstance(step, Weight):
            wanted = step.min_units or self.judging.min_units
            counts, what = self.tally.canary_units, "canary units"
        else:
            return
        seen = int(counts[self.here].sum())
        if seen < wanted:
            rate = seen / self.seconds if self.seconds > 0 else 0.0
            when = f"about {_span((wanted - seen) / rate)} to go" if rate else "none come in yet"
            yield f"{seen} of {wanted} {what} were seen; {when}"

    def _shown(self, step: Shadow | Weight, metric: Metric) -> tuple[list[Evidence], list[str]]:
        """Return a metric's evidence for passing, and a sentence unless it suffices."""
        asked = ways_to_pass(step, self.tally, self.here, metric, self.judging.alpha_promote)
        evidence = [
            self._evidence(claim, metric.kind, trials, alpha) for claim, trials, alpha in asked
        ]
        if not evidence or any(found.speaks for found in evidence):
            return evidence, []
        claims: list[str] = []
        waits: list[float] = []
        for found, (_, trials, _) in zip(evidence, asked, strict=True):
            claims.append(_claim(found, trials))
            waits.append(self._seconds_until(trials, found.threshold))
        when = "it comes no closer at this rate"
        if min(waits) < math.inf:
            when = f"about {_span(min(waits))} to go at this rate"
        return evidence, [f"{metric.kind}: not yet shown {' nor '.join(claims)}; {when}"]

    def _seconds_until(self, trials: Trials, threshold: float) -> float:
        """Return in how long evidence will speak if the step goes on as it went; or infinity."""
        step = trials.only(self.here).log_likelihoods()
        ahead = mix(trials.log_likelihoods() + AHEAD[:, None] * step)
        reached = ahead >= threshold
        return float(AHEAD[reached.argmax()] * self.seconds) if reached.any() else math.inf

    def _evidence(self, claim: Claim, kind: Kind | None, trials: Trials, alpha: float) -> Evidence:
        theta0 = np.broadcast_to(trials.theta0, trials.hits.shape)
        factors = tuple(
            Factor(epoch.generation, epoch.weight_bps, int(hits), int(misses), float(chance))
            for epoch, hits, misses, chance in zip(
                self.epochs, trials.hits, trials.misses, theta0, strict=True
            )
            if hits + misses > 0
        )
        log_e = float(trials.log_e())
        return Evidence(claim, kind, log_e, -math.log(alpha), trials.odds, factors)


def _decide(
    spec: Spec,
    step: Step,
    seconds: float,
    aborts: Sequence[Evidence],
    routing: Sequence[Evidence],
    missing: Sequence[str],
) -> tuple[Outcome, Reason, str]:
    """Return outcome, reason and sentence for what was found and what is missing."""
    if worse := [found for found in aborts if found.speaks]:
        return Outcome.ABORT, Reason.EVIDENCE, "; ".join(map(_accusation, worse))
    if skewed := [found for found in routing if found.speaks]:
        return Outcome.PAUSE, Reason.SAMPLE_RATIO, "; ".join(map(_accusation, skewed))
    if not missing:
        return Outcome.GO, Reason.NONE, f"all is shown that this step asks for, {_span(seconds)} in"
    limit, otherwise = math.inf, spec.on_inconclusive
    if isinstance(step, Approve):
        limit, otherwise = step.timeout_seconds, step.on_timeout
    elif not isinstance(step, Headers):
        limit = step.max_seconds
    if seconds < limit:
        return Outcome.HOLD, Reason.NONE, "; ".join(missing)
    outcome = Outcome.ABORT if otherwise is Otherwise.ABORT else Outcome.PAUSE
    text = f"undecided after {_span(limit)}: " + "; ".join(missing)
    return outcome, Reason.INCONCLUSIVE, text


def _accusation(found: Evidence) -> str:
    """Return a sentence with the counts of an evidence that speaks."""
    numbers = _strength(found)
    hits = sum(factor.hits for factor in found.factors)
    every = [factor.hits + factor.misses for factor in found.factors]
    if found.kind is None:
        weight = found.factors[0].weight_bps / 100
        return f"{hits} of {sum(every)} units reached the canary at {weight:g} % ({numbers})"
    fair = sum(count * factor.theta0 for count, factor in zip(every, found.factors, strict=True))
    return f"{found.kind}: {hits} were the canary's where {fair:.1f} would do at most ({numbers})"


def _claim(found: Evidence, trials: Trials) -> str:
    """Return what a test would show, with how far it is."""
    numbers = f"({_strength(found)})"
    if found.claim is Claim.TOO_BAD:
        return f"below {BETTER[0] / found.odds[0]:g} times stable's rate {numbers}"
    return f"below a rate of {100 * trials.theta0.max(initial=0):.3g} % {numbers}"


def _strength(found: Evidence) -> str:
    """Return how strong an evidence is against how strong it must be, as e-values."""
    value = math.exp(min(found.log_e, MOST_TOLD))
    told = f"{value:.2g}" if value < 10 else f"{value:.0f}"
    return f"evidence {told} of {math.exp(found.threshold):.0f}"


def _span(seconds: float) -> str:
    """Return a duration as people say it."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
