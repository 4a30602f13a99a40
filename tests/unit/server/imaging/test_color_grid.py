from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.color_grid import GridFit
from limner_server.imaging.dyeing import Canvas

seeds = st.integers(0, 2**32 - 1)
EVERYWHERE = (slice(0, 64), slice(0, 64))


def fit_grid(before, after, weight):
    return GridFit(before, weight).grid(after[weight > 0])


def picture(seed, size=64):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (size, size, 3), np.uint8)


def through(grid, photo, alpha=255):
    planes = np.full(photo.shape[:2], alpha, np.uint8)
    return Canvas(photo, planes, None).dyed(grid, EVERYWHERE, 1.0)


@given(seeds)
def test_equal_pictures_give_maps_that_change_nothing(seed):
    photo = picture(seed)
    colors = photo.astype(np.float32) / 255
    weight = np.random.default_rng(seed).random((64, 64), np.float32)

    grid = fit_grid(colors, colors, weight)

    np.testing.assert_array_equal(through(grid, photo), photo)


@given(seeds)
def test_one_affine_change_of_color_is_found_exactly(seed):
    photo = picture(seed)
    rng = np.random.default_rng(seed)
    matrix = 0.6 * np.eye(3) + rng.uniform(-0.1, 0.1, (3, 3))
    before = photo.astype(np.float32) / 255
    after = np.clip(before @ matrix.T + 0.1, 0, 1).astype(np.float32)

    grid = fit_grid(before, after, np.ones((64, 64), np.float32))

    inside = (after > 0).all(-1) & (after < 1).all(-1)
    gap = np.abs(through(grid, photo) / 255.0 - after)[inside]
    assert gap.mean() < 0.01


def test_two_sides_of_a_picture_may_change_differently():
    photo = picture(0)
    before = photo.astype(np.float32) / 255
    after = before.copy()
    after[:, :32] *= 0.5
    after[:, 32:] = 1 - before[:, 32:]

    made = through(fit_grid(before, after, np.ones((64, 64), np.float32)), photo) / 255.0

    away = np.r_[0:24, 40:64]
    assert np.abs(made - after)[:, away].mean() < 0.05


def test_what_does_not_count_does_not_speak():
    photo = picture(1)
    before = photo.astype(np.float32) / 255
    weight = np.zeros((64, 64), np.float32)
    weight[:, :32] = 1
    after = np.where(weight[..., None] > 0, before * 0.5, np.float32(1))

    made = through(fit_grid(before, after, weight), photo)

    assert np.abs(made - photo * 0.5)[:, :28].mean() < 2


def test_nothing_that_counts_gives_maps_that_change_nothing():
    photo = picture(2)
    colors = photo.astype(np.float32) / 255

    grid = fit_grid(colors, 1 - colors, np.zeros((64, 64), np.float32))

    np.testing.assert_array_equal(through(grid, photo), photo)
