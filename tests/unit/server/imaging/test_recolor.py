from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.color import ciede2000, lab_to_srgb, srgb_to_lab
from limner_server.imaging.recolor import (
    EASY_LIFT,
    MAX_LIFT,
    Change,
    arrival,
    colors_around,
    reachable,
)
from limner_server.imaging.shades import SHADES

seeds = st.integers(0, 2**32 - 1)
shades = st.sampled_from([shade.lab for shade in SHADES])
labs = st.tuples(st.floats(5, 95), st.floats(-40, 40), st.floats(-40, 40))


def strands(seed, lab, spread=6.0, count=400):
    """Return colors around one, count x 3, and the same as CIELAB."""
    noise = np.random.default_rng(seed).normal(0, spread, (count, 3)) * (1, 0.3, 0.3)
    colors = lab_to_srgb((np.array(lab) + noise).astype(np.float32))
    return colors, srgb_to_lab(colors)


def recolor(colors, found, wanted):
    return Change(colors, found, wanted).recolored(evenly(colors, found))


def corrected(colors, answer, found, wanted):
    change = Change(colors, found, wanted)
    return change.corrected(change.moves(answer))


def evenly(colors, lab):
    return np.broadcast_to(np.array(lab, np.float32), colors.shape)


@given(labs, labs)
def test_a_color_is_reached_unless_it_is_much_lighter(found, wanted):
    target = reachable(found, wanted)

    lift, wanted_lift = target[0] - found[0], wanted[0] - found[0]
    assert lift <= MAX_LIFT
    assert lift <= wanted_lift + 1e-9
    np.testing.assert_array_equal(target[1:], wanted[1:])
    if wanted_lift <= EASY_LIFT:
        assert lift == pytest.approx(wanted_lift)


@given(seeds, labs)
def test_hair_of_the_wanted_color_stays_to_the_bit(seed, found):
    colors, _ = strands(seed, found)
    noise = np.random.default_rng(seed).random(colors.shape, np.float32)

    np.testing.assert_array_equal(recolor(colors, found, found), colors)
    np.testing.assert_array_equal(corrected(colors, noise, found, found), colors)
    np.testing.assert_array_equal(Change(colors, found, found).gleaming(colors), colors)


@given(shades, shades)
def test_the_color_found_becomes_the_one_that_can_be_reached(found, wanted):
    color = lab_to_srgb(np.array([found], np.float32))

    moved = srgb_to_lab(recolor(color, found, wanted))

    assert ciede2000(moved[0], reachable(found, wanted)) < 1.5


@given(seeds, shades, shades)
def test_a_generator_that_did_nothing_is_helped_all_the_way(seed, found, wanted):
    colors, lab = strands(seed, found, 1.0)

    moved = srgb_to_lab(corrected(colors, colors, lab.mean(0), wanted))

    assert ciede2000(moved.mean(0), reachable(found, wanted)) < 3


@given(seeds, shades, shades)
def test_light_stays_light_and_shade_shade(seed, found, wanted):
    colors, lab = strands(seed, found)
    order = np.argsort(lab[:, 0])

    moved = recolor(colors, found, wanted)

    steps = np.diff(srgb_to_lab(moved)[order, 0])
    assert np.mean(steps < -3) < 0.05
    assert steps.sum() > 0


def test_black_stays_black_and_white_white():
    ends = np.array([[0, 0, 0], [1, 1, 1]], np.float32)

    moved = recolor(ends, (40, 5, 10), (62, 45, -2))

    assert moved[0].max() < 0.15
    assert moved[1].min() > 0.7


def test_gleam_keeps_the_color_of_the_lamp_and_light_strands_are_dyed():
    found, blue = (30.0, 6.0, 14.0), (38.0, 6.0, -40.0)
    hair = np.array([found, (88.0, 0.5, 1.0), (88.0, 12.0, 28.0)], np.float32)
    before = lab_to_srgb(hair)
    plain = recolor(before, found, blue)

    kept, moved = srgb_to_lab(Change(before, found, blue).gleaming(plain)), srgb_to_lab(plain)

    assert np.hypot(*kept[1, 1:]) < 0.5 * np.hypot(*moved[1, 1:])
    np.testing.assert_allclose(kept[[0, 2]], moved[[0, 2]], atol=0.05)


@given(seeds, shades, shades)
def test_hair_is_nearest_to_the_wanted_color_where_the_way_ends(seed, found, wanted):
    before, _ = strands(seed, found, 12.0, 200)
    after, _ = strands(seed + 1, wanted, 12.0, 200)

    share = arrival(before, after, wanted)

    def far(k):
        colors = before + np.float32(k) * (after - before)
        return ciede2000(srgb_to_lab(colors), np.array(wanted)).mean()

    assert far(share) <= min(far(0), far(0.5), far(1)) + 1e-6


def test_the_mean_around_a_pixel_knows_only_what_counts():
    picture = np.zeros((64, 64, 3), np.float32)
    picture[:, :32] = 0.5
    weight = np.zeros((64, 64), np.float32)
    weight[:, :32] = 1

    around = colors_around(picture, weight)

    own = np.broadcast_to(srgb_to_lab(picture[:1, :1]), (64, 32, 3))
    np.testing.assert_allclose(around[:, :32], own, atol=0.01)
