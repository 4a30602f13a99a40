from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.routing.durations import ENOUGH, HALF_LIFE, RATIO, Durations

MODEL, VERSION = "dye_bank", 2


def p95(times, now=0.0, ran_at=0.0):
    durations = Durations()
    for seconds in times:
        durations.ran(MODEL, VERSION, seconds, ran_at)
    return durations.p95(MODEL, VERSION, now)


@given(st.lists(st.floats(0.002, 60), min_size=int(ENOUGH), max_size=400))
def test_it_is_the_exact_value_or_a_little_more(times):
    exact = np.quantile(times, 0.95, method="inverted_cdf")

    assert exact * 0.999 <= p95(times) <= exact * RATIO * 1.001


def test_too_few_runs_say_nothing():
    assert p95([0.1] * (int(ENOUGH) - 1)) == 0
    assert p95([0.1] * int(ENOUGH)) > 0
    assert Durations().p95(MODEL, VERSION, 0.0) == 0


def test_runs_of_long_ago_are_too_few():
    assert p95([0.1] * 399, now=HALF_LIFE) == 0
    assert p95([0.1] * 401, now=HALF_LIFE) > 0


def test_what_was_before_weighs_less_and_less():
    durations = Durations()
    for seconds, ran_at in ((1.0, 0.0), (0.1, 5 * HALF_LIFE)):
        for _ in range(1000):
            durations.ran(MODEL, VERSION, seconds, ran_at)

    assert durations.p95(MODEL, VERSION, 5 * HALF_LIFE) == pytest.approx(0.1, rel=0.06)


@pytest.mark.parametrize("seconds", [0.0, 1e-9, 1e9])
def test_times_beyond_all_bounds_are_counted_at_the_last(seconds):
    assert 0.0009 < p95([seconds] * 300) < 150


def test_years_of_runs_stay_finite():
    durations = Durations()
    for year in range(20):
        for _ in range(300):
            durations.ran(MODEL, VERSION, 0.2, year * 3.2e7)

    assert durations.p95(MODEL, VERSION, 19 * 3.2e7) == pytest.approx(0.2, rel=0.06)


def test_versions_are_told_apart():
    durations = Durations()
    for _ in range(300):
        durations.ran(MODEL, 1, 0.1, 0.0)
        durations.ran(MODEL, 2, 0.2, 0.0)

    assert durations.p95(MODEL, 1, 0.0) * 1.8 < durations.p95(MODEL, 2, 0.0)
