"""The invariants of laying a face into a photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_models.networks.compositing import composited
from limner_server.imaging import composing_loops
from limner_server.imaging.aligning import align
from limner_server.imaging.composing import UNCHANGED, Overlay, Place, blended, compose

SIDE = 64
few = settings(max_examples=40)
seeds = st.integers(0, 2**32 - 1)


def photo_of(seed, height=150, width=130, cell=10):
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 256, (height // cell + 2, width // cell + 2, 3), np.uint8)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)


def matrix_of(scale=1.0, angle=0.0, x=0.0, y=0.0):
    a, b = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[a, -b, x], [b, a, y]])


@st.composite
def matrices(draw, scales=(0.3, 3.0)):
    scale, angle = draw(st.floats(*scales)), draw(st.floats(-0.7, 0.7))
    turn = matrix_of(scale, angle)[:, :2]
    middle = np.array([draw(st.floats(30, 100)), draw(st.floats(30, 120))])
    return np.concatenate([turn, (SIDE / 2 - turn @ middle)[:, None]], axis=1)


def disk(radius=20):
    away = np.hypot(*(np.indices((SIDE, SIDE)) - SIDE / 2))
    return np.clip((radius - away) / 3 + 0.5, 0, 1).astype(np.float32)


def overlay_of(face, ring=None, picture=None, colors=UNCHANGED):
    ring = np.zeros_like(face) if ring is None else ring
    picture = np.zeros((SIDE, SIDE, 3), np.float32) if picture is None else picture
    return Overlay(face, ring, picture, colors)


def composed(original, converted, overlay):
    return compose(original, align(original.photo, original.matrix, SIDE), converted, overlay)


@few
@given(seeds, seeds, matrices(), matrices())
def test_where_the_mask_is_0_no_bit_has_changed_whatever_a_network_says(one, other, below, above):
    rng = np.random.default_rng(one)
    shares = rng.dirichlet([0.4] * 3, (8, 8)).astype(np.float32)
    shares = cv2.resize(shares, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    noise = rng.random((SIDE, SIDE, 3), np.float32)
    colors = rng.normal(0, 1, (16, 16, 12)).astype(np.float32)
    overlay = overlay_of(shares[..., 0], shares[..., 2], noise, colors)
    original = photo_of(one)

    photo, mask = composed(Place(original, below), Place(photo_of(other), above), overlay)

    np.testing.assert_array_equal(photo[mask == 0], original[mask == 0])
    y, x = np.nonzero(mask)
    u, v = below[:, :2] @ np.stack([x, y]) + below[:, 2:]
    assert min(u.min(initial=0), v.min(initial=0)) >= -0.5
    assert max(u.max(initial=0), v.max(initial=0)) <= SIDE - 0.5


@few
@given(seeds, matrices())
def test_a_network_that_changes_nothing_changes_nothing(seed, matrix):
    """The same photo, the crop itself as the ring: whatever the shares, the photo is the photo."""
    place = Place(photo_of(seed), matrix)
    crop = align(place.photo, matrix, SIDE)
    shares = np.random.default_rng(seed).dirichlet([1] * 3, (SIDE, SIDE)).astype(np.float32)
    colors = np.broadcast_to(UNCHANGED, (16, 16, 12))
    picture = crop.astype(np.float32) / np.float32(255)
    overlay = overlay_of(shares[..., 0], shares[..., 2], picture, colors)

    photo, mask = compose(place, crop, place, overlay)

    assert mask.any()
    np.testing.assert_array_equal(photo, place.photo)


def test_at_the_crop_s_own_size_it_is_what_the_composer_was_taught():
    rng = np.random.default_rng(3)
    original, converted = photo_of(1, SIDE, SIDE), photo_of(2, SIDE, SIDE)
    shares = rng.dirichlet([0.5] * 3, (8, 8)).astype(np.float32)
    shares = cv2.resize(shares, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    colors = (UNCHANGED + rng.normal(0, 0.1, (16, 16, 12))).astype(np.float32)
    ring = rng.random((SIDE, SIDE, 3), np.float32)
    same = matrix_of()

    overlay = overlay_of(shares[..., 0], shares[..., 2], ring, colors)
    photo, _ = composed(Place(original, same), Place(converted, same), overlay)

    def planes(array):
        return torch.from_numpy(np.ascontiguousarray(array.transpose(2, 0, 1)))[None]

    taught = composited(
        planes(original / np.float32(255)),
        planes(converted / np.float32(255)),
        planes(shares),
        planes(colors),
        planes(ring),
    )
    expected = np.rint(taught[0].numpy().transpose(1, 2, 0).clip(0, 1) * 255)
    inner = slice(4, -4)
    gap = np.abs(photo[inner, inner] - expected[inner, inner])
    assert gap.max() <= 1
    assert (gap > 0).mean() < 0.01


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("angle", [0.0, 0.4])
def test_a_face_lands_on_the_one_it_replaces(scale, angle):
    """Two photos of one smooth scene: what is brought over is what was there."""

    def seen(scale, angle, height, width):
        turn = matrix_of(scale, angle)[:, :2]
        center = np.array([width / 2, height / 2])
        y, x = np.indices((height, width))
        places = np.linalg.inv(turn) @ (np.stack([x, y]).reshape(2, -1) - center[:, None])
        waves = [np.sin(k * places[0] / 6 + places[1] / (5 + k)) for k in range(1, 4)]
        pixels = np.stack(waves, -1).reshape(height, width, 3)
        matrix = np.concatenate(
            [np.linalg.inv(turn), (SIDE / 2 - np.linalg.inv(turn) @ center)[:, None]], axis=1
        )
        return Place(np.rint(127 + 100 * pixels).astype(np.uint8), matrix)

    original = seen(1.0, 0.0, 140, 130)
    converted = seen(scale, angle, 400, 380)

    photo, mask = composed(original, converted, overlay_of(disk()))

    sure = mask == 255
    assert sure.sum() > 900
    gap = np.abs(photo[sure].astype(int) - original.photo[sure])
    assert gap.mean() < (8 if scale < 1 else 3)


def test_a_face_keeps_what_is_finer_than_the_crop():
    """A photo twice as fine as the crop: a pattern of single pixels comes over whole."""
    lines = np.zeros((200, 200, 3), np.uint8)
    lines[:, ::2] = 200
    matrix = matrix_of(0.5, 0, SIDE / 2 - 50, SIDE / 2 - 50)
    original = Place(np.full((200, 200, 3), 90, np.uint8), matrix)

    photo, mask = composed(original, Place(lines, matrix), overlay_of(disk()))

    np.testing.assert_array_equal(photo[mask == 255], lines[mask == 255])


def test_where_the_converted_photo_ends_the_original_goes_on():
    original = Place(np.full((SIDE, SIDE, 3), 40, np.uint8), matrix_of())
    converted = Place(np.full((SIDE, SIDE // 2, 3), 240, np.uint8), matrix_of())

    photo, mask = composed(original, converted, overlay_of(np.ones((SIDE, SIDE), np.float32)))

    assert (photo[:, SIDE // 2 :] == 40).all()
    assert not mask[:, SIDE // 2 :].any()
    assert (photo[10:-10, 10 : SIDE // 2 - 4] == 240).all()


def test_a_crop_beyond_the_photo_or_off_it_is_no_trouble():
    converted = Place(photo_of(2), matrix_of())
    whole = overlay_of(np.ones((SIDE, SIDE), np.float32))
    for shift in (-60.0, 60.0, -1000.0, 1000.0):
        original = Place(photo_of(1), matrix_of(x=shift, y=shift))
        photo, mask = composed(original, converted, whole)
        np.testing.assert_array_equal(photo[mask == 0], original.photo[mask == 0])
        assert mask.any() == (abs(shift) < 100)


def test_no_argument_is_changed():
    original, converted = photo_of(1), photo_of(2)
    kept = original.copy(), converted.copy()
    composed(Place(original, matrix_of()), Place(converted, matrix_of()), overlay_of(disk()))
    np.testing.assert_array_equal(original, kept[0])
    np.testing.assert_array_equal(converted, kept[1])


def test_a_blended_picture_is_laid_on_around_either_face_and_nowhere_else():
    left, right = (np.roll(disk(8), shift, 1) for shift in (-12, 12))
    picture = np.ones((SIDE, SIDE, 3), np.float32)
    original = Place(np.zeros((SIDE, SIDE, 3), np.uint8), matrix_of())
    source = Place(np.full((SIDE, SIDE, 3), 255, np.uint8), matrix_of())

    overlay = blended(picture, left, right)
    assert (overlay.face + overlay.ring).max() <= 1 + 1e-6
    photo, mask = composed(original, source, overlay)

    assert (photo[np.maximum(left, right) > 0.6] > 250).all()
    assert not mask[:10].any()
    assert not photo[mask == 0].any()


def test_once_warm_nothing_more_is_compiled_for_arrays_that_cannot_be_written():
    composing_loops.warm()
    ready = list(composing_loops.compose_rows.signatures)
    photo, colors = photo_of(3), UNCHANGED.copy()
    for frozen in (photo, colors):
        frozen.setflags(write=False)
    place = Place(photo, matrix_of(0.4))

    composed(place, place, overlay_of(disk(), colors=colors))

    assert composing_loops.compose_rows.signatures == ready
