from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from limner_registry.color import lab_to_srgb, srgb_to_lab
from limner_server.imaging import strips
from limner_server.imaging.laying import SOFTNESS, Paint, lay_on

few = hypothesis_settings(max_examples=20)


def picture(seed, height, width):
    """Return a photo that is smooth here and random there."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width] / max(height, width)
    colors = np.stack([x, y, (x + y) / 2], -1) * 255
    colors[height // 2 :] = rng.integers(0, 256, (height - height // 2, width, 3))
    return colors.astype(np.uint8)


def fields_of(photo, seed):
    line = np.random.default_rng(seed).random(photo.shape[:2]) ** 4
    values = np.dstack([photo / 255, line])
    return np.rint(values * 32767).astype(np.int16)


def paint(seed, count):
    rng = np.random.default_rng(seed)
    colors = rng.random((count, 3), np.float32)
    return Paint(srgb_to_lab(colors), lab_to_srgb(srgb_to_lab(colors)), (0.1, 0.0, 0.2), 0.75)


def by_definition(fields, with_paint):
    """Return the drawing in double precision, as the network was taught: HxWx3 in [0, 255]."""
    values = fields / np.float64(32767)
    lab = srgb_to_lab(values[..., :3].astype(np.float32)).astype(np.float64)
    apart = ((lab[:, :, None] - with_paint.centers) ** 2).sum(-1)
    order = np.argsort(apart, -1)[..., :2]
    near, following = np.moveaxis(np.take_along_axis(apart, order, -1), -1, 0)
    share = (1 / (1 + np.exp(-(following - near) / SOFTNESS)))[..., None]
    tones = with_paint.tones[order]
    flat = share * tones[:, :, 0] + (1 - share) * tones[:, :, 1]
    return 255 * (flat + values[..., 3:] * with_paint.cover * (with_paint.ink - flat))


@few
@given(st.integers(0, 999), st.integers(2, 24))
def test_at_the_fields_own_size_it_is_what_the_network_was_taught(seed, count):
    photo = picture(seed, 40, 50)
    fields, with_paint = fields_of(photo, seed), paint(seed, count)

    laid = lay_on(photo, fields, with_paint, 1.0)

    assert np.abs(laid.picture - by_definition(fields, with_paint)).max() < 0.6 + 0.2
    assert laid.counts.sum() == 40 * 50


@few
@given(st.integers(0, 999), st.floats(0, 1))
def test_strength_lies_between_the_photo_and_the_drawing(seed, strength):
    photo = picture(seed, 60, 45)
    fields, with_paint = fields_of(photo[::3, ::3], seed), paint(seed, 9)
    drawn = lay_on(photo, fields, with_paint, 1.0).picture.astype(float)

    mixed = lay_on(photo, fields, with_paint, strength).picture

    assert np.abs(mixed - (photo + strength * (drawn - photo))).max() <= 1
    np.testing.assert_array_equal(lay_on(photo, fields, with_paint, 0.0).picture, photo)


def test_the_strips_it_is_worked_on_in_make_no_difference(monkeypatch):
    photo = picture(3, 530, 70)
    fields, with_paint = fields_of(photo[::5, ::5], 3), paint(3, 12)
    whole = lay_on(photo, fields, with_paint, 1.0)
    monkeypatch.setattr(strips, "STRIP_ROWS", 37)

    again = lay_on(photo, fields, with_paint, 1.0)

    np.testing.assert_array_equal(again.picture, whole.picture)
    np.testing.assert_array_equal(again.counts, whole.counts)


@pytest.mark.parametrize("times", [1, 2, 4, 8])
def test_borders_are_about_a_pixel_wide_at_any_size(times):
    fields = np.zeros((20, 40, 4), np.int16)
    fields[..., :3] = np.where(np.arange(40) < 20, 0.2, 0.7)[:, None] * 32767
    photo = np.zeros((20 * times, 40 * times, 3), np.uint8)
    two = srgb_to_lab(np.array([[0.2] * 3, [0.7] * 3], np.float32))

    row = lay_on(photo, fields, Paint(two, lab_to_srgb(two), (0, 0, 0), 1), 1.0).picture[5, :, 0]

    assert set(row[[0, -1]]) == {51, 179}
    mixed = (row > 53) & (row < 177)
    assert np.count_nonzero(mixed) <= 2
    assert abs(int(np.argmax(row > 115)) - 20 * times) <= times


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (8, 2)])
def test_pictures_of_a_pixel_or_a_line_are_laid_on_too(size):
    photo = np.full((*size, 3), 90, np.uint8)
    small = np.zeros((max(1, size[0] // 6), max(1, size[1] // 6), 4), np.int16)
    laid = lay_on(photo, small, paint(0, 1), 1.0)
    assert laid.picture.shape == photo.shape
    assert laid.counts.tolist() == [size[0] * size[1]]


def test_nobody_works_on_once_it_is_over():
    photo = picture(0, 600, 8)
    asked = []

    def is_over():
        asked.append(1)
        return True

    laid = lay_on(photo, fields_of(photo, 0), paint(0, 3), 1.0, is_over)
    assert asked
    assert laid.counts.sum() == 0
