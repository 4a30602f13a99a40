"""Hair of a found picture, back where the person is."""

from __future__ import annotations

import tracemalloc

import cv2
import numpy as np
import pytest

from limner_server.admission.limits import BYTES_A_PIXEL
from limner_server.imaging.fitting import Strands
from limner_server.imaging.found_hair import FINEST, LEAST, gone_on, strands_of, with_strands

HAIR, SKIN = (80, 50, 20), (220, 170, 150)


def picture(side=64):
    """Return a picture whose hair is a disk, and how likely each pixel is hair."""
    y, x = np.mgrid[:side, :side]
    away = np.hypot(x - side / 2, y - side / 3)
    hair = np.clip((side / 5 - away) / 4 + 0.5, 0, 1).astype(np.float32)
    colors = hair[..., None] * HAIR + (1 - hair[..., None]) * np.array(SKIN)
    return np.rint(colors).astype(np.uint8), hair


def turned(scale, angle, shift):
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return np.concatenate([turn, np.array(shift, float)[:, None]], axis=1)


def laid(strands, extent):
    alpha = np.zeros(extent)
    alpha[strands.rows, strands.columns] = strands.alpha / 255
    return alpha


@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_hair_lies_where_the_map_says_at_the_photo_s_size(angle):
    crop, hair = picture()
    matrix = turned(0.25, angle, (3.0, 5.0))

    strands = strands_of(crop, hair, matrix, (300, 280, 3))
    alpha = laid(strands, (300, 280))

    y, x = np.mgrid[:300, :280]
    found = np.array([(x * alpha).sum(), (y * alpha).sum()]) / alpha.sum()
    there = matrix[:, :2] @ found + matrix[:, 2]
    assert there == pytest.approx((32, 64 / 3), abs=0.3)
    assert alpha.sum() == pytest.approx(np.pi * (64 / 5) ** 2 / 0.25**2, rel=0.05)


def test_strands_have_the_hair_s_own_colors_at_their_edge():
    crop, hair = picture()

    strands = strands_of(crop, hair, turned(0.25, 0.0, (0.0, 0.0)), (256, 256, 3))

    soft = (strands.alpha > 60) & (strands.alpha < 200)
    assert soft.any()
    assert np.abs(strands.colors[soft].astype(int) - HAIR).mean() < 12


def test_hair_that_the_picture_cuts_fades_out_there():
    crop, _ = picture()
    hair = np.zeros((64, 64), np.float32)
    hair[40:] = 1

    strands = strands_of(crop, hair, turned(1.0, 0.0, (0.0, 0.0)), (64, 64, 3))
    alpha = laid(strands, (64, 64))

    assert alpha[-1].max() == 0
    assert alpha[50, 32] == 1


def test_without_hair_or_beyond_the_photo_there_is_none():
    crop, hair = picture()

    assert strands_of(crop, hair * 0, turned(1.0, 0.0, (0.0, 0.0)), (64, 64, 3)) is None
    assert strands_of(crop, hair, turned(1.0, 0.0, (500.0, 0.0)), (64, 64, 3)) is None


