"""The gate's own judgement, on numbers made for it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import linregress

from tests.leaks.gate import BOUNDS, MOST_HALVES, Slope, leaks, settled

RNG = np.random.default_rng(5)
NOISE = 300 * 1024
"""Bytes that memory jumps up and down by."""


def rounds(slope, count, kind="rss", noise=NOISE):
    values = slope * np.arange(count) + noise * RNG.standard_normal(count)
    return [{f"server {kind}": value} for value in values]


def test_memory_that_jumps_up_and_down_is_no_leak():
    assert sum(bool(leaks(rounds(0, 8))) for _ in range(100)) < 10


@pytest.mark.parametrize("count", [15, 250])
def test_four_times_the_bound_is_a_leak_however_noisy(count):
    noise = NOISE if count > 100 else NOISE / 6
    caught = sum(bool(leaks(rounds(4 * BOUNDS["rss"], count, noise=noise))) for _ in range(50))
    assert caught > 45


def test_one_jump_is_no_slope():
    samples = [{"triton rss": 0.0 if number < 4 else 5e7} for number in range(9)]
    assert not leaks(samples)


def test_a_slope_is_that_of_least_squares_where_there_is_no_noise():
    values = 3.5 * np.arange(9) + 2
    slope = Slope.of(values)
    assert slope.median == pytest.approx(linregress(np.arange(9), values).slope)
    assert slope.low == pytest.approx(slope.high)


@pytest.mark.parametrize("kind", ["fds", "threads", "zombies", "shm files"])
def test_one_more_a_round_is_a_leak_of_what_is_counted(kind):
    assert leaks(rounds(1, 8, kind, noise=0))


async def test_a_warm_up_is_waited_for_and_a_leak_is_not():
    held = {"warm": 0.0, "leaking": 0.0}
    gone = {"warm": 0, "leaking": 0}

    def growing(name, until):
        async def around():
            gone[name] += 1
            held[name] += 2**20 * (gone[name] < until)
            return {"runners rss": held[name]}

        return around

    assert not leaks(await settled(growing("warm", 20), 16))
    assert leaks(await settled(growing("leaking", 1000), 16))
    assert gone == {"warm": 24, "leaking": 8 + 8 * MOST_HALVES}
