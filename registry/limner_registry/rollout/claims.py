"""E-values against what may be claimed of a canary, for one rollout or for many at once.

Every claim comes down to one experiment: something happened, and it was a hit or a miss. A bad
event is the canary's or stable's; a unit of the canary is bad or good; a unit is routed to the
canary or to stable. Where a claim just holds, a hit has the chance theta0, which the routing
table or the spec fixed beforehand. Each alternative multiplies the odds of a hit by some factor;
its likelihood ratio against theta0 is, as long as the claim holds, a nonnegative
supermartingale from 1, whichever traffic comes and however often one looks. So is the mean over
a fixed grid of alternatives: an e-process. By Ville's inequality it ever reaches 1 / alpha with a
chance of alpha at most.

Counts of different weights are never added up, for that compares different times of day and
calls a difference where there is none (Simpson's paradox). Each routing generation is a factor
with its own theta0, and for each alternative the factors are multiplied.

Source: Lindon and Malek, Anytime-Valid Inference for Multinomial Count Data, NeurIPS 2022; the
    mixture over a grid, and one factor for each generation, are ours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_registry.rollout.evidence import Claim
from limner_registry.rollout.spec import WHOLE_BPS, Kind, Shadow, Weight

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from limner_registry.rollout.spec import Metric

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]

WORSE = (1.5, 2.0, 3.0, 5.0, 10.0, 20.0)
"""Alternatives to "no worse", as multiples of the odds that the margin still grants."""
BETTER = (0.3, 0.6, 0.8, 1.0, 1.1)
"""Alternatives to "too bad", as ratios of the canary's bad rate to stable's."""
RARER = (0.1, 0.25, 0.5, 0.75)
"""Alternatives to "over budget", as multiples of the odds that the budget stands for."""
SKEWED = (0.1, 0.5, 0.8, 0.9, 0.97, 1.03, 1.1, 1.25, 2.0, 10.0)
"""Alternatives to "as routed", as multiples of the odds that the weight stands for."""

CONTROLS = {kind: kind for kind in Kind} | {Kind.FALLBACK: Kind.ERROR}
"""What stable's arm is compared by: it falls back on no one, so its errors stand for fallbacks."""
PAIRED = frozenset((Kind.ERROR, Kind.QUALITY))
"""What a shadowed answer shows: it comes at low priority, so its latency says nothing."""
SOAK_RISE = 2.0
"""Odds of a bad answer at full weight, against stable's highest before, that are still fine."""
RATE_UNITS = 100
"""Stable units a generation needs for its bad rate to say what is usual."""


@dataclass(frozen=True)
class Tally:
    """Counts by routing generation, on the last axis; leading axes are rollouts side by side."""

    weight: Floats
    """(generations,) the canary's share, in [0, 1]."""
    stable_units: Floats
    canary_units: Floats
    stable_bad: Mapping[Kind, Floats]
    canary_bad: Mapping[Kind, Floats]
    pairs: Floats
    stable_only: Mapping[Kind, Floats]
    canary_only: Mapping[Kind, Floats]


@dataclass(frozen=True)
class Trials:
    """Hits and misses by generation, the chance of a hit that is claimed, and alternatives."""

    hits: Floats
    """(..., generations)"""
    misses: Floats
    """(..., generations)"""
    theta0: Floats
    """(..., generations) or (generations,), in (0, 1]; 1 where a generation can say nothing."""
    odds: tuple[float, ...]

    def log_likelihoods(self) -> Floats:
        """Return the logarithm of each alternative's likelihood ratio: (..., alternatives).

        Linear in the counts, so parts of them may be computed apart and added.
        """
        odds = np.asarray(self.odds)
        cost = np.log1p(self.theta0[..., None, :] * (odds[:, None] - 1))
        every = self.hits + self.misses
        costs = every @ cost.T if cost.ndim == 2 else (every[..., None, :] * cost).sum(-1)
        return np.asarray(self.hits.sum(-1)[..., None] * np.log(odds) - costs)

    def only(self, here: Bools) -> Trials:
        """Return the trials of some generations: `here` is (generations,)."""
        return Trials(self.hits * here, self.misses * here, self.theta0, self.odds)

    def log_e(self) -> Floats:
        """Return the logarithm of the e-value: (...)."""
        return mix(self.log_likelihoods())


def mix(log_likelihoods: Floats) -> Floats:
    """Return the logarithm of the mean likelihood ratio over the last axis."""
    most = log_likelihoods.max(-1)
    return np.asarray(most + np.log(np.exp(log_likelihoods - most[..., None]).mean(-1)))


def tilt(chance: ArrayLike, odds: ArrayLike) -> Floats:
    """Return the chance whose odds are `odds` times those of `chance`, in [0, 1].

    With the canary's weight for chance and the ratio of its bad rate to stable's for odds, it is
    the chance that a bad event is the canary's; with 1/2 for chance, that it is the canary's in
    a pair where just one answer is bad.
    """
    chance, odds = np.asarray(chance, np.float64), np.asarray(odds, np.float64)
    return np.asarray(chance * odds / (chance * odds + 1 - chance))


