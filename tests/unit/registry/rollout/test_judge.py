"""What the judge says, and that it says why."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.rollout.evidence import (
    Arm,
    Claim,
    Epoch,
    Outcome,
    Pairs,
)
from limner_registry.rollout.judge import judge
from limner_registry.rollout.spec import (
    DEFAULT,
    Approve,
    HeaderRule,
    Headers,
    Judging,
    Kind,
    Metric,
    Otherwise,
    Shadow,
    Spec,
    Weight,
)
from limner_registry.rollout.triggers import Reason

SHADOW, ONE, FIVE, QUARTER, HALF, ALL = DEFAULT.steps


def arm(units, error=0, slow=0, fallback=0, quality=0):
    bad = {Kind.ERROR: error, Kind.SLOW: slow, Kind.FALLBACK: fallback, Kind.QUALITY: quality}
    return Arm(units, {kind: count for kind, count in bad.items() if count})


def split(bps, units, rates=(0, 0), generation=1):
    """Return a generation in which both arms' errors are just what their rates say."""
    canary = units * bps // 10_000
    stable = units - canary
    return Epoch(
        generation,
        bps,
        arm(stable, error=round(stable * rates[0])),
        arm(canary, error=round(canary * rates[1])),
    )


units = st.integers(0, 20_000)
few = st.dictionaries(st.sampled_from(Kind), st.integers(0, 60))
arms = st.builds(Arm, units, few)
epochs = st.lists(
    st.builds(
        Epoch,
        st.integers(1, 99),
        st.sampled_from([0, 100, 500, 2500, 5000, 10_000]),
        arms,
        arms,
        st.builds(Pairs, units, few, few),
    ),
    max_size=6,
    unique_by=lambda epoch: epoch.generation,
)
steps = st.sampled_from([*DEFAULT.steps, Approve(), Headers((HeaderRule("x", "y"),))])
ages = st.floats(0, 100_000)


@pytest.mark.parametrize("step", DEFAULT.steps)
@pytest.mark.parametrize("counts", [[], [Epoch(1, 0)], [Epoch(4, 500), Epoch(6, 10_000)]])
def test_no_data_is_neither_pass_nor_fail(step, counts):
    early, late = (judge(DEFAULT, step, counts, seconds) for seconds in (600, 10_000))

    assert (early.outcome, early.reason) == (Outcome.HOLD, Reason.NONE)
    assert "none come in yet" in early.text
    assert (late.outcome, late.reason) == (Outcome.PAUSE, Reason.INCONCLUSIVE)


def test_a_canary_that_errs_four_times_as_often_is_aborted_with_its_numbers():
    verdict = judge(DEFAULT, FIVE, [split(500, 30_000, (0.005, 0.02))], 600)

    assert (verdict.outcome, verdict.reason) == (Outcome.ABORT, Reason.EVIDENCE)
    assert "error: 30 were the canary's where 10.6 would do at most (evidence " in verdict.text


def test_a_single_bad_answer_of_a_canary_beside_a_perfect_stable_is_no_evidence():
    assert judge(DEFAULT, FIVE, [split(500, 30_000, (0, 1 / 1500))], 9).outcome is Outcome.HOLD
    assert judge(DEFAULT, FIVE, [split(500, 30_000, (0, 4 / 1500))], 9).outcome is Outcome.ABORT


@pytest.mark.parametrize("step", [*DEFAULT.steps, Approve(), Headers((HeaderRule("x", "y"),))])
def test_the_judge_stays_armed_in_every_step(step):
    counts = [split(500, 30_000, (0.005, 0.05), generation=7)]

    assert judge(DEFAULT, step, counts, 1).outcome is Outcome.ABORT


def test_wrong_routing_pauses_although_all_else_is_shown():
    counts = Epoch(1, 500, arm(28_000), arm(2000))

    verdict = judge(DEFAULT, FIVE, [counts], 600)

    assert (verdict.outcome, verdict.reason) == (Outcome.PAUSE, Reason.SAMPLE_RATIO)
    assert "2000 of 30000 units reached the canary at 5 %" in verdict.text
    assert judge(DEFAULT, FIVE, [split(500, 30_000)], 600).outcome is Outcome.GO


