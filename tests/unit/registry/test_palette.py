"""Color reduction: as many colors as are wanted, each the picture's, chance from the seed."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import color as reference

from limner_registry.color import lab_to_srgb, srgb_to_lab
from limner_registry.palette import SAMPLES, nearest_of, palette_of, toned
from limner_registry.styles import STYLES

seeds = st.integers(0, 2**32 - 1)
pixels = arrays(np.uint8, st.tuples(st.integers(1, 60), st.just(3)))
counts = st.integers(1, 24)
labs = arrays(np.float32, (6, 3), elements=st.floats(-80, 100, width=32))


def palette(colors, count, seed=0):
    return palette_of(colors, count, np.random.default_rng(seed))


def colors_of(seed, count=3000):
    """Three clouds of colors and some dust, CIELAB."""
    rng = np.random.default_rng(seed)
    middles = rng.uniform((10, -40, -40), (90, 40, 40), (12, 3))
    return (middles[rng.integers(12, size=count)] + rng.normal(0, 4, (count, 3))).astype(np.float32)


@given(pixels, counts, seeds)
def test_a_palette_has_the_size_asked_for_unless_the_picture_has_fewer_colors(given_, count, seed):
    lab = srgb_to_lab(given_)
    different = len(np.unique(given_, axis=0))

    found = palette(lab, count, seed)

    assert found.shape == (min(count, different), 3)
    assert found.dtype == np.float32


@given(pixels, counts, seeds)
def test_a_palette_runs_from_dark_to_light_within_the_picture_s_colors(given_, count, seed):
    lab = srgb_to_lab(given_)

    found = palette(lab, count, seed)

    assert (np.diff(found[:, 0]) >= 0).all()
    assert (found >= lab.min(0) - 1e-3).all()
    assert (found <= lab.max(0) + 1e-3).all()


@given(pixels, seeds)
def test_few_colors_are_kept_as_they_are(given_, seed):
    lab = srgb_to_lab(given_)
    unique = np.unique(lab, axis=0)

    found = palette(lab, len(given_), seed)

    np.testing.assert_allclose(np.unique(found, axis=0), unique, atol=1e-3)


@given(seeds, counts)
def test_chance_comes_from_the_seed_alone(seed, count):
    lab = colors_of(1)

    np.testing.assert_array_equal(palette(lab, count, seed), palette(lab, count, seed))


def test_a_picture_of_one_pixel_has_its_color():
    one = np.array([[53.0, 20, -7]], np.float32)

    np.testing.assert_array_equal(palette(one, 16), one)


def test_of_many_pixels_the_last_count_as_much_as_the_first():
    lab = np.repeat(np.array([[20, 5, 5], [80, -5, 9]], np.float32), 2 * SAMPLES, 0)
    before = lab.copy()

    found = palette(lab, 2)

    np.testing.assert_array_equal(lab, before)
    np.testing.assert_allclose(found, lab[:: 2 * SAMPLES], atol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_a_palette_gathers_colors_about_as_well_as_another_library(seed):
    lab = colors_of(seed)
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 50, 0.01)
    _, _, theirs = cv2.kmeans(lab, 12, None, until, 4, cv2.KMEANS_PP_CENTERS)

    ours = np.median([spread(lab, palette(lab, 12, each)) for each in range(5)])

    assert ours < 1.3 * spread(lab, theirs)


def spread(colors, centers):
    """The mean squared distance to the nearest center."""
    gaps = colors[:, None].astype(np.float64) - centers[None].astype(np.float64)
    return float((gaps**2).sum(2).min(1).mean())


@settings(max_examples=50)
@given(labs, labs)
def test_no_center_is_nearer_than_the_nearest(colors, centers):
    gaps = colors[:, None].astype(np.float64) - centers[None].astype(np.float64)
    squares = (gaps**2).sum(2)

    taken = np.take_along_axis(squares, nearest_of(colors, centers)[:, None], 1)[:, 0]

    # single precision leaves a hundredth of a square, far less than an eye sees
    np.testing.assert_allclose(taken, squares.min(1), atol=0.05)


PLAIN = replace(STYLES[0], chroma=1.0, lift=0.0)
shown = arrays(np.float32, (5, 3), elements=st.floats(0, 1, width=32))


@given(shown)
def test_a_style_without_a_tone_lays_colors_on_as_they_were_found(colors):
    np.testing.assert_allclose(toned(srgb_to_lab(colors), PLAIN), colors, atol=5e-4)


@given(shown)
def test_colors_without_chroma_are_gray_as_light_as_before(colors):
    gray = toned(srgb_to_lab(colors), replace(PLAIN, chroma=0.0))

    assert np.ptp(gray, axis=1).max() < 2e-3
    np.testing.assert_allclose(srgb_to_lab(gray)[:, 0], srgb_to_lab(colors)[:, 0], atol=0.1)


@given(shown)
def test_colors_lifted_the_whole_way_are_paper(colors):
    style = replace(PLAIN, chroma=1.7, lift=1.0, paper=(0.98, 0.96, 0.91))

    lifted = toned(srgb_to_lab(colors), style)

    np.testing.assert_allclose(lifted, np.tile(style.paper, (5, 1)), atol=5e-4)


@given(shown)
def test_tones_are_what_another_library_makes_of_them(colors):
    style = replace(PLAIN, chroma=0.6, lift=0.3, paper=(0.9, 0.9, 0.8))
    theirs = reference.rgb2lab(colors.astype(np.float64)) * (1, 0.6, 0.6)
    theirs += 0.3 * (reference.rgb2lab(np.array(style.paper)) - theirs)

    np.testing.assert_allclose(
        toned(srgb_to_lab(colors), style), reference.lab2rgb(theirs), atol=2e-3
    )


@given(labs)
def test_tones_can_always_be_shown(found):
    for style in STYLES:
        tones = toned(found, style)
        assert tones.min() >= 0
        assert tones.max() <= 1


def test_a_palette_s_own_colors_are_nearest_to_themselves():
    pixels_ = np.random.default_rng(0).integers(0, 256, (64, 3), np.uint8)
    lab = np.unique(srgb_to_lab(pixels_), axis=0)

    np.testing.assert_array_equal(nearest_of(lab, lab), np.arange(len(lab)))
    np.testing.assert_allclose(lab_to_srgb(lab), toned(lab, PLAIN), atol=1e-6)