def striped(side, width):
    """Return gray with stripes so wide, as bright as gray in the mean."""
    stripes = np.where(np.arange(side) // width % 2, 150, 90).astype(np.uint8)
    return np.broadcast_to(stripes[:, None, None], (side, side, 3)).copy()


def test_strands_come_from_the_real_hair_and_shades_stay():
    shade = np.linspace(60, 180, 100).astype(np.uint8)
    colors = np.broadcast_to(shade[None, :, None], (100, 100, 3)).copy()
    whole = np.full((100, 100), 255, np.uint8)
    found = Strands(colors, whole, slice(0, 100), slice(0, 100))

    done = with_strands(found, striped(100, 2), whole, 5.0).colors.astype(float)

    within = done[20:80, 20:80, 0]
    assert np.ptp(within.mean(1)) > 50
    assert within[np.arange(20, 80) // 2 % 2 == 0].mean(0) == pytest.approx(
        shade[20:80] - 30, abs=4
    )


def test_where_there_is_no_real_hair_the_found_stays():
    colors = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    whole = np.full((60, 60), 255, np.uint8)
    found = Strands(colors, whole, slice(10, 70), slice(0, 60))
    real = np.zeros((80, 80), np.uint8)
    real[:, 30:] = 255

    done = with_strands(found, striped(80, 2), real, 3.0).colors

    np.testing.assert_array_equal(done[:, :30], colors[:, :30])
    assert (done[:, 30:] != colors[:, 30:]).any()


def test_hair_in_a_large_photo_takes_little_more_memory_than_the_photo():
    rng = np.random.default_rng(0)
    colors, photo = rng.integers(0, 256, (2, 900, 800, 3), np.uint8)
    alpha = rng.integers(0, 256, (900, 800), np.uint8)
    found = Strands(colors, alpha, slice(0, 900), slice(0, 800))
    with_strands(found, photo, alpha, 8.0)  # what is kept once is loaded

    tracemalloc.start()
    try:
        with_strands(found, photo, alpha, 8.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < BYTES_A_PIXEL * alpha.size


@pytest.mark.parametrize("pixel", [1.5, 3.3, 8.0])
def test_hair_smoothed_small_is_as_it_would_be_smoothed_whole(pixel):
    photo, own = (cv2.GaussianBlur(noise(seed), (0, 0), seed) for seed in (1, 9))
    alpha = cv2.GaussianBlur(noise(2)[..., 0], (0, 0), 5)
    alpha = np.clip((alpha - 110.0) * 8, 0, 255).astype(np.uint8)

    done = with_strands(Strands(own, alpha, slice(0, 211), slice(0, 173)), photo, alpha, pixel)

    share = alpha[..., None] / 255
    apart = cv2.GaussianBlur((own - photo.astype(float)) * share, (0, 0), FINEST * pixel)
    weight = cv2.GaussianBlur(share, (0, 0), FINEST * pixel)[..., None]
    whole = own + share * (apart / np.maximum(weight, LEAST) + photo - own.astype(float))
    off = np.abs(done.colors - np.clip(whole, 0, 255))
    assert off.mean() < 0.5
    assert off.max() < 5


def noise(seed):
    return np.random.default_rng(seed).integers(0, 256, (211, 173, 3), np.uint8)


def frame(side, matrix, extent):
    """Return what of a photo an aligned picture shows, without its rim."""
    y, x = np.mgrid[: extent[0], : extent[1]]
    at = np.stack([x, y], -1) @ matrix[:, :2].T + matrix[:, 2]
    return ((at > 0.05 * side) & (at < 0.95 * side)).all(-1), ((at < -1) | (at > side)).any(-1)


@pytest.mark.parametrize("angle", [0.0, 0.3])
def test_hair_that_the_picture_cuts_goes_on_as_the_other_does(angle):
    crop, hair = picture()
    hair[:20, 24:40] = 1.0  # up to the picture's upper edge
    matrix = turned(0.5, angle, (-10.0, -30.0))
    photo = np.full((240, 260, 3), (90, 60, 30), np.uint8)
    alpha = np.zeros((240, 260), np.uint8)
    alpha[10:120, 60:140] = 255
    found = strands_of(crop, hair, matrix, photo.shape)

    whole = gone_on(found, photo, alpha, matrix, len(crop))

    before, after = laid(found, alpha.shape), laid(whole, alpha.shape)
    within, beyond = frame(len(crop), matrix, alpha.shape)
    np.testing.assert_array_equal(after[within], before[within])
    np.testing.assert_array_equal(after[beyond], alpha[beyond] / 255)
    colors = np.zeros_like(photo)
    colors[whole.rows, whole.columns] = whole.colors
    assert (colors[beyond & (alpha > 0)] == (90, 60, 30)).all()


def test_hair_that_lies_within_the_picture_stays_as_it_was_found():
    crop, hair = picture()
    matrix = turned(0.25, 0.0, (0.0, 0.0))
    found = strands_of(crop, hair, matrix, (256, 256, 3))
    alpha = np.zeros((256, 256), np.uint8)
    alpha[80:160, 80:160] = 200
    assert gone_on(found, np.zeros((256, 256, 3), np.uint8), alpha, matrix, len(crop)) is found