def no_worse(tally: Tally, metric: Metric) -> Trials:
    """Return what speaks against "at most `1 + margin` times as bad as stable".

    A generation is one of three experiments, by its weight, which was fixed before it began:

    - Between 0 and 1: whose is a bad event? Given a bad unit, it is the canary's with a chance of
      at most `tilt(weight, 1 + margin)`. That holds for units of many requests too, as the chance
      of at least one bad among n is concave in the rate.
    - 0: shadow. Whose is the bad answer of a pair that has one (McNemar, one by one)? The pairs
      of other generations are left out: their stable answers are in stable's arm already, and
      two factors that share an answer would multiply to more than an e-process.
    - 1: is a unit bad? There is no stable arm left, so `ceiling` stands in for it.

    Each generation's factor so has a mean of at most 1 given all generations before it, and the
    product of such factors is an e-process again. What it guards against false abort is a canary
    within the margin in each experiment; one that is no worse than stable is so in all of them.
    """
    shadow, soak = tally.weight == 0, tally.weight == 1
    hits = np.where(shadow, _paired(tally.canary_only, metric), tally.canary_bad[metric.kind])
    good = np.maximum(tally.canary_units - tally.canary_bad[metric.kind], 0)
    stable = np.where(soak, good, tally.stable_bad[CONTROLS[metric.kind]])
    misses = np.where(shadow, _paired(tally.stable_only, metric), stable)
    theta0 = tilt(np.where(shadow, 0.5, tally.weight), 1 + metric.margin)
    if soak.any():
        theta0 = np.where(soak, ceiling(tally, metric)[..., None], theta0)
        misses = np.where(theta0 == 1, 0, misses)
    return Trials(hits, misses, theta0, WORSE)


def too_bad(tally: Tally, metric: Metric, ratio: float) -> Trials:
    """Return what speaks against "at least `ratio` times as bad as stable".

    The same experiments as in `no_worse`, but for full weight, where nothing is left to compare.
    """
    shadow = tally.weight == 0
    hits = np.where(shadow, _paired(tally.canary_only, metric), tally.canary_bad[metric.kind])
    stable = tally.stable_bad[CONTROLS[metric.kind]]
    misses = np.where(shadow, _paired(tally.stable_only, metric), stable)
    compared = tally.weight < 1
    theta0 = tilt(np.where(shadow, 0.5, tally.weight), ratio)
    odds = tuple(better / ratio for better in BETTER)
    return Trials(hits, misses, theta0, odds).only(compared)


def over_budget(tally: Tally, metric: Metric, budget: ArrayLike, here: Bools) -> Trials:
    """Return what speaks against "the canary's own bad rate is at least `budget`".

    Only the generations of the step in force count, so that a weight is passed on how the canary
    does at that weight. A shadowed input counts as bad where the canary alone failed.

    Args:
        tally: All generations.
        metric: Names the kind of bad event.
        budget: (...) bad rate in (0, 1]; 1 can never be shown.
        here: (generations,) whether a generation is of the step in force.
    """
    shadow = tally.weight == 0
    hits = np.where(shadow, _paired(tally.canary_only, metric), tally.canary_bad[metric.kind])
    units = np.where(shadow, tally.pairs, tally.canary_units)
    theta0 = np.broadcast_to(np.asarray(budget, np.float64)[..., None], hits.shape)
    misses = np.where(theta0 == 1, 0, np.maximum(units - hits, 0))
    return Trials(hits, misses, theta0, RARER).only(here)


def as_routed(tally: Tally, here: Bools) -> Trials:
    """Return what speaks against "units reach the canary as the table says".

    To be asked of one generation at a time, at `routed_alpha`. Generations are not multiplied:
    the same units come again in each, always in the same bucket, so that a chance imbalance
    would count anew with every weight.
    """
    compared = here & (tally.weight > 0) & (tally.weight < 1)
    return Trials(tally.canary_units, tally.stable_units, tally.weight, SKEWED).only(compared)


def routed_alpha(place: int, alpha: float) -> float:
    """Return what of `alpha` the weight at a place, from 1, may spend; all places sum to it."""
    return alpha * 6 / (math.pi * place) ** 2


def ceiling(tally: Tally, metric: Metric) -> Floats:
    """Return the bad rate that is still fine at full weight: (...), in [0, 1].

    The budget, or twice the odds of the highest bad rate that stable had in a generation of this
    rollout, whichever is more; 1, which nothing exceeds, where neither is known.
    """
    known = (tally.weight < 1) & (tally.stable_units >= RATE_UNITS)
    bad = tally.stable_bad[CONTROLS[metric.kind]]
    rates = np.where(known, (bad + 1) / (tally.stable_units + 1), 0)
    usual = tilt(np.minimum(rates.max(-1, initial=0), 1), SOAK_RISE)
    if metric.budget is not None:
        return np.maximum(usual, metric.budget)
    return np.where(known.any(-1), usual, 1.0)


def ways_to_pass(
    step: Shadow | Weight, tally: Tally, here: Bools, metric: Metric, alpha: float
) -> list[tuple[Claim, Trials, float]]:
    """Return the claims of which one must fall for a metric to pass a step, with their alphas.

    They share `alpha`, the chance of a false pass. Each metric may spend all of it: a step is
    passed only where every metric is, so that a canary too bad in one has that one against it.
    At full weight the ceiling takes the place of both. No claims: the step asks nothing of it.
    Fallbacks are asked for nowhere, as each is one of the canary's errors too.
    """
    if metric.kind is Kind.FALLBACK or (isinstance(step, Shadow) and metric.kind not in PAIRED):
        return []
    if isinstance(step, Weight) and step.bps == WHOLE_BPS:
        limit = ceiling(tally, metric)
        return [(Claim.OVER_BUDGET, over_budget(tally, metric, limit, here), alpha)]
    relative = too_bad(tally, metric, step.worst_ratio)
    if metric.budget is None:
        return [(Claim.TOO_BAD, relative, alpha)]
    absolute = over_budget(tally, metric, metric.budget, here)
    return [(Claim.TOO_BAD, relative, alpha / 2), (Claim.OVER_BUDGET, absolute, alpha / 2)]


def _paired(counts: Mapping[Kind, Floats], metric: Metric) -> Floats:
    """Return what pairs show of a kind: nothing of those that shadow cannot compare."""
    return counts[metric.kind] * (metric.kind in PAIRED)
