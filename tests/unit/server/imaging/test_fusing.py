"""The invariants of laying pictures with an alpha onto a photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.fusing import Layer, drawn_layer, fuse, premultiplied

SIDE = 64
few = settings(max_examples=40)
seeds = st.integers(0, 2**32 - 1)
HERE = np.eye(2, 3)


def picture_layer(picture, matrix):
    return Layer(premultiplied(picture), matrix)


def photo_of(seed, height=110, width=130):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def blob(seed, side=SIDE):
    """Return a picture whose alpha is anything, and nothing at its edges."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (side, side, 4), np.uint8)
    small = rng.integers(-200, 256, (6, 6)).astype(np.float32)
    alpha = cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC).clip(0, 255)
    picture[..., 3] = 0
    picture[8:-8, 8:-8, 3] = alpha[8:-8, 8:-8]
    return picture


def shift(x, y, scale=1.0):
    """Return the map that brings a picture, so many times larger, to a place of the photo."""
    return np.array([[1 / scale, 0, -x / scale], [0, 1 / scale, -y / scale]])


@st.composite
def maps(draw):
    turn, stretch = draw(st.floats(-3.1, 3.1)), draw(st.floats(0.8, 1.25))
    scale, shear = draw(st.floats(0.2, 4.0)), draw(st.floats(-0.2, 0.2))
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = scale * rotation @ np.array([[stretch, shear], [0, 1 / stretch]])
    middle = np.array([draw(st.floats(-40, 170)), draw(st.floats(-40, 150))])
    return np.concatenate([linear, (SIDE / 2 - linear @ middle)[:, None]], axis=1)


@few
@given(seeds, maps(), st.sampled_from([drawn_layer, picture_layer]))
def test_where_the_mask_is_0_no_bit_has_changed(seed, matrix, layer_of):
    photo, picture = photo_of(seed), blob(seed)
    kept = photo.copy()

    fused, mask = fuse(photo, [layer_of(picture, matrix)])

    np.testing.assert_array_equal(photo, kept)
    np.testing.assert_array_equal(fused[mask == 0], photo[mask == 0])
    y, x = np.nonzero(mask)
    u, v = matrix[:, :2] @ np.stack([x, y]) + matrix[:, 2:]
    skip = max(1.0, np.linalg.norm(matrix[:, :2], 2))
    assert min(u.min(initial=99), v.min(initial=99)) > 8 - 4 * skip
    assert max(u.max(initial=0), v.max(initial=0)) < SIDE - 9 + 4 * skip


@few
@given(seeds)
def test_a_picture_at_its_own_size_is_laid_over_as_alpha_says(seed):
    photo, picture = photo_of(seed), blob(seed)

    fused, mask = fuse(photo, [picture_layer(picture, shift(20, 10))])

    alpha = picture[..., 3:] / 255
    place = np.s_[10 : 10 + SIDE, 20 : 20 + SIDE]
    expected = alpha * picture[..., :3] + (1 - alpha) * photo[place]
    assert np.abs(fused[place] - expected).max() <= 0.51
    np.testing.assert_array_equal(mask[place], picture[..., 3])


def test_of_two_pictures_the_later_one_is_in_front():
    photo = photo_of(0)
    red, blue = np.zeros((2, SIDE, SIDE, 4), np.uint8)
    red[...], blue[...] = (255, 0, 0, 255), (0, 0, 255, 255)
    layers = [picture_layer(red, shift(0, 0)), picture_layer(blue, shift(30, 0))]

    fused, mask = fuse(photo, layers)

    assert (fused[5, 2:28] == (255, 0, 0)).all()
    assert (fused[5, 32:60] == (0, 0, 255)).all()
    assert (mask[5, 2:90] == 255).all()


