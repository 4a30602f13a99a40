"""Backgrounds, from photos and out of nothing."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner_models.data.backgrounds import KEPT_SIDE, Backgrounds, clouds, linear, streaks


@pytest.mark.parametrize("draw", [clouds, streaks])
def test_a_drawn_pattern_fills_its_square_and_is_decided_by_its_seed(draw):
    one, same, other = (draw(np.random.default_rng(seed), 48) for seed in (5, 5, 6))

    assert one.shape == (48, 48, 3)
    assert one.dtype == np.float32
    assert one.min() >= 0
    assert one.max() <= 255
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_backgrounds_without_photos_need_no_folder():
    for seed in range(20):
        background = Backgrounds(None)(np.random.default_rng(seed), 32)
        assert background.shape == (32, 32, 3)
        assert np.isfinite(background).all()
        assert background.min() >= 0


def test_photos_of_any_size_are_used_where_there_are_some(tmp_path):
    (tmp_path / "deeper").mkdir()
    cv2.imwrite(str(tmp_path / "small.png"), np.full((420, 700, 3), (0, 0, 255), np.uint8))
    cv2.imwrite(str(tmp_path / "deeper/large.jpg"), np.full((900, 1200, 3), (0, 0, 255), np.uint8))
    (tmp_path / "notes.txt").write_text("no photo")
    backgrounds = Backgrounds(tmp_path)

    drawn = [backgrounds(np.random.default_rng(seed), 24) for seed in range(30)]

    red = [picture for picture in drawn if picture[..., 1:].max() < 0.02 < picture[..., 0].min()]
    assert len(red) > 5
    assert len(backgrounds._photos) == 2
    assert max(min(photo.shape[:2]) for photo in backgrounds._photos) <= KEPT_SIDE


def test_the_quick_linear_curve_is_near_srgbs():
    srgb = np.linspace(0, 255, 52, dtype=np.float32)
    exact = np.where(
        srgb <= 0.04045 * 255, srgb / 255 / 12.92, ((srgb / 255 + 0.055) / 1.055) ** 2.4
    )

    np.testing.assert_allclose(linear(srgb), exact, atol=0.02)
