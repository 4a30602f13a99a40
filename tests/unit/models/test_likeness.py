"""How like pictures are: itself, known noise, and edges that are off."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from limner_models.likeness import FAINT, edge_f, edge_share, likeness, psnr_within, structure

seeds = st.integers(0, 2**32 - 1)


def noise(seed, size=(24, 30)):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)


def square(left=20, size=64):
    """A bright square on dark ground; its edges are clear."""
    picture = np.full((size, size, 3), 30, np.uint8)
    picture[20:44, left : left + 24] = 220
    return picture


@settings(max_examples=20)
@given(seeds)
def test_a_picture_is_wholly_like_itself(seed):
    found = likeness(noise(seed), noise(seed))

    assert found.psnr == math.inf
    assert found.ssim == pytest.approx(1)
    assert found.edge_f == 1


@pytest.mark.parametrize("step", [1, 5, 20])
def test_a_picture_that_is_lighter_by_some_steps_has_the_noise_of_those_steps(step):
    gray = np.full((32, 32, 3), 100, np.uint8)

    assert likeness(gray + np.uint8(step), gray).psnr == pytest.approx(20 * math.log10(255 / step))


@settings(max_examples=20)
@given(seeds)
def test_likeness_is_the_same_both_ways(seed):
    one, other = noise(seed), noise(seed + 1)

    there, back = likeness(one, other), likeness(other, one)

    assert there.psnr == pytest.approx(back.psnr)
    assert there.ssim == pytest.approx(back.ssim)
    assert there.edge_f == pytest.approx(back.edge_f)
    assert there.ssim < 0.5


def test_more_noise_is_less_like():
    photo = cv2.resize(data.astronaut(), (128, 128), interpolation=cv2.INTER_AREA)
    rng = np.random.default_rng(0)
    noisy = [
        np.clip(photo + rng.normal(0, sigma, photo.shape), 0, 255).astype(np.uint8)
        for sigma in (2, 10, 40)
    ]

    found = [likeness(each, photo) for each in noisy]

    for name in ("psnr", "ssim", "edge_f"):
        values = [getattr(each, name) for each in found]
        assert values == sorted(values, reverse=True)


def test_edges_may_be_off_by_one_pixel_but_not_by_four():
    assert edge_f(square(21), square(20)) == 1
    assert edge_f(square(24), square(20)) < 0.8


def test_missing_and_mistaken_edges_cost_the_same():
    both = np.hstack([square(), square()])
    one = np.hstack([square(), np.full((64, 64, 3), 30, np.uint8)])

    assert edge_f(one, both) == edge_f(both, one) == pytest.approx(2 / 3, abs=0.02)


def test_pictures_without_edges_agree_about_them_and_one_with_edges_does_not():
    flat = np.full((64, 64, 3), 30, np.uint8)

    assert edge_f(flat, flat) == 1
    assert edge_f(flat, square()) == edge_f(square(), flat) == 0


def test_edges_are_counted_by_pixels():
    assert edge_share(np.full((64, 64, 3), 30, np.uint8)) == 0
    assert edge_share(square()) == pytest.approx(4 * 24 / 64**2, abs=0.004)


def test_structure_differs_no_farther_than_its_window_reaches():
    one = noise(3, (40, 40))
    other = one.copy()
    other[20, 20] ^= 128

    mean, around = structure(one, other)

    rows, columns = np.ogrid[:40, :40]
    reached = np.maximum(abs(rows - 20), abs(columns - 20)) <= 5  # 3.5 deviations of 1.5 pixels
    assert around[reached].max() < 1
    np.testing.assert_allclose(around[~reached], 1)
    assert mean < 1


@pytest.mark.parametrize("step", [1, 7])
def test_noise_within_a_part_is_not_of_the_rest(step):
    one = noise(4)
    where = np.zeros(one.shape[:2], bool)
    where[5:9, 3:20] = True
    other = 255 - one
    other[where] = np.where(one[where] > 127, one[where] - step, one[where] + step)

    assert psnr_within(one, other, where) == pytest.approx(20 * math.log10(255 / step))
    assert psnr_within(one, one, where) == pytest.approx(10 * math.log10(255**2 / FAINT))
