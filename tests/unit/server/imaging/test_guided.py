from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.guided import Guide, follow, rows_resized

seeds = st.integers(0, 2**32 - 1)


def refine(photo, soft, radius, epsilon):
    return follow(photo, Guide(photo, radius).linear_model(soft, epsilon))


def noise(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


@given(seeds, st.floats(0, 1, width=32))
def test_an_even_map_stays_even_whatever_the_photo(seed, value):
    soft = np.full((20, 24), value, np.float32)

    np.testing.assert_allclose(refine(noise(seed, 20, 24, 3), soft, 3, 1e-4), soft, atol=1e-4)


@given(seeds)
def test_a_map_that_is_linear_in_color_is_kept(seed):
    photo = noise(seed, 20, 24, 3)
    soft = (photo @ np.array([0.2, 0.5, 0.3]) / 255).astype(np.float32)

    np.testing.assert_allclose(refine(photo, soft, 2, 1e-6), soft, atol=0.01)


@given(seeds)
def test_gray_noise_gives_no_wild_factors(seed):
    gray = np.repeat(noise(seed, 30, 30, 1) // 4 * 4, 3, 2)
    soft = (gray[..., 0] / np.float32(255)).astype(np.float32)

    model = Guide(gray, 2).linear_model(soft, 1e-5)

    assert np.abs(model).max() < 2
    np.testing.assert_allclose(follow(gray, model), soft, atol=0.01)


def test_a_blurred_edge_snaps_to_the_photo_s():
    sharp = np.zeros((64, 64), np.float32)
    sharp[:, 32:] = 1
    photo = np.repeat((sharp * 200 + 20).astype(np.uint8)[..., None], 3, 2)
    soft = cv2.blur(sharp, (9, 9))

    refined = refine(photo, soft, 8, 1e-4)

    assert np.abs(refined - sharp).max() < np.abs(soft - sharp).max() / 2


@given(seeds, st.integers(1, 700), st.integers(1, 9))
def test_the_result_is_in_range_and_of_the_photo_s_size(seed, height, width):
    photo = noise(seed, height, width, 3)
    model = Guide(noise(seed, 5, 4, 3), 1).linear_model(noise(seed, 5, 4) / np.float32(255), 1e-4)

    soft = follow(photo, model)

    assert soft.shape == (height, width)
    assert soft.dtype == np.float32
    assert 0 <= soft.min() <= soft.max() <= 1


@pytest.mark.parametrize(("height", "width"), [(37, 53), (9, 11), (100, 11)])
def test_rows_are_those_of_the_whole_resize(height, width):
    image = np.random.default_rng(0).random((9, 11, 4), np.float32)
    expected = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)

    rows = [
        rows_resized(image, slice(top, min(top + 8, height)), height, width)
        for top in range(0, height, 8)
    ]

    np.testing.assert_allclose(np.concatenate(rows), expected, atol=1e-5)
