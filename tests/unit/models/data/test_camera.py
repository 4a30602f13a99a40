"""The camera: sRGB where it does nothing, and the same photo for the same choices."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_models.data.camera import Camera, develop

PLAIN = Camera()


def photo(light, camera=PLAIN, seed=0):
    picture = np.broadcast_to(np.asarray(light, np.float32), (16, 16, 3)).copy()
    return develop(picture, camera, np.random.default_rng(seed))


@pytest.mark.parametrize(
    ("light", "byte"),
    [(0.0, 0), (0.0331, 51), (0.2140, 127), (0.5029, 187), (1.0, 255), (9.0, 255)],
)
def test_a_camera_that_does_nothing_writes_srgb_as_iec_61966_defines_it(light, byte):
    assert abs(int(photo(light)[0, 0, 0]) - byte) <= 1


@settings(max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_any_camera_gives_a_photo_and_always_the_same(seed):
    camera = Camera.draw(np.random.default_rng(seed))
    light = np.random.default_rng(seed).uniform(0, 3, (32, 32, 3)).astype(np.float32)

    taken = develop(light, camera, np.random.default_rng(1))

    assert taken.shape == (32, 32, 3)
    assert taken.dtype == np.uint8
    np.testing.assert_array_equal(taken, develop(light, camera, np.random.default_rng(1)))


def test_more_exposure_is_never_darker():
    ramp = np.linspace(0, 2, 16, dtype=np.float32)[None, :, None]

    dark, bright = (photo(ramp, replace(PLAIN, exposure=exposure)) for exposure in (0.5, 1.5))

    assert (bright >= dark).all()
    assert bright.mean() > dark.mean()


def test_without_saturation_a_photo_is_gray():
    gray = photo((0.7, 0.2, 0.1), replace(PLAIN, saturation=0.0))

    assert np.ptp(gray.astype(int), axis=2).max() <= 1


def test_noise_is_the_sensors_alone_and_leaves_the_mean():
    noisy = [photo(0.2140, replace(PLAIN, noise=4.0), seed) for seed in (1, 2)]

    assert not np.array_equal(*noisy)
    assert abs(noisy[0].mean() - 127) < 2
