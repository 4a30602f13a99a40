from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from limner_registry.color import srgb_to_lab
from limner_registry.palette import palette_of
from limner_server.imaging.limiting import chosen, colors_of, limit
from limner_server.imaging.sitters import sample_colors

few = hypothesis_settings(max_examples=25)


def picture(seed, kinds):
    """Return a picture of so many colors, some of them rare."""
    rng = np.random.default_rng(seed)
    colors = rng.integers(0, 256, (kinds, 3), np.uint8)
    return colors[np.minimum(rng.geometric(0.3, (90, 70)) - 1, kinds - 1)]


def palette_for(seed, drawn, count, samples=20_000):
    rng = np.random.default_rng(seed)
    sample = sample_colors(drawn, (), samples, rng)
    return chosen(sample, palette_of(srgb_to_lab(sample), count, rng), drawn, count)


@few
@given(st.integers(0, 999), st.integers(1, 300), st.integers(2, 64), st.integers(20, 9000))
def test_a_palette_has_as_many_colors_as_wanted_or_as_there_are(seed, kinds, count, samples):
    drawn = picture(seed, kinds)
    palette = palette_for(seed, drawn, count, samples)
    there = {tuple(color) for color in drawn.reshape(-1, 3)}
    assert len(palette) == min(count, len(there))
    assert {tuple(color) for color in palette} <= there
    assert (np.diff(srgb_to_lab(palette)[:, 0]) >= 0).all()


@few
@given(st.integers(0, 999), st.integers(1, 300), st.integers(2, 64))
def test_a_limited_picture_has_the_palettes_colors_and_all_of_them(seed, kinds, count):
    drawn = picture(seed, kinds)
    palette = palette_for(seed, drawn, count)
    laid = limit(drawn, palette)
    assert {tuple(color) for color in laid.picture.reshape(-1, 3)} == {
        tuple(color) for color in palette
    }
    assert laid.counts.min() > 0
    assert laid.counts.sum() == drawn.shape[0] * drawn.shape[1]


@few
@given(st.integers(0, 999))
def test_each_pixel_takes_the_color_that_is_nearest_to_the_eye(seed):
    drawn = picture(seed, 300)
    palette = palette_for(seed, drawn, 9)
    laid = limit(drawn, palette)
    lab, centers = srgb_to_lab(drawn), srgb_to_lab(palette)
    least = ((lab[:, :, None] - centers) ** 2).sum(-1).min(-1)
    taken = ((lab - srgb_to_lab(laid.picture)) ** 2).sum(-1)
    np.testing.assert_allclose(taken, least, rtol=1e-3, atol=1e-3)


def test_a_picture_of_few_colors_stays_as_it_is():
    drawn = picture(1, 5)
    palette = palette_for(1, drawn, 16)
    np.testing.assert_array_equal(limit(drawn, palette).picture, drawn)


def test_every_color_of_a_picture_is_listed_once():
    drawn = picture(2, 60)
    np.testing.assert_array_equal(colors_of(drawn), np.unique(drawn.reshape(-1, 3), axis=0))
