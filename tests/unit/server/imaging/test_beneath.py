"""What lies beneath hair, laid into a photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.beneath import hole_in_crop, hole_of, lay_beneath, skull_in_crop
from limner_server.imaging.fitting import Strands
from limner_server.imaging.geometry import Region, crop
from limner_server.imaging.skull import Head, head_of
from limner_server.imaging.wall import Wall
from tests.unit.server.imaging.heads import mesh_of

few = settings(max_examples=10)
seeds = st.integers(0, 2**32 - 1)
REGION = Region(300, 260, 420, 420, 0.2)
UNIT = 20.0
HEAD = head_of(mesh_of((0, 0, 0), UNIT, (300, 260)))
NONE = HEAD.moved(5000, 0)
"""A head that is nowhere near."""


def hair_of(seed=0):
    """Return a soft blob of hair within the region, its edge anything between."""
    rng = np.random.default_rng(seed)
    alpha = np.zeros((500, 600), np.uint8)
    center = tuple(int(v) for v in rng.integers((230, 190), (370, 330)))
    cv2.ellipse(alpha, center, (90, 60), int(rng.integers(180)), 0, 360, 255, -1)
    return cv2.GaussianBlur(alpha, (0, 0), 3)


def slope_of(right=0.2, down=0.15):
    y, x = np.mgrid[:500, :600]
    return np.stack([30 + right * x, 40 + down * y, 90 + 0 * x], -1).astype(np.uint8)


@few
@given(seeds)
def test_where_nothing_opens_no_bit_changes(seed):
    photo = np.random.default_rng(seed).integers(0, 256, (500, 600, 3), np.uint8)
    hole = hole_of(hair_of(seed), None, UNIT)
    kept = photo.copy()

    laid = lay_beneath(photo, hole, np.zeros((256, 256, 3), np.uint8), REGION, NONE)

    opened = np.zeros((500, 600), np.uint8)
    opened[hole.rows, hole.columns] = hole.opened
    np.testing.assert_array_equal(laid[opened == 0], photo[opened == 0])
    np.testing.assert_array_equal(photo, kept)
    assert (opened[hair_of(seed) >= 3] == 255).all()


@few
@given(seeds, st.floats(-60, 60))
def test_whatever_the_tint_of_what_was_painted_it_meets_the_photo(seed, tint):
    photo, alpha = slope_of(), hair_of(seed)
    hidden = np.where(alpha[..., None] > 0, np.uint8(7), photo)
    painted = crop(photo, REGION, 256, 256).astype(np.float32) + np.float32(tint)

    laid = lay_beneath(
        hidden, hole_of(alpha, None, UNIT), np.clip(painted, 0, 255).astype(np.uint8), REGION, NONE
    )

    off = np.abs(laid.astype(int) - photo)
    assert off.max() <= 20
    assert off.mean() < 0.3


def test_what_was_painted_is_shown_below_the_chin_and_a_wall_goes_on_above_it():
    photo, alpha = slope_of(), hair_of()
    marked = photo.copy()
    y, x = (int(v.mean()) for v in np.nonzero(alpha > 200))
    cv2.circle(marked, (x, y), 25, (250, 10, 10), -1)

    painted, hole = crop(marked, REGION, 256, 256), hole_of(alpha, None, UNIT)
    laid = lay_beneath(photo, hole, painted, REGION, NONE.moved(0, -400))
    above = lay_beneath(photo, hole, painted, REGION, NONE.moved(0, 400))

    np.testing.assert_allclose(laid[y, x], (250, 10, 10), atol=6)
    np.testing.assert_allclose(above[y, x], photo[y, x], atol=6)


def test_beyond_the_crop_the_surroundings_go_on():
    photo, alpha = slope_of(0, 0), np.zeros((500, 600), np.uint8)
    cv2.ellipse(alpha, (300, 400), (60, 95), 0, 0, 360, 255, -1)
    hidden = np.where(alpha[..., None] > 0, np.uint8(7), photo)
    region = Region(300, 200, 300, 300)

    laid = lay_beneath(
        hidden, hole_of(alpha, None, UNIT), crop(photo, region, 256, 256), region, HEAD
    )

    assert np.abs(laid.astype(int) - photo).max() <= 3


@pytest.mark.parametrize("sigma", [0.0, 2.0, 4.0])
def test_the_photo_s_noise_goes_on_in_the_hole(sigma):
    rng, alpha = np.random.default_rng(0), hair_of()
    noise = rng.normal(0, sigma, (500, 600, 1))
    photo = np.clip(np.rint(120 + noise + np.zeros(3)), 0, 255).astype(np.uint8)
    flat = np.full((256, 256, 3), 120, np.uint8)

    laid = lay_beneath(photo, hole_of(alpha, None, UNIT), flat, REGION, NONE)

    y, x = (int(v.mean()) for v in np.nonzero(alpha > 200))
    patch = laid[y - 20 : y + 20, x - 20 : x + 20, 1].astype(float)
    assert patch.std() == pytest.approx(sigma, rel=0.3, abs=0.6)


def test_hair_that_new_hair_hides_stays():
    alpha = hair_of()
    new = Strands(
        np.zeros((500, 600, 3), np.uint8),
        np.full((500, 600), 255, np.uint8),
        slice(0, 500),
        slice(0, 600),
    )

    assert hole_of(alpha, new, UNIT) is None
    assert hole_of(np.zeros_like(alpha), None, UNIT) is None


def test_the_network_sees_the_skull_where_its_crop_shows_the_head():
    angles = np.radians(np.linspace(0, 360, 53, endpoint=False))[:, None]
    round_it = np.hstack([np.cos(angles), np.sin(angles)]) * 80 + (310, 250)
    head = Head(round_it, np.array([310.0, 250.0]), np.array([UNIT, 0.0]))
    disk = np.zeros((500, 600, 3), np.uint8)
    cv2.circle(disk, (310, 250), 80, (255, 255, 255), -1)

    plane = skull_in_crop(head, REGION, 256)

    seen = crop(disk, REGION, 256, 256)[..., 0]
    middles = [np.average(np.argwhere(each > 99), 0) for each in (plane, seen)]
    np.testing.assert_allclose(*middles, atol=0.1)
    assert float(plane.sum()) == pytest.approx(float(seen.sum()), rel=0.03)


def worn():
    """Return a face before a wall, and the same under hair down to its brows, and the hair."""
    wall, skin = (60, 90, 160), (220, 175, 145)
    bare = np.full((500, 600, 3), wall, np.uint8)
    for outline in (HEAD.oval, HEAD.skull):
        cv2.fillPoly(bare, [np.rint(outline).astype(np.int32)], skin)
    hair = np.zeros(bare.shape[:2], np.uint8)
    cv2.ellipse(hair, (300, 190), (200, 170), 0, 0, 360, 255, -1)
    hair[250:] = 0
    return bare, np.where(hair[..., None] > 0, np.uint8((40, 30, 20)), bare), hair


def test_a_forehead_is_matched_to_the_face_and_not_to_the_wall():
    bare, photo, hair = worn()
    gray = bare.astype(np.float32) * 0.5 + 55
    painted = crop(np.rint(gray).astype(np.uint8), REGION, 256, 256)

    laid = lay_beneath(photo, hole_of(hair, None, UNIT), painted, REGION, HEAD)

    forehead = np.s_[170:240, 260:340]
    assert np.abs(laid[forehead].astype(int) - bare[forehead]).max() < 12


def test_painted_skin_of_another_tint_grows_into_the_face_s_own():
    bare, photo, hair = worn()
    tinted = bare.astype(np.int16)
    y = np.arange(500)[:, None, None]
    tinted += (np.clip((250 - y) / 40, 0, 1) * (0, 0, 25)).astype(np.int16)  # bluer farther up
    painted = crop(np.clip(tinted, 0, 255).astype(np.uint8), REGION, 256, 256)

    laid = lay_beneath(photo, hole_of(hair, None, UNIT), painted, REGION, HEAD)

    forehead = np.s_[150:215, 260:340]
    assert np.abs(laid[forehead].astype(int) - bare[forehead]).mean((0, 1)).max() < 8


def test_a_hand_beside_hair_does_not_color_the_wall_behind_it():
    bare, photo, hair = worn()
    painted = crop(bare, REGION, 256, 256)
    hand = np.zeros(hair.shape, bool)
    hand[20:230, 505:580] = True
    photo[hand] = (220, 175, 145)
    known = Wall(slice(0, 500), slice(0, 600), (hair == 0) & ~hand & (bare == bare[0, 0]).all(-1))
    hole = hole_of(hair, None, UNIT)

    with_it, without = (
        lay_beneath(photo, hole, painted, REGION, HEAD, wall) for wall in (known, None)
    )

    beside = np.s_[120:220, 450:485]
    off, before = (np.abs(laid[beside].astype(int) - bare[beside]) for laid in (with_it, without))
    assert off.mean() < 4
    assert before.mean() > 10


@few
@given(seeds)
def test_the_network_sees_the_hole_where_its_crop_shows_the_hair(seed):
    alpha = hair_of(seed)
    hole = hole_of(alpha, None, UNIT)

    plane = hole_in_crop(hole, REGION, 256)

    seen = crop(np.repeat(alpha[..., None], 3, -1), REGION, 256, 256)[..., 0]
    assert set(np.unique(plane)) <= {0, 255}
    assert (plane[seen > 3] == 255).all()
    assert np.count_nonzero(plane) < 2 * np.count_nonzero(seen)
