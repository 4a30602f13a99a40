"""Image processing by which the stylizer is taught: flat colors, lines, and nothing by chance."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from skimage import data

from limner_models.data.illustration import (
    GRAY,
    gradient,
    illustrated,
    inked,
    lines,
    reduced,
    smoothed,
)
from limner_registry.styles import STYLES

seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(1, 24), st.integers(1, 24))
photos = sizes.flatmap(lambda size: arrays(np.uint8, (*size, 3)))
styles = st.sampled_from(STYLES)


@pytest.fixture(scope="session")
def face():
    """A real photo, made small."""
    return cv2.resize(data.astronaut(), (96, 96), interpolation=cv2.INTER_AREA)


def drawn(photo, style, seed=0):
    return illustrated(photo, style, np.random.default_rng(seed))


@settings(max_examples=40)
@given(photos, styles, seeds)
def test_everything_has_the_photo_s_size_and_stays_in_its_range(photo, style, seed):
    found = drawn(photo, style, seed)

    assert found.picture.shape == photo.shape
    assert found.picture.dtype == np.uint8
    assert found.smooth.shape == photo.shape
    assert found.line.shape == photo.shape[:2]
    assert 0 <= found.line.min() <= found.line.max() <= 1
    assert 0 <= found.smooth.min() <= found.smooth.max() <= 1 + 1e-6
    assert 1 <= len(found.palette) <= style.colors


@settings(max_examples=20)
@given(photos, styles, seeds)
def test_before_ink_there_are_no_more_colors_than_the_style_has(photo, style, seed):
    bare = drawn(photo, replace(style, cover=0.0), seed)

    assert len(np.unique(bare.picture.reshape(-1, 3), axis=0)) <= style.colors


@pytest.mark.parametrize("style", STYLES, ids=lambda style: style.name)
def test_a_seed_decides_and_the_photo_is_left_alone(face, style):
    before = face.copy()

    one, same = drawn(face, style, 5), drawn(face, style, 5)

    np.testing.assert_array_equal(face, before)
    for name in ("picture", "smooth", "line", "palette"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))


@given(st.tuples(*[st.integers(0, 255)] * 3), styles, seeds)
def test_a_flat_picture_has_one_color_and_no_lines(color, style, seed):
    photo = np.full((20, 30, 3), color, np.uint8)

    found = drawn(photo, style, seed)

    assert found.line.max() == 0
    assert len(found.palette) <= 2  # smoothing may leave a last bit
    assert np.ptp(found.picture.reshape(-1, 3), axis=0).max() <= 1


def test_next_to_no_contrast_is_no_line():
    fog = np.full((64, 64, 3), 128, np.uint8)
    fog[:, 32:] += 1

    assert lines(smoothed(fog, 1.2), 0.5, 0.98).max() < 0.6


def test_an_edge_is_inked_and_what_is_far_from_it_is_not():
    photo = np.full((64, 64, 3), (40, 40, 160), np.uint8)
    photo[:, 32:] = (200, 180, 40)
    style = replace(STYLES[0], cover=1.0, ink=(0.0, 0.0, 0.0))

    picture = drawn(photo, style).picture

    assert picture[20:44, 31:33].max() < 60
    assert picture[:, :20].max() > 100
    assert picture[:, 44:].max() > 150


@given(arrays(np.float32, (12, 14, 3), elements=st.floats(0, 1, width=32)))
def test_a_stronger_gradient_is_never_less_of_a_line(smooth):
    order = np.argsort(gradient(smooth), axis=None, kind="stable")

    assert (np.diff(lines(smooth, 0.6, 0.95).ravel()[order]) >= 0).all()


@given(arrays(np.float32, (9, 11, 3), elements=st.floats(0, 1, width=32)))
def test_gradients_are_sobel_s(smooth):
    gray = np.pad(smooth.astype(np.float64) @ GRAY, 1, mode="reflect")
    column = np.array([1, 2, 1])
    across = sum(column[k] * (gray[k : k + 9, 2:] - gray[k : k + 9, :-2]) for k in range(3))
    down = sum(column[k] * (gray[2:, k : k + 11] - gray[:-2, k : k + 11]) for k in range(3))

    np.testing.assert_allclose(gradient(smooth), np.hypot(across, down), atol=1e-4)


def test_a_speck_takes_its_neighbors_color():
    smooth = np.full((16, 16, 3), 0.2, np.float32)
    smooth[8, 8] = 0.9

    palette, which = reduced(smooth, 4, np.random.default_rng(0))

    assert len(palette) == 2
    assert (which == which[0, 0]).all()


def test_ink_covers_as_much_as_the_style_says():
    flat = np.full((1, 3, 3), 0.8, np.float32)
    line = np.array([[0, 0.5, 1]], np.float32)
    style = replace(STYLES[0], ink=(0.0, 0.2, 0.4), cover=0.5)

    picture = inked(flat, line, style)

    expected = [[204, 204, 204], [153, 166, 179], [102, 128, 153]]
    np.testing.assert_allclose(picture[0], expected, atol=1)


def test_the_styles_do_not_look_alike(face):
    pictures = [drawn(face, style).picture.astype(int) for style in STYLES]

    for one in range(len(STYLES)):
        for other in range(one):
            assert np.abs(pictures[one] - pictures[other]).mean() > 4