def test_a_bad_canary_is_aborted_before_its_routing_is_questioned():
    counts = Epoch(1, 500, arm(28_000), arm(2000, error=400))

    assert judge(DEFAULT, FIVE, [counts], 600).outcome is Outcome.ABORT


@pytest.mark.parametrize("step", [ONE, FIVE, QUARTER, HALF])
def test_versions_that_never_fail_pass_by_their_budgets_and_not_without(step):
    counts = [split(step.bps, 60_000 * 100 // step.bps)]
    bare = tuple(replace(metric, budget=None) for metric in DEFAULT.judging.metrics)
    without = replace(DEFAULT, judging=Judging(metrics=bare))

    assert judge(DEFAULT, step, counts, 600).outcome is Outcome.GO
    assert judge(without, step, counts, 600).outcome is Outcome.HOLD
    assert judge(without, step, counts, 7200).reason is Reason.INCONCLUSIVE


@pytest.mark.parametrize("otherwise", Otherwise)
def test_a_step_undecided_to_its_end_is_what_the_spec_says_and_never_a_pass(otherwise):
    spec = replace(DEFAULT, on_inconclusive=otherwise)

    verdict = judge(spec, FIVE, [split(500, 4000, (0.02, 0.02))], FIVE.max_seconds)

    assert verdict.outcome.value == otherwise.value
    assert verdict.reason is Reason.INCONCLUSIVE
    assert verdict.text.startswith("undecided after 2.0 h: 200 of 500 canary units")


def test_a_step_passes_neither_too_soon_nor_on_too_few():
    enough = [split(500, 30_000)]

    assert judge(DEFAULT, FIVE, enough, 119).missing == ("2 min must pass in this step; 1 s to go",)
    patient = replace(FIVE, min_units=2000)
    verdict = judge(DEFAULT, patient, enough, 600)
    assert verdict.missing == ("1500 of 2000 canary units were seen; about 3 min to go",)


def test_what_a_weight_showed_does_not_stand_in_for_units_of_the_next():
    counts = [split(500, 100_000, generation=3), split(2500, 400, generation=4)]

    verdict = judge(DEFAULT, QUARTER, counts, 600)

    assert verdict.outcome is Outcome.HOLD
    assert verdict.missing[0].startswith("100 of 500 canary units")


def test_what_an_earlier_weight_showed_against_the_canary_still_counts():
    early = Epoch(1, 100, arm(9900, error=2), arm(100, error=8))
    later = split(5000, 2000, (0.002, 0.002), generation=2)

    assert judge(DEFAULT, HALF, [early, later], 600).outcome is Outcome.ABORT


def test_the_time_still_to_go_is_when_the_step_passes():
    rates = (0.02, 0.02)
    spec = replace(DEFAULT, judging=Judging(metrics=(Metric(Kind.ERROR, 1.0),)))
    verdict = judge(spec, QUARTER, [split(2500, 5000, rates)], 100)
    assert "error: not yet shown below 1.5 times stable's rate (evidence " in verdict.text
    expected = 60 * float(verdict.text.split("about ")[1].split(" min to go")[0])

    def later(factor):
        seconds = 100 + expected * factor
        counts = [split(2500, round(50 * seconds), rates)]
        return judge(spec, QUARTER, counts, seconds).outcome

    assert later(0.8) is Outcome.HOLD
    assert later(1.2) is Outcome.GO


def test_what_will_not_be_shown_is_said_so():
    spec = replace(DEFAULT, judging=Judging(metrics=(Metric(Kind.ERROR, 1.0, margin=1.0),)))

    verdict = judge(spec, FIVE, [split(500, 40_000, (0.01, 0.021))], 400)

    assert verdict.outcome is Outcome.HOLD
    assert "it comes no closer at this rate" in verdict.text


def shadowed(total, generation=1, **only):
    pairs = Pairs(total, only.get("stable_only", {}), only.get("canary_only", {}))
    return Epoch(generation, 0, arm(10 * total), arm(0), pairs)


def test_a_shadow_passes_on_pairs_and_aborts_on_those_only_the_canary_fails():
    bad = shadowed(1000, canary_only={Kind.QUALITY: 30}, stable_only={Kind.QUALITY: 2})

    assert judge(DEFAULT, SHADOW, [shadowed(1000)], 600).outcome is Outcome.GO
    assert judge(DEFAULT, SHADOW, [shadowed(400)], 600).outcome is Outcome.HOLD
    assert judge(DEFAULT, SHADOW, [bad], 600).outcome is Outcome.ABORT


def test_a_shadow_is_slow_by_design_and_not_blamed_for_it():
    slow = shadowed(1000, canary_only={Kind.SLOW: 600})

    assert judge(DEFAULT, SHADOW, [slow], 600).outcome is Outcome.GO


def test_pairs_and_users_convict_together_what_neither_convicts_alone():
    shadow = shadowed(300, canary_only={Kind.ERROR: 7})
    users = Epoch(2, 500, arm(9500, error=6), arm(500, error=3))

    assert judge(DEFAULT, FIVE, [shadow], 9).outcome is Outcome.HOLD
    assert judge(DEFAULT, FIVE, [users], 9).outcome is Outcome.HOLD
    assert judge(DEFAULT, FIVE, [shadow, users], 9).outcome is Outcome.ABORT


def test_fallbacks_are_held_against_the_errors_of_stable():
    usual = Epoch(1, 500, arm(28_500, error=285), arm(1500, error=15, fallback=15))
    worse = Epoch(1, 500, arm(28_500, error=28), arm(1500, error=1, fallback=15))

    assert judge(DEFAULT, FIVE, [usual], 60).outcome is Outcome.HOLD
    verdict = judge(DEFAULT, FIVE, [worse], 60)
    assert verdict.outcome is Outcome.ABORT
    assert "fallback: 15 were the canary's where 2.7 would do at most" in verdict.text


def test_the_soak_holds_the_canary_to_a_ceiling():
    before = split(5000, 20_000, (0.002, 0.002), generation=1)

    def soak(units, bad):
        return judge(DEFAULT, ALL, [before, Epoch(2, 10_000, arm(0), arm(units, bad))], 300)

    assert soak(6000, 12).outcome is Outcome.GO
    assert soak(6000, 150).outcome is Outcome.ABORT
    assert soak(6000, 62).outcome is Outcome.HOLD
    assert "error: not yet shown below a rate of 1 %" in soak(6000, 62).text


def test_a_stable_that_fails_more_than_the_budget_lifts_the_ceiling_of_its_successor():
    before = split(5000, 20_000, (0.03, 0.03), generation=1)
    soak = Epoch(2, 10_000, arm(0), arm(20_000, error=600))

    assert judge(DEFAULT, ALL, [before, soak], 600).outcome is Outcome.GO
    assert judge(DEFAULT, ALL, [soak], 600).outcome is Outcome.ABORT


def test_where_nothing_is_known_to_hold_it_to_a_soak_never_passes():
    spec = Spec((ALL,), Judging(metrics=(Metric(Kind.ERROR, 1.0),)))
    soak = Epoch(1, 10_000, arm(0), arm(10**6))

    assert judge(spec, ALL, [soak], 600).outcome is Outcome.HOLD
    assert judge(spec, ALL, [soak], 7200).reason is Reason.INCONCLUSIVE


def test_approval_waits_for_a_person_and_then_for_no_one():
    step = Approve("lead", 60, Otherwise.ABORT)

    early, late = (judge(DEFAULT, step, [split(500, 30_000)], seconds) for seconds in (59, 60))

    assert early.missing == ("a person with the role lead must approve",)
    assert early.outcome is Outcome.HOLD
    assert (late.outcome, late.reason) == (Outcome.ABORT, Reason.INCONCLUSIVE)


def test_callers_by_header_pass_on_time_alone():
    step = Headers((HeaderRule("x-team", "photo"),), 600)

    assert judge(DEFAULT, step, [], 599).outcome is Outcome.HOLD
    assert judge(DEFAULT, step, [], 600).outcome is Outcome.GO


@given(steps, epochs, ages, st.randoms())
def test_the_order_in_which_counts_are_handed_in_does_not_matter(step, counts, seconds, random):
    mixed = random.sample(counts, len(counts))

    assert judge(DEFAULT, step, counts, seconds) == judge(DEFAULT, step, mixed, seconds)


@given(steps, epochs, ages)
def test_a_pass_is_never_given_beside_evidence_against_it(step, counts, seconds):
    verdict = judge(DEFAULT, step, counts, seconds)
    against = {Claim.NO_WORSE, Claim.AS_ROUTED}

    speaking = {found.claim for found in verdict.evidence if found.speaks}
    if verdict.outcome is Outcome.GO:
        assert not verdict.missing
        assert not speaking & against
    assert (verdict.reason is Reason.EVIDENCE) == (Claim.NO_WORSE in speaking)
    assert verdict.text


@given(steps, epochs, ages)
def test_evidence_is_recomputed_by_hand_from_its_json(step, counts, seconds):
    document = json.loads(json.dumps(judge(DEFAULT, step, counts, seconds).to_json()))

    for found in document["evidence"]:
        ratios = []
        for odds in found["odds"]:
            log_e = 0.0
            for factor in found["factors"]:
                every = factor["hits"] + factor["misses"]
                log_e += factor["hits"] * math.log(odds)
                log_e -= every * math.log(1 + factor["theta0"] * (odds - 1))
            ratios.append(log_e)
        most = max(ratios)
        mean = sum(math.exp(log_e - most) for log_e in ratios) / len(ratios)
        assert found["log_e"] == pytest.approx(most + math.log(mean), rel=1e-9, abs=1e-6)


@given(epochs, st.sampled_from(Kind))
def test_one_more_bad_answer_of_the_canary_never_lets_it_pass(counts, kind):
    counts = [*counts, Epoch(100, 500, arm(20_000, 20, 20, 20, 20), arm(1000, 1, 1, 1, 1))]
    last = counts[-1]
    bad = dict(last.canary.bad) | {kind: last.canary.bad[kind] + 5}
    worse = [*counts[:-1], replace(last, canary=Arm(last.canary.units, bad))]

    before, after = (judge(DEFAULT, FIVE, found, 600).outcome for found in (counts, worse))

    assert before is Outcome.GO or after is not Outcome.GO
    assert before is not Outcome.ABORT or after is Outcome.ABORT


def test_the_alphas_of_all_metrics_sum_to_that_of_the_rollout():
    verdict = judge(DEFAULT, FIVE, [split(500, 30_000)], 600)

    spent = [
        math.exp(-found.threshold) for found in verdict.evidence if found.claim is Claim.NO_WORSE
    ]
    assert sum(spent) == pytest.approx(DEFAULT.judging.alpha_abort)


@pytest.mark.parametrize("step", [FIVE, ALL])
def test_the_ways_to_pass_share_the_alpha_of_a_metric(step):
    verdict = judge(DEFAULT, step, [split(step.bps, 30_000)], 600)

    for kind in set(Kind) - {Kind.FALLBACK}:
        ways = [found for found in verdict.evidence if found.kind is kind]
        spent = [math.exp(-found.threshold) for found in ways if found.claim is not Claim.NO_WORSE]
        assert sum(spent) == pytest.approx(DEFAULT.judging.alpha_promote)


def test_a_shadow_step_asks_only_for_what_pairs_can_show():
    verdict = judge(DEFAULT, Shadow(1000), [shadowed(1000)], 600)

    asked = {found.kind for found in verdict.evidence if found.claim is Claim.TOO_BAD}
    assert asked == {Kind.ERROR, Kind.QUALITY}


def test_a_weight_reached_again_counts_from_its_last_return():
    counts = [split(500, 100_000, generation=3), Epoch(4, 0), split(500, 2000, generation=5)]

    assert judge(DEFAULT, Weight(500), counts, 600).missing[0].startswith("100 of 500")
