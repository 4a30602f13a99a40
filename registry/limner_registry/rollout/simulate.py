"""The simulator: how often a spec would abort, promote or stay undecided, and how soon.

It plays many rollouts at once and asks, at every look, what the judge would say; the formulas are
the judge's own (`claims`). Steps by header and by approval are left out.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Any

import numpy as np

from limner_registry.rollout.claims import Tally, as_routed, no_worse, routed_alpha, ways_to_pass
from limner_registry.rollout.simulated import Share, Simulated, Spread
from limner_registry.rollout.spec import WHOLE_BPS, Kind, Shadow, Weight
from limner_registry.rollout.traffic import Crowd, Regime, Regulars

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner_registry.rollout.claims import Bools, Floats
    from limner_registry.rollout.spec import Spec
    from limner_registry.rollout.traffic import Ints, Look, Traffic

PLAYED = (Shadow, Weight)


class End(enum.IntEnum):
    """How a simulated rollout ends; a number, to be kept in an array."""

    RUNNING = 0
    PASSED = 1
    ABORTED = 2
    SKEWED = 3
    UNDECIDED = 4


def unheard(done: float) -> None:
    """Tell no one how much is done."""


def simulate(
    spec: Spec,
    traffic: Traffic,
    runs: int = 2000,
    seed: int = 0,
    look_seconds: float = 60.0,
    *,
    by_clock: bool = False,
    told: Callable[[float], object] = unheard,
) -> Simulated:
    """Return what becomes of `runs` rollouts of a spec under made-up traffic.

    Args:
        spec: Its steps by header and approval are passed over.
        traffic: Rates and regime.
        runs: How many rollouts, in [1, 1_000_000].
        seed: Same seed, same result.
        look_seconds: Between two questions to the judge, > 0; the looks of a rollout are at most
            `spec.progress_seconds` of it.
        by_clock: Let every step pass after its `min_seconds`, whatever is shown, so that all
            weights weigh in on the evidence.
        told: Is told after every look how much is done, in (0, 1]; what it raises ends it all.
    """
    play = Play(spec, traffic, runs, seed, by_clock=by_clock)
    looks = math.ceil(spec.progress_seconds / look_seconds)
    for look in range(looks):
        if not play.advance(look * look_seconds, look_seconds):
            break
        told(max((look + 1) / looks, np.count_nonzero(play.end) / runs))
    told(1.0)
    return play.result()


class Play:
    """Rollouts side by side, each in its own step."""

    def __init__(
        self, spec: Spec, traffic: Traffic, runs: int, seed: int, *, by_clock: bool = False
    ) -> None:
        self.spec = spec
        played = [place for place, step in enumerate(spec.steps) if isinstance(step, PLAYED)]
        self.places = np.array(played)
        """Of the steps that are played, in the spec."""
        self.steps = [step for step in spec.steps if isinstance(step, PLAYED)]
        self.by_clock = by_clock or traffic.regime is Regime.RAMP
        self.random = np.random.default_rng(seed)
        sticky = traffic.regime in {Regime.STICKY, Regime.RESTARTS}
        self.callers = (Regulars if sticky else Crowd)(traffic, runs, self.random)
        self.traffic = traffic
        self.step = np.zeros(runs, np.int64)
        """Index of the step in force."""
        self.seconds = np.zeros(runs)
        """In the step in force."""
        self.ended = np.zeros(runs)
        """Seconds from the beginning to the outcome."""
        self.end = np.full(runs, End.RUNNING, np.int8)
        self.counts = _empty(self.steps, runs)
        self.callers.enter(np.arange(runs), np.full(runs, self.counts.weight[0]))

    def advance(self, at: float, seconds: float) -> bool:
        """Count the `seconds` after `at`, judge, and say whether any rollout still runs."""
        rows = np.flatnonzero(self.end == End.RUNNING)
        weight = self.counts.weight[self.step[rows]]
        self._add(rows, self.callers.look(rows, weight, at, seconds))
        self.seconds[rows] += seconds
        self.ended[rows] = at + seconds
        for index in range(len(self.steps)):
            within = rows[self.step[rows] == index]
            if len(within):
                self._judge(within, index)
        passed = rows[(self.end[rows] == End.PASSED) & (self.step[rows] + 1 < len(self.steps))]
        self.end[passed] = End.RUNNING
        self.step[passed] += 1
        self.seconds[passed] = 0
        self.callers.enter(passed, self.counts.weight[self.step[passed]])
        return bool((self.end == End.RUNNING).any())

    def result(self) -> Simulated:
        """Return how it ended; what still runs is undecided."""
        of = len(self.end)
        aborted, promoted, skewed = (
            np.flatnonzero(self.end == end) for end in (End.ABORTED, End.PASSED, End.SKEWED)
        )
        undecided = np.flatnonzero((self.end == End.RUNNING) | (self.end == End.UNDECIDED))
        bad = max((self.counts.canary_bad[kind][aborted].sum(-1) for kind in Kind), key=np.sum)
        return Simulated(
            aborted=Share(len(aborted), of),
            promoted=Share(len(promoted), of),
            skewed=Share(len(skewed), of),
            undecided=Share(len(undecided), of),
            abort_seconds=Spread.of(self.ended[aborted]),
            promote_seconds=Spread.of(self.ended[promoted]),
            abort_units=Spread.of(self.counts.canary_units[aborted].sum(-1)),
            abort_bad=Spread.of(bad),
            aborted_in=self._places(aborted),
            undecided_in=self._places(undecided),
        )

    def _places(self, rows: Ints) -> dict[int, int]:
        """Return how many rollouts are in which step of the spec."""
        steps, counts = np.unique(self.places[self.step[rows]], return_counts=True)
        return dict(zip(steps.tolist(), counts.tolist(), strict=True))

    def _add(self, rows: Ints, look: Look) -> None:
        """Add what was counted to the generation of each rollout's step."""
        at, counts = (rows, self.step[rows]), self.counts
        counts.stable_units[at] += look.stable_units
        counts.canary_units[at] += look.canary_units
        for kind, bad in look.stable_bad.items():
            counts.stable_bad[kind][at] += bad
        for kind, bad in look.canary_bad.items():
            counts.canary_bad[kind][at] += bad
        copied = np.array([step.bps if isinstance(step, Shadow) else 0 for step in self.steps])
        share = copied[self.step[rows]] / WHOLE_BPS
        if not share.any():
            return
        pairs = self.random.binomial(look.answered, share)
        counts.pairs[at] += pairs
        for kind in Kind:
            stable, canary = np.outer(self.traffic.chances(kind), look.badness)
            counts.stable_only[kind][at] += self.random.binomial(pairs, stable * (1 - canary))
            counts.canary_only[kind][at] += self.random.binomial(pairs, canary * (1 - stable))

    def _judge(self, rows: Ints, index: int) -> None:
        """Set the outcome of the rollouts in one step, as `judge` would."""
        step, judging = self.steps[index], self.spec.judging
        counts = _part(self.counts, rows, index + 1)
        here = np.arange(index + 1) == index
        late = self.seconds[rows] >= step.max_seconds
        self.end[rows[late]] = End.UNDECIDED
        passing = rows[self._passing(counts, here, rows, step)]
        self.end[passing] = End.PASSED
        if 0 < counts.weight[index] < 1:
            place = int(((counts.weight > 0) & (counts.weight < 1)).sum())
            threshold = -math.log(routed_alpha(place, judging.ratio_alpha))
            skewed = as_routed(counts, here).log_e() >= threshold
            self.end[rows[skewed]] = End.SKEWED
        for metric in judging.metrics:
            threshold = -math.log(judging.alpha_abort * metric.share)
            worse = no_worse(counts, metric).log_e() >= threshold
            self.end[rows[worse]] = End.ABORTED

    def _passing(self, counts: Tally, here: Bools, rows: Ints, step: Shadow | Weight) -> Bools:
        """Return which rollouts have shown all that their step asks for."""
        judging = self.spec.judging
        passing: Bools = self.seconds[rows] >= step.min_seconds
        if self.by_clock:
            return passing
        if isinstance(step, Shadow):
            passing = passing & (counts.pairs[:, here].sum(-1) >= step.min_pairs)
        else:
            wanted = step.min_units or judging.min_units
            passing = passing & (counts.canary_units[:, here].sum(-1) >= wanted)
        for metric in judging.metrics if passing.any() else ():
            asked = ways_to_pass(step, counts, here, metric, judging.alpha_promote)
            fallen = [trials.log_e() >= -math.log(alpha) for _, trials, alpha in asked]
            passing = passing & (np.any(fallen, axis=0) if fallen else True)
        return passing


