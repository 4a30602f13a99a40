"""E-values are what they claim to be: worked out exactly, not by trial."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import binom

from limner_registry.rollout.claims import (
    BETTER,
    RARER,
    SKEWED,
    WORSE,
    Tally,
    Trials,
    as_routed,
    ceiling,
    no_worse,
    over_budget,
    routed_alpha,
    tilt,
    too_bad,
)
from limner_registry.rollout.spec import Kind, Metric

chances = st.floats(0.01, 0.99)
counts = st.integers(0, 2000)


def tally(weight, stable_bad, canary_bad, stable_units=0, canary_units=0, **pairs):
    """Return the errors of generations in a row; what is not named is 0."""
    weight = np.asarray(weight, np.float64)

    def fill(values):
        return np.broadcast_to(np.asarray(values, np.float64), np.shape(canary_bad)).copy()

    def errors(values):
        return {kind: fill(values if kind is Kind.ERROR else 0) for kind in Kind}

    return Tally(
        weight=weight,
        stable_units=fill(stable_units),
        canary_units=fill(canary_units),
        stable_bad=errors(stable_bad),
        canary_bad=errors(canary_bad),
        pairs=fill(pairs.get("total", 0)),
        stable_only=errors(pairs.get("stable_only", 0)),
        canary_only=errors(pairs.get("canary_only", 0)),
    )


def errors(margin=0.25, budget=None):
    return Metric(Kind.ERROR, 1.0, margin, budget)


def mean_e(trials_of, bad, theta):
    """Return the exact mean e-value of `bad` events that are each a hit by the chance `theta`."""
    hits = np.arange(bad + 1)
    log_e = np.array([trials_of(hit, bad - hit).log_e() for hit in hits])
    return float(binom.pmf(hits, bad, theta) @ np.exp(log_e))


@given(
    st.lists(st.tuples(counts, counts, chances), min_size=1, max_size=4),
    st.sampled_from([WORSE, tuple(better / 2 for better in BETTER), RARER, SKEWED]),
)
def test_each_likelihood_ratio_is_that_of_binomial_counts(rows, odds):
    hits, misses, theta0 = np.array(rows, np.float64).T

    found = Trials(hits, misses, theta0, odds).log_likelihoods()

    for factor, log_likelihood in zip(odds, found, strict=True):
        theta1 = factor * theta0 / (factor * theta0 + 1 - theta0)
        every = hits + misses
        expected = binom.logpmf(hits, every, theta1) - binom.logpmf(hits, every, theta0)
        assert log_likelihood == pytest.approx(expected.sum(), rel=1e-6, abs=1e-6)


@given(chances, st.floats(0, 2), st.integers(1, 30), st.floats(0.05, 1))
def test_no_worse_is_a_fair_bet_at_the_margin_and_a_losing_one_below(weight, margin, bad, part):
    def trials(hits, misses):
        return no_worse(tally([weight], [misses], [hits]), errors(margin))

    edge = float(tilt(weight, 1 + margin))

    assert mean_e(trials, bad, edge) == pytest.approx(1)
    assert mean_e(trials, bad, edge * part) <= 1 + 1e-9
    assert mean_e(trials, bad, (1 + edge) / 2) > 1


@given(chances, st.floats(1.2, 5), st.integers(1, 30), st.floats(0, 1))
def test_too_bad_is_a_fair_bet_at_its_ratio_and_a_losing_one_above(weight, ratio, bad, part):
    def trials(hits, misses):
        return too_bad(tally([weight], [misses], [hits]), errors(), ratio)

    edge = float(tilt(weight, ratio))

    assert mean_e(trials, bad, edge) == pytest.approx(1)
    assert mean_e(trials, bad, edge + part * (1 - edge)) <= 1 + 1e-9
    assert mean_e(trials, bad, edge / 20) > 1


@given(st.floats(0.001, 0.5), st.integers(1, 40), st.floats(0, 1))
def test_over_budget_is_a_fair_bet_at_the_budget_and_a_losing_one_above(budget, units, part):
    def trials(hits, misses):
        counted = tally([0.1], [0], [hits], canary_units=[hits + misses])
        return over_budget(counted, errors(), budget, np.array([True]))

    assert mean_e(trials, units, budget) == pytest.approx(1)
    assert mean_e(trials, units, budget + part * (1 - budget)) <= 1 + 1e-9
    assert mean_e(trials, units, budget / 20) > 1


@given(chances, chances, st.integers(1, 8), st.integers(1, 8))
def test_factors_of_two_weights_stay_a_fair_bet(first, second, early, late):
    """Also where the second generation is much worse for both arms than the first."""
    edges = tilt([first, second], 1.25)
    total = 0.0
    for hits in itertools.product(range(early + 1), range(late + 1)):
        chance = binom.pmf(hits, (early, late), edges).prod()
        misses = np.array([early, late]) - hits
        log_e = no_worse(tally([first, second], misses, np.array(hits)), errors()).log_e()
        total += chance * math.exp(log_e)

    assert total == pytest.approx(1)


def test_an_answer_that_is_shadowed_too_would_count_twice_if_pairs_were_multiplied():
    """One request at 5 %, half of all answered badly by either version, every one shadowed."""
    metric = errors(0)

    def mean(e_value):
        total = 0.0
        for canary_arm, stable_bad, canary_bad in itertools.product((0, 1), repeat=3):
            chance = (0.05 if canary_arm else 0.95) / 4
            hit = int(canary_arm and canary_bad)
            miss = int(not canary_arm and stable_bad)
            pair = not canary_arm and stable_bad != canary_bad
            only = {
                "canary_only": [int(pair and canary_bad)],
                "stable_only": [int(pair and stable_bad)],
            }
            total += chance * math.exp(e_value(hit, miss, only))
        return total

    def multiplied(hit, miss, only):
        arms = no_worse(tally([0.05], [miss], [hit]), metric).log_likelihoods()
        pairs = no_worse(tally([0.0], [0], [0], **only), metric).log_likelihoods()
        return np.log(np.exp(arms + pairs).mean())

    def judged(hit, miss, only):
        return no_worse(tally([0.05], [miss], [hit], **only), metric).log_e()

    assert mean(multiplied) > 1.03
    assert mean(judged) == pytest.approx(1)


@given(st.floats(1e-4, 0.2), st.floats(1, 3), st.integers(1, 500))
def test_a_unit_of_many_requests_keeps_within_the_margin_of_its_requests(bad, ratio, requests):
    """What makes one bad event for each unit sound: more requests bring the arms closer."""
    assume(bad * ratio < 1)

    stable, canary = (1 - (1 - rate) ** requests for rate in (bad, bad * ratio))

    assert canary <= ratio * stable * (1 + 1e-9)


three = st.lists(st.tuples(chances, counts, counts), min_size=1, max_size=4)


@given(three, st.data())
def test_another_bad_event_of_the_canary_never_speaks_for_it(rows, data):
    weight, stable, canary = np.array(rows).T
    more = canary.copy()
    more[data.draw(st.integers(0, len(rows) - 1))] += 1

    before, after = (tally(weight, stable, bad, canary_units=5000) for bad in (canary, more))

    assert no_worse(after, errors()).log_e() >= no_worse(before, errors()).log_e() - 1e-9
    assert too_bad(after, errors(), 2).log_e() <= too_bad(before, errors(), 2).log_e() + 1e-9
    all_here = np.ones(len(rows), bool)
    shown = [over_budget(counted, errors(), 0.01, all_here).log_e() for counted in (before, after)]
    assert shown[1] <= shown[0] + 1e-9


@given(three, st.randoms())
def test_generations_may_come_in_any_order(rows, random):
    mixed = random.sample(rows, len(rows))

    found = [
        no_worse(tally(weight, stable, canary), errors()).log_e()
        for weight, stable, canary in (np.array(rows).T, np.array(mixed).T)
    ]

    assert found[0] == pytest.approx(found[1], rel=1e-9, abs=1e-6)


@given(three, chances)
def test_a_generation_without_traffic_changes_nothing(rows, weight):
    rows_and_none = [*rows, (weight, 0, 0)]

    found = [
        np.array([no_worse(counted, errors()).log_e(), too_bad(counted, errors(), 2).log_e()])
        for counted in (tally(*np.array(part).T) for part in (rows, rows_and_none))
    ]

    np.testing.assert_allclose(found[0], found[1], rtol=1e-9, atol=1e-9)


@given(st.lists(three.filter(lambda rows: len(rows) == 2), min_size=2, max_size=5))
def test_many_rollouts_at_once_get_what_each_gets_alone(rollouts):
    weight = np.array([0.05, 1.0])
    stable, canary = np.array(rollouts)[..., 1], np.array(rollouts)[..., 2]

    together = no_worse(tally(weight, stable, canary, 3000, 5000), errors()).log_e()

    for index, found in enumerate(together):
        alone = tally(weight, stable[index], canary[index], 3000, 5000)
        assert found == pytest.approx(no_worse(alone, errors()).log_e(), rel=1e-9, abs=1e-6)


def test_the_sample_ratio_finds_six_percent_in_place_of_five_and_not_five():
    here = np.array([True])

    found = [
        float(as_routed(tally([0.05], [0], [0], 100_000 - units, units), here).log_e())
        for units in (5000, 5100, 6000, 4000)
    ]

    assert max(found[:2]) < 0
    assert min(found[2:]) > -math.log(0.001)


@given(chances, st.integers(1, 40))
def test_the_sample_ratio_is_a_fair_bet_where_routing_is_right(weight, units):
    def trials(hits, misses):
        return as_routed(tally([weight], [0], [0], [misses], [hits]), np.array([True]))

    assert mean_e(trials, units, weight) == pytest.approx(1)


def test_all_weights_together_spend_the_alpha_of_the_sample_ratio():
    assert sum(routed_alpha(place, 0.001) for place in range(1, 10_000)) < 0.001
    assert sum(routed_alpha(place, 0.001) for place in range(1, 10_000)) > 0.00099


def test_the_ceiling_is_the_budget_or_twice_the_worst_that_stable_was():
    calm, bad, few = (900, 8), (900, 80), (50, 40)

    def at(*generations, budget=None):
        units, wrong = np.array(generations).T
        weight = np.full(len(generations), 0.5)
        return float(ceiling(tally(weight, wrong, wrong * 0, units), errors(budget=budget)))

    assert at(calm) == pytest.approx(0.0198, abs=1e-4)
    assert at(calm, bad) == at(bad) == pytest.approx(0.165, abs=1e-3)
    assert at(calm, few) == at(calm)
    assert at(few) == 1
    assert at(few, budget=0.01) == 0.01
    assert at(bad, budget=0.01) == at(bad)
