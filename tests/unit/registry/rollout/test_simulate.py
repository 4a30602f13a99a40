"""The judge's promises, held over thousands of rollouts; the simulator's, held to the judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta

from limner_registry.rollout.evidence import Arm, Epoch, Outcome, Pairs
from limner_registry.rollout.judge import judge
from limner_registry.rollout.simulate import End, Play, simulate
from limner_registry.rollout.simulated import Share
from limner_registry.rollout.spec import DEFAULT, Judging, Kind, Metric, Shadow, Spec, Weight
from limner_registry.rollout.traffic import Regime, Traffic
from limner_registry.rollout.triggers import Reason

RUNS = 10_000
USUAL = {Kind.ERROR: 0.005, Kind.SLOW: 0.05, Kind.QUALITY: 0.002}
"""Chances that a request is bad with stable."""
NO_EVIDENCE = 1e-9
"""An `alpha_abort` at which the judge practically never aborts."""


def times(ratio, rates=USUAL):
    """Return what a canary does that is so many times as bad as stable, fallbacks among it."""
    bad = {kind: rate * ratio for kind, rate in rates.items()}
    return bad | {Kind.FALLBACK: 0.9 * bad[Kind.ERROR]}


def lasting(seconds, *steps):
    return Spec(tuple(replace(step, min_seconds=seconds, max_seconds=seconds) for step in steps))


def errors_alone(step, *, margin=0.0, alpha_abort=0.01, budget=None):
    """Return a spec of one step that judges nothing but errors, for an hour."""
    metrics = (Metric(Kind.ERROR, 1.0, margin, budget),)
    judging = Judging(alpha_abort, min_units=1, metrics=metrics)
    return Spec((replace(step, max_seconds=3600),), judging, progress_seconds=3600)


@pytest.mark.parametrize("regime", Regime)
def test_identical_versions_are_hardly_ever_aborted(regime):
    """Through all weights, an hour in all with a look each minute; steady: an hour at 5 %."""
    spec = lasting(600, *DEFAULT.steps)
    if regime is Regime.STEADY:
        spec = lasting(3600, Weight(500))

    found = simulate(spec, Traffic(50, USUAL, times(1), regime), RUNS, seed=1, by_clock=True)

    assert found.aborted.high <= 0.01
    assert found.skewed.high <= 0.002


def test_identical_versions_would_be_aborted_by_a_judge_less_strict():
    """What shows that the bound above can be missed."""
    judging = Judging(0.2, metrics=tuple(replace(m, margin=0.0) for m in DEFAULT.judging.metrics))
    spec = replace(lasting(600, *DEFAULT.steps), judging=judging)

    found = simulate(spec, Traffic(50, USUAL, times(1)), 2000, seed=1, by_clock=True)

    assert found.aborted.low > 0.01


def test_a_canary_just_within_the_margin_is_hardly_ever_aborted():
    spec = lasting(600, *DEFAULT.steps)
    edge = times(1.25) | {Kind.FALLBACK: 1.25 * USUAL[Kind.ERROR]}

    found = simulate(spec, Traffic(50, USUAL, edge), RUNS, seed=2, by_clock=True)

    assert found.aborted.high <= 0.01
    assert found.aborted.count > 10


@pytest.mark.parametrize(("bps", "ratio"), [(1000, 2.0), (2500, 1.5), (5000, 1.25)])
def test_a_canary_too_bad_by_just_the_ratio_seldom_passes(bps, ratio):
    spec = errors_alone(Weight(bps, 0), alpha_abort=NO_EVIDENCE)
    bad = {Kind.ERROR: ratio * 0.005}

    found = simulate(spec, Traffic(50, {Kind.ERROR: 0.005}, bad), RUNS, seed=3)

    assert 0 < found.promoted.high <= 0.05


def test_a_canary_at_its_budget_and_too_bad_seldom_passes_by_either_way():
    spec = errors_alone(Weight(1000, 0), alpha_abort=NO_EVIDENCE, budget=0.01)

    found = simulate(spec, Traffic(50, {Kind.ERROR: 0.005}, {Kind.ERROR: 0.01}), RUNS, seed=3)

    assert 0 < found.promoted.high <= 0.05


@pytest.mark.parametrize(
    ("rate", "bps", "stable", "canary", "caught", "median_seconds"),
    [
        (5, 500, 0.005, 0.03, 0.99, 900),
        (50, 500, 0.005, 0.02, 0.999, 240),
        (50, 500, 0.005, 0.01, 0.97, 1260),
        (50, 100, 0.005, 0.10, 0.999, 90),
        (50, 500, 0.0002, 0.02, 0.999, 90),
    ],
)
def test_a_worse_canary_is_caught_in_time(rate, bps, stable, canary, caught, median_seconds):
    spec = errors_alone(Weight(bps, 3600))
    traffic = Traffic(rate, {Kind.ERROR: stable}, {Kind.ERROR: canary})

    found = simulate(spec, traffic, 1000, seed=4, look_seconds=10)

    assert found.aborted.value >= caught
    assert found.abort_seconds.median <= median_seconds


def test_errors_where_there_were_next_to_none_hurt_few():
    """With all metrics and the margin of the default: 0.02 to 2 % at 50 a second and 5 %."""
    spec = lasting(3600, Weight(500))
    traffic = Traffic(50, {Kind.ERROR: 0.0002}, {Kind.ERROR: 0.02, Kind.FALLBACK: 0.018})

    found = simulate(spec, traffic, 2000, seed=5, look_seconds=5)

    assert found.aborted.value >= 0.999
    assert found.abort_seconds.median <= 90
    assert found.abort_bad.median <= 8


@pytest.mark.parametrize("regime", [Regime.STEADY, Regime.DIURNAL, Regime.BURST])
@pytest.mark.parametrize("rates", [{Kind.ERROR: 0.0}, {Kind.ERROR: 0.0002, Kind.SLOW: 0.01}])
def test_a_quiet_healthy_rollout_finishes(rates, regime):
    found = simulate(DEFAULT, Traffic(50, rates, times(1, rates), regime), 500, seed=6)

    assert found.promoted.value >= 0.99
    assert found.promote_seconds.median <= 2400


def test_pooled_counts_see_a_difference_that_a_burst_made_and_the_judge_does_not():
    """Simpson's paradox: the burst meets one percent, the calm meets all the rest."""
    spec = lasting(900, *(Weight(bps) for bps in (100, 500, 2500, 5000)))

    differs, aborted = pooled_and_judged(spec, ratio=1)

    assert differs > 0.9
    assert aborted <= 0.01