def _empty(steps: list[Shadow | Weight], runs: int) -> Tally:
    """Return counts of nothing, (runs, steps), to be added to in place."""

    def zeros() -> Floats:
        return np.zeros((runs, len(steps)))

    def by_kind() -> dict[Kind, Floats]:
        return {kind: zeros() for kind in Kind}

    weights = [step.bps / WHOLE_BPS if isinstance(step, Weight) else 0.0 for step in steps]
    weight = np.array(weights, np.float64)
    return Tally(weight, zeros(), zeros(), by_kind(), by_kind(), zeros(), by_kind(), by_kind())


def _part(counts: Tally, rows: Ints, generations: int) -> Tally:
    """Return the first generations of some rollouts, copied."""
    at = np.ix_(rows, np.arange(generations))

    def by_kind(of: Any) -> dict[Kind, Floats]:
        return {kind: values[at] for kind, values in of.items()}

    return Tally(
        weight=counts.weight[:generations],
        stable_units=counts.stable_units[at],
        canary_units=counts.canary_units[at],
        stable_bad=by_kind(counts.stable_bad),
        canary_bad=by_kind(counts.canary_bad),
        pairs=counts.pairs[at],
        stable_only=by_kind(counts.stable_only),
        canary_only=by_kind(counts.canary_only),
    )
