from __future__ import annotations

import threading

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging import foreground
from limner_server.imaging.foreground import estimate_foreground

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 30)


def mixture(height=60, width=80):
    x = np.linspace(-4, 5, width)[None].repeat(height, 0)
    alpha = np.clip(x, 0, 1).astype(np.float32)
    share = alpha[..., None]
    photo = (share * (200, 150, 100) + (1 - share) * (20, 240, 30)).round().astype(np.uint8)
    return photo, alpha


@settings(deadline=None)
@given(seeds, sides, sides)
def test_colors_stay_to_the_bit_where_nothing_is_mixed_in(seed, height, width):
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (height, width, 3), np.uint8)
    alpha = random.choice(np.array([0, 0.3, 0.8, 1], np.float32), (height, width))
    before = photo.copy()

    colors = estimate_foreground(photo, alpha)

    assert colors.dtype == np.uint8
    np.testing.assert_array_equal(colors[alpha == 1], photo[alpha == 1])
    np.testing.assert_array_equal(photo, before)


@given(seeds, sides, sides)
def test_a_hard_alpha_changes_nothing(seed, height, width):
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (height, width, 3), np.uint8)
    alpha = random.integers(0, 2, (height, width)).astype(np.float32)

    np.testing.assert_array_equal(estimate_foreground(photo, alpha), photo)


def test_the_background_s_color_is_taken_out():
    photo, alpha = mixture()

    colors = estimate_foreground(photo, alpha)

    soft = (alpha > 0.1) & (alpha < 1)
    assert np.abs(colors[soft].astype(int) - (200, 150, 100)).max() <= 6


def test_a_large_photo_is_estimated_small_and_settled(monkeypatch):
    photo, alpha = mixture(120, 160)
    monkeypatch.setattr(foreground, "MAX_ESTIMATED", 2000)

    colors = estimate_foreground(photo, alpha)

    soft = (alpha > 0.2) & (alpha < 1)
    assert np.abs(colors[soft].astype(int) - (200, 150, 100)).mean() < 6
    np.testing.assert_array_equal(colors[alpha == 1], photo[alpha == 1])


def test_many_threads_find_the_same_colors():
    photo, alpha = mixture()
    expected, found = estimate_foreground(photo, alpha), []
    threads = [
        threading.Thread(target=lambda: found.append(estimate_foreground(photo, alpha)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 4
    assert all((colors == expected).all() for colors in found)
