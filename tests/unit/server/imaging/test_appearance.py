"""The invariants of what hair looks like, moved to other hair."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_registry.color import srgb_to_lab
from limner_server.imaging.appearance import appearance_of, restyled

few = settings(max_examples=10)
seeds = st.integers(0, 2**32 - 1)
units = st.floats(6, 30)
tones = st.tuples(st.integers(50, 180), st.integers(40, 150), st.integers(30, 120))


def hair_of(seed, tone, contrast=12.0, size=160):
    """Return strands of a tone that fall from light to shade, and their alpha."""
    rng = np.random.default_rng(seed)
    strands = cv2.GaussianBlur(rng.normal(size=(size, size)), (0, 0), sigmaX=1, sigmaY=9)
    fall = np.linspace(15, -15, size)[:, None]
    light = contrast * strands / strands.std() + fall
    colors = np.clip(np.array(tone) + light[..., None], 0, 255).astype(np.uint8)
    alpha = np.zeros((size, size), np.uint8)
    cv2.circle(alpha, (size // 2, size // 2), size // 2 - 10, 255, -1)
    return colors, cv2.GaussianBlur(alpha, (0, 0), 2)


@few
@given(seeds, tones, units)
def test_its_own_appearance_changes_no_color_by_more_than_one(seed, tone, unit):
    colors, alpha = hair_of(seed, tone)
    own = appearance_of(colors, alpha, unit)

    np.testing.assert_allclose(restyled(colors, alpha, unit, own, own), colors, atol=1)


@few
@given(seeds, tones, tones, units)
def test_hair_gets_the_color_of_the_other(seed, tone, other, unit):
    colors, alpha = hair_of(seed, tone)
    was, wanted = appearance_of(colors, alpha, unit), appearance_of(*hair_of(seed + 1, other), unit)

    now = appearance_of(restyled(colors, alpha, unit, was, wanted), alpha, unit)

    np.testing.assert_allclose(now.shades, wanted.shades, atol=3)
    np.testing.assert_allclose(now.tint(now.shades), wanted.tint(now.shades), atol=3)


@few
@given(seeds, tones, st.floats(6, 20))
def test_strands_get_the_other_s_contrast_and_stay_where_they_are(seed, tone, contrast):
    colors, alpha = hair_of(seed, tone)
    other = hair_of(seed + 1, (110, 100, 90), contrast)
    was, wanted = appearance_of(colors, alpha, 10.0), appearance_of(*other, 10.0)

    laid = restyled(colors, alpha, 10.0, was, wanted)

    assert appearance_of(laid, alpha, 10.0).strands == pytest.approx(wanted.strands, rel=0.2)
    sure = alpha > 250
    before, after = (some[..., 1][sure].astype(float) for some in (colors, laid))
    assert np.corrcoef(before, after)[0, 1] > 0.9


@few
@given(seeds, tones, tones)
def test_where_there_is_no_hair_no_bit_changes(seed, tone, other):
    colors, alpha = hair_of(seed, tone)
    was, wanted = appearance_of(colors, alpha, 9.0), appearance_of(*hair_of(seed, other), 9.0)
    kept = colors.copy()

    laid = restyled(colors, alpha, 9.0, was, wanted)

    np.testing.assert_array_equal(laid[alpha == 0], colors[alpha == 0])
    np.testing.assert_array_equal(colors, kept)


def test_hair_that_is_nowhere_sure_has_an_appearance():
    colors, alpha = hair_of(0, (90, 60, 40))

    thin = appearance_of(colors, alpha // 4, 10.0)

    np.testing.assert_allclose(thin.shades, appearance_of(colors, alpha, 10.0).shades, atol=2)


def test_lighter_tips_of_dark_hair_do_not_glare_once_it_is_blond():
    colors, alpha = hair_of(0, (40, 32, 28), 3.0)
    blond = appearance_of(*hair_of(1, (200, 170, 120)), 10.0)
    colors[-40:] = np.clip(colors[-40:] + 90.0, 0, 255).astype(np.uint8)

    laid = restyled(colors, alpha, 10.0, appearance_of(colors, alpha, 10.0), blond)

    tips = srgb_to_lab(laid[-40:][alpha[-40:] > 250])[:, 0]
    assert np.median(tips) < blond.shades[-1] + 8


def test_hair_made_nearly_white_keeps_its_strands_and_does_not_burn_out():
    colors, alpha = hair_of(0, (120, 110, 100))
    white = appearance_of(*hair_of(1, (242, 240, 236), 8.0), 10.0)

    laid = restyled(colors, alpha, 10.0, appearance_of(colors, alpha, 10.0), white)

    lightness = srgb_to_lab(laid[alpha > 250])[:, 0]
    assert lightness.mean() > 88
    assert (laid[alpha > 250] == 255).all(-1).mean() < 0.001
    assert lightness.std() > 1