def test_pooled_counts_overlook_a_doubling_behind_a_burst_and_the_judge_does_not():
    spec = lasting(900, *(Weight(bps) for bps in (100, 500, 2500, 5000)))

    differs, aborted = pooled_and_judged(spec, ratio=2)

    assert differs < 0.5
    assert aborted > 0.99


def pooled_and_judged(spec, ratio):
    """Return how often a test of pooled counts calls a difference, and how often the judge."""
    errors = {Kind.ERROR: 0.005}
    never = replace(spec, judging=Judging(NO_EVIDENCE, metrics=(Metric(Kind.ERROR, 1.0),)))
    judged = replace(spec, judging=Judging(metrics=(Metric(Kind.ERROR, 1.0),)))
    traffic = Traffic(50, errors, {Kind.ERROR: 0.005 * ratio}, Regime.BURST)
    play = Play(never, traffic, 1000, 7, by_clock=True)
    for look in range(60):
        play.advance(look * 60, 60)
    counts = play.counts
    stable, canary = counts.stable_units.sum(-1), counts.canary_units.sum(-1)
    bad = [of[Kind.ERROR].sum(-1) for of in (counts.stable_bad, counts.canary_bad)]
    every = (bad[0] + bad[1]) / (stable + canary)
    deviation = np.sqrt(every * (1 - every) * (1 / stable + 1 / canary))
    differs = np.abs(bad[0] / stable - bad[1] / canary) > 1.96 * deviation
    found = simulate(judged, traffic, 1000, seed=7, by_clock=True)
    return differs.mean(), found.aborted.value


ASKED = [
    (DEFAULT, Traffic(50, USUAL, times(1))),
    (DEFAULT, Traffic(50, USUAL, times(1.6), Regime.BURST)),
    (DEFAULT, Traffic(50, {Kind.ERROR: 0.0}, {Kind.ERROR: 0.0}, Regime.DIURNAL)),
    (
        replace(DEFAULT, steps=(Shadow(5000), Weight(2000), Weight(10_000))),
        Traffic(20, USUAL, USUAL),
    ),
    (
        Spec((Weight(500, 60, 1, 600), Weight(10_000, 60, 1, 600))),
        Traffic(20, USUAL, times(1), Regime.RESTARTS),
    ),
]