def test_half_over_half_hides_three_quarters():
    half = np.full((SIDE, SIDE, 4), 128, np.uint8)
    _, mask = fuse(photo_of(0), [picture_layer(half, HERE)] * 2)
    assert mask[SIDE // 2, SIDE // 2] == pytest.approx(0.75 * 255, abs=1.5)


@pytest.mark.parametrize("scale", [0.13, 0.5, 1.0, 3.0])
def test_a_smooth_picture_keeps_its_colors_and_its_place_at_any_size(scale):
    y, x = np.indices((SIDE, SIDE))
    picture = np.stack([2 * x + 60, 2 * y + 60, x + y + 60, np.full_like(x, 255)], -1)
    photo = np.zeros((240, 240, 3), np.uint8)
    at = 15.0

    fused, mask = fuse(photo, [picture_layer(picture.astype(np.uint8), shift(at, at, scale))])

    edge = 2 * int(np.ceil(2 * max(scale, 1))) + 1
    inside = cv2.erode(np.where(mask == 255, np.uint8(1), np.uint8(0)), np.ones((edge, edge)))
    rows, columns = np.nonzero(inside)
    assert len(rows) > (3 if scale < 0.5 else 500)
    expected = 2 * (columns - at) / scale + 60, 2 * (rows - at) / scale + 60
    gap = fused[rows, columns, :2] - np.stack(expected, -1)
    assert np.abs(gap).max() < 1.6


def test_an_enlarged_edge_stays_between_what_lies_on_its_sides():
    picture = np.zeros((SIDE, SIDE, 4), np.uint8)
    picture[20:40, 20:40] = 200, 200, 200, 255
    fused, _ = fuse(np.full((200, 200, 3), 100, np.uint8), [picture_layer(picture, shift(0, 0, 3))])
    assert fused.min() == 100
    assert 200 <= fused.max() <= 201


def test_a_drawn_head_s_smoothed_edge_has_the_head_s_color():
    """What a network leaves where there is no head, here green, is never seen."""
    drawn = np.full((256, 256, 4), (0, 255, 0, 0), np.uint8)
    away = np.hypot(*(np.indices((256, 256)) - 128))
    drawn[away < 80] = 200, 120, 40, 255
    fused, mask = fuse(np.zeros((256, 256, 3), np.uint8), [drawn_layer(drawn, HERE)])
    edge = (mask > 60) & (mask < 200)
    assert edge.sum() > 300
    colors = fused[edge] / (mask[edge, None] / 255)
    np.testing.assert_allclose(colors, np.tile((200, 120, 40), (edge.sum(), 1)), atol=5)


def test_a_speck_beside_a_drawn_head_is_not_laid_on():
    away = np.hypot(*(np.indices((256, 256)) - 128))
    head = np.full((256, 256, 4), (200, 120, 40, 0), np.uint8)
    head[away < 60, 3] = 255
    with_speck = head.copy()
    speck = np.hypot(*(np.indices((256, 256)) - [[[60]], [[210]]]))
    with_speck[..., 3] = np.maximum(head[..., 3], np.clip(900 / (1 + speck**2), 0, 255))
    with_speck[(speck > 9), 3] = head[(speck > 9), 3]
    photo = np.zeros((256, 256, 3), np.uint8)

    (plain, _), (cleared, mask) = (
        fuse(photo, [drawn_layer(drawn, HERE)]) for drawn in (head, with_speck)
    )

    np.testing.assert_array_equal(cleared[away < 66], plain[away < 66])
    assert mask[speck < 6].max() == 0
    assert mask[(speck < 20)].max() < 12  # where it was faint before


def test_a_drawn_head_fades_out_where_its_crop_ends():
    whole = np.full((256, 256, 4), 255, np.uint8)
    _, mask = fuse(np.zeros((256, 256, 3), np.uint8), [drawn_layer(whole, HERE)])
    assert mask[:, 0].max() < 8
    assert (np.diff(mask[128, :10].astype(int)) >= 0).all()
    assert (mask[12:-12, 12:-12] == 255).all()


def test_hairs_stay_as_sharp_as_they_were_drawn():
    drawn = np.full((256, 256, 4), (90, 90, 90, 255), np.uint8)
    drawn[:, ::2, :3] = 160
    fused, _ = fuse(np.zeros((256, 256, 3), np.uint8), [drawn_layer(drawn, HERE)])
    np.testing.assert_array_equal(fused[20:-20, 20:-20], drawn[20:-20, 20:-20, :3])


def test_a_picture_off_the_photo_changes_nothing():
    photo = photo_of(1)
    for x, y in ((-500, 0), (0, 500), (900, 900)):
        fused, mask = fuse(photo, [picture_layer(blob(1), shift(x, y))])
        np.testing.assert_array_equal(fused, photo)
        assert not mask.any()


def test_no_layer_is_the_photo_itself():
    fused, mask = fuse(photo_of(2), [])
    np.testing.assert_array_equal(fused, photo_of(2))
    assert not mask.any()


def test_a_layer_s_picture_is_premultiplied():
    picture = premultiplied(np.full((2, 2, 4), 51, np.uint8))
    np.testing.assert_allclose(picture[0, 0], (10.2, 10.2, 10.2, 0.2), rtol=1e-6)
