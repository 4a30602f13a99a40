from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.trimap import (
    INSIDE,
    OUTSIDE,
    UNKNOWN,
    default_band,
    laid_out,
    shrunk,
    trimap_of_hair,
    trimap_of_map,
    trimap_of_probability,
)

seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 60)
bands = st.integers(1, 256)


def blob(seed, height, width):
    rough = np.random.default_rng(seed).random((height, width), np.float32)
    return cv2.blur(rough, (9, 9)) > 0.5


def disk(size, radius, dtype=np.uint8):
    y, x = np.mgrid[:size, :size] - size // 2
    return ((x * x + y * y) <= radius * radius).astype(dtype)


def portrait(size=400):
    """Return a gray scene, a person in it cut by the lower edge, and the mask of the person."""
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (size // 2, size // 3), size // 6, 1, -1)
    cv2.rectangle(mask, (size // 4, size // 2), (size * 3 // 4, size), 1, -1)
    cv2.rectangle(mask, (size * 9 // 20, size // 3), (size * 11 // 20, size), 1, -1)
    photo = np.where(mask[..., None] == 1, np.uint8((190, 120, 90)), np.uint8((60, 80, 70)))
    person = cv2.resize(mask.astype(np.float32), (256, 256), interpolation=cv2.INTER_AREA)
    return photo, person, mask.astype(bool)


@given(seeds, sides, sides, bands)
def test_the_sure_parts_lie_within_the_map(seed, height, width, band):
    mask = blob(seed, height, width)

    trimap = trimap_of_map(mask, band)

    assert set(np.unique(trimap)) <= {INSIDE, OUTSIDE, UNKNOWN}
    assert mask[trimap == INSIDE].all()
    assert not mask[trimap == OUTSIDE].any()


@given(seeds, sides, sides, bands)
def test_a_wider_band_leaves_less_sure(seed, height, width, band):
    mask = blob(seed, height, width)

    narrow, wide = trimap_of_map(mask, band), trimap_of_map(mask, band + 7)

    assert (wide[narrow == UNKNOWN] == UNKNOWN).all()


@given(seeds, sides, sides, bands)
def test_bytes_and_flags_say_the_same(seed, height, width, band):
    mask = blob(seed, height, width)

    as_bytes = trimap_of_map(mask.astype(np.uint8) * 255, band)

    np.testing.assert_array_equal(as_bytes, trimap_of_map(mask, band))


@given(sides, sides, bands, st.booleans())
def test_a_map_without_an_edge_has_no_band(height, width, band, value):
    trimap = trimap_of_map(np.full((height, width), value), band)

    assert (trimap == (INSIDE if value else OUTSIDE)).all()


@pytest.mark.parametrize("band", [1, 2, 5, 16, 40])
def test_the_band_across_a_straight_edge_has_the_width_asked_for(band):
    mask = np.zeros((9, 200), np.bool_)
    mask[:, 100:] = True

    unknown = (trimap_of_map(mask, band) == UNKNOWN).sum(1)

    np.testing.assert_array_equal(unknown, band)


def test_erosion_and_dilation_by_a_disk_agree():
    mask = disk(200, 60)
    sure = cv2.erode(mask, disk(33, 16))
    reach = cv2.dilate(mask, disk(49, 24))

    trimap = trimap_of_map(mask * 255, 40)

    assert ((trimap == INSIDE) != sure.astype(bool)).mean() < 0.005
    assert ((trimap != OUTSIDE) != reach.astype(bool)).mean() < 0.005


def test_the_border_is_no_edge():
    mask = np.zeros((50, 50), np.bool_)
    mask[20:, 10:40] = True

    trimap = trimap_of_map(mask, 10)

    assert (trimap[-1, 20:30] == INSIDE).all()


def test_a_map_is_not_changed_and_may_be_any_view():
    mask = blob(3, 60, 60)
    before = mask.copy()

    turned = trimap_of_map(mask.T[::2], 5)

    np.testing.assert_array_equal(mask, before)
    np.testing.assert_array_equal(turned, trimap_of_map(np.ascontiguousarray(mask.T[::2]), 5))


@pytest.mark.parametrize("size", [200, 400, 1500])
def test_a_person_s_trimap_holds_the_true_outline_in_its_band(size):
    photo, person, mask = portrait(size)

    trimap = trimap_of_probability(person, photo)

    assert mask[trimap == INSIDE].all()
    assert not mask[trimap == OUTSIDE].any()
    assert 0.02 < (trimap == UNKNOWN).mean() < 0.2
    assert (trimap[-1, size // 2 - 20 : size // 2 + 20] == INSIDE).all()


def test_specks_go_and_small_holes_close_but_the_gap_under_an_arm_stays():
    photo, _, mask = portrait(400)
    person = mask.astype(np.float32)
    person[10:16, 10:16] = 1
    person[300:306, 200:206] = 0
    person[230:330, 120:170] = 0
    gap = photo.copy()
    gap[230:330, 120:170] = (60, 80, 70)

    trimap = trimap_of_probability(person, gap)

    assert (trimap[:25, :25] == OUTSIDE).all()
    assert (trimap[298:308, 198:208] == INSIDE).all()
    assert (trimap[275:285, 140:150] == OUTSIDE).all()


def test_where_the_network_doubts_near_the_edge_is_unknown():
    photo, person, _ = portrait(400)
    doubting = person.copy()
    doubting[:80, 120:136] = np.maximum(doubting[:80, 120:136], 0.3)

    sure, unsure = trimap_of_probability(person, photo), trimap_of_probability(doubting, photo)

    assert (unsure == UNKNOWN).sum() > (sure == UNKNOWN).sum()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nobody_and_only_a_person_have_no_band(value):
    photo = np.zeros((30, 40, 3), np.uint8)

    trimap = trimap_of_probability(np.full((256, 256), value, np.float32), photo)

    assert (trimap == (INSIDE if value else OUTSIDE)).all()


@given(sides, sides)
def test_the_default_band_is_a_pixel_at_least(height, width):
    assert default_band(width, height) == max(1, round(0.02 * max(width, height)))


@given(seeds, st.integers(20, 90), st.integers(20, 90))
def test_hair_s_trimap_is_an_erosion_and_a_dilation_by_squares(seed, height, width):
    inside = blob(seed, height, width)
    sure = inside.astype(np.float32)

    trimap = trimap_of_hair(inside, sure)

    side = np.sqrt(inside.sum())
    inner, outer = (2 * max(2, round(share * side)) + 1 for share in (0.010, 0.016))
    outer = max(outer, 7)
    kernels = [np.ones((reach, reach), np.uint8) for reach in (inner, outer)]
    flags = inside.astype(np.uint8)
    np.testing.assert_array_equal(trimap == INSIDE, cv2.erode(flags, kernels[0]) > 0)
    np.testing.assert_array_equal(trimap == OUTSIDE, cv2.dilate(flags, kernels[1]) == 0)


def test_the_kernels_of_hair_grow_with_it():
    bands = []
    for size in (100, 400, 1600):
        inside = disk(size, size // 3, np.uint8).astype(bool)
        trimap = trimap_of_hair(inside, inside.astype(np.float32))
        middle = trimap[size // 2]
        bands.append(np.count_nonzero(middle == UNKNOWN) / 2)

    assert bands == sorted(bands)
    assert bands[2] > 3 * bands[0]


def test_where_the_network_doubts_hair_near_its_edge_is_unknown():
    inside = np.zeros((200, 200), bool)
    inside[:100] = True
    hair = inside.astype(np.float32)
    hair[104:, :100] = 0.5

    trimap = trimap_of_hair(inside, hair)

    assert (trimap[104, :100] == UNKNOWN).all()
    assert (trimap[104, 110:] == OUTSIDE).all()
    assert (trimap[-20:] == OUTSIDE).all()


@given(st.integers(1, 40))
def test_a_band_that_is_asked_for_is_as_wide(band):
    inside = np.zeros((200, 40), bool)
    inside[:100] = True

    trimap = trimap_of_hair(inside, inside.astype(np.float32), band)

    assert np.count_nonzero(trimap[:, 20] == UNKNOWN) == band


def test_a_part_s_trimap_lies_where_the_part_does():
    part = np.array([[INSIDE, OUTSIDE], [OUTSIDE, INSIDE]], np.uint8)

    trimap = laid_out(part, slice(10, 30), slice(5, 45), 50, 60)

    assert trimap.shape == (50, 60)
    assert trimap[12, 8] == trimap[28, 40] == INSIDE
    assert trimap[20, 25] == UNKNOWN
    assert (trimap[:10] == OUTSIDE).all()
    assert (trimap[:, 45:] == OUTSIDE).all()


@given(seeds, st.floats(0.2, 0.9))
def test_what_is_sure_in_a_smaller_trimap_was_sure_in_the_larger(seed, scale):
    trimap = trimap_of_map(blob(seed, 60, 50), 6)
    photo = np.zeros((60, 50, 3), np.uint8)

    small, coarse = shrunk(photo, trimap, scale)

    assert small.shape[:2] == coarse.shape
    y, x = (
        ((np.arange(few) + 0.5) * many / few).astype(int)
        for few, many in zip(coarse.shape, trimap.shape, strict=True)
    )
    picked = trimap[np.ix_(y, x)]
    for value in (INSIDE, OUTSIDE):
        assert (picked[coarse == value] == value).all()