@pytest.mark.parametrize(("spec", "traffic"), ASKED)
def test_the_simulator_decides_as_the_judge_does(spec, traffic):
    play = Play(spec, traffic, 8, seed=8)
    for look in range(200):
        running = np.flatnonzero(play.end == End.RUNNING)
        steps, seconds = play.step.copy(), play.seconds + 60
        play.advance(look * 60, 60)
        for run in running:
            step = int(steps[run])
            verdict = judge(spec, play.steps[step], epochs(play, run, step), float(seconds[run]))
            moved = play.step[run] > step
            assert (End.PASSED if moved else play.end[run]) == as_end(verdict)
        if not len(running):
            break
    assert look > 5


def test_the_simulator_pauses_on_a_skew_just_where_the_judge_does():
    spec = lasting(600, Weight(100), Weight(500))
    units = np.arange(5000, 5500, 5)
    play = Play(spec, Traffic(50, {}, {}), len(units), seed=1)
    play.step[:] = 1
    play.counts.stable_units[:] = 99_000, 95_000
    play.counts.canary_units[:, 0] = 1000
    play.counts.canary_units[:, 1] = units

    play._judge(np.arange(len(units)), 1)

    verdicts = [judge(spec, spec.steps[1], epochs(play, run, 1), 0) for run in range(len(units))]
    assert [as_end(verdict) for verdict in verdicts] == list(play.end)
    assert {*play.end} == {End.RUNNING, End.SKEWED}


def epochs(play, run, step):
    """Return what one simulated rollout counted up to its step, as the judge is given it."""
    counts = play.counts

    def by_kind(of, index):
        return {kind: int(values[run, index]) for kind, values in of.items()}

    return [
        Epoch(
            index + 1,
            round(counts.weight[index] * 10_000),
            Arm(int(counts.stable_units[run, index]), by_kind(counts.stable_bad, index)),
            Arm(int(counts.canary_units[run, index]), by_kind(counts.canary_bad, index)),
            Pairs(
                int(counts.pairs[run, index]),
                by_kind(counts.stable_only, index),
                by_kind(counts.canary_only, index),
            ),
        )
        for index in range(step + 1)
    ]


def as_end(verdict):
    if verdict.reason is Reason.INCONCLUSIVE:
        return End.UNDECIDED
    return {
        Outcome.GO: End.PASSED,
        Outcome.ABORT: End.ABORTED,
        Outcome.PAUSE: End.SKEWED,
        Outcome.HOLD: End.RUNNING,
    }[verdict.outcome]


@pytest.mark.parametrize("regime", [Regime.STICKY, Regime.RESTARTS])
def test_regulars_keep_their_arm_and_count_once_in_a_generation(regime):
    spec = lasting(1200, Weight(500), Weight(5000))
    play = Play(spec, Traffic(50, USUAL, USUAL, regime), 50, seed=9, by_clock=True)
    for look in range(40):
        play.advance(look * 60, 60)

    units = play.counts.stable_units + play.counts.canary_units
    everyone = 11_130
    if regime is Regime.STICKY:
        assert units.max() <= everyone
    else:
        assert units.max() > units.min() > 0
    assert (play.counts.canary_units[:, 1] > play.counts.canary_units[:, 0]).all()


@pytest.mark.parametrize(("count", "of"), [(0, 10_000), (7, 10_000), (50, 100), (99, 100), (9, 9)])
def test_bounds_are_those_of_clopper_and_pearson(count, of):
    share = Share(count, of)

    high = 1.0 if count == of else beta.ppf(0.975, count + 1, of - count)
    low = 0.0 if count == 0 else beta.ppf(0.025, count, of - count + 1)
    assert share.high == pytest.approx(high, abs=1e-9)
    assert share.low == pytest.approx(low, abs=1e-9)


def test_the_same_seed_gives_the_same_rollouts():
    traffic = Traffic(50, USUAL, times(1.5))

    spec = replace(DEFAULT, progress_seconds=3600)
    first, again, other = (simulate(spec, traffic, 200, seed) for seed in (1, 1, 2))

    assert first == again != other
    shares = (first.aborted, first.promoted, first.skewed, first.undecided)
    assert sum(share.count for share in shares) == 200
