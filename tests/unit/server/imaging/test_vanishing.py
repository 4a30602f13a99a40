"""Heads that vanish: what is around them goes on, and all else keeps its bits."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner_server.imaging.vanishing import vanished
from limner_server.imaging.wall import Wall
from tests.unit.server.imaging.heads import mesh_of

few = settings(max_examples=8, deadline=None)
UNIT = 12.0
MIDDLE = (300, 260)
MESH = mesh_of((0, 0, 0), UNIT, MIDDLE)
BOX = slice(60, 420), slice(120, 480)
ALL = slice(0, 500), slice(0, 600)


def hair_around(fewer=1):
    """Return a mop of hair over BOX, at its size or at fewer pixels, and the same over a photo."""
    plane = np.zeros((500, 600), np.uint8)
    cv2.ellipse(plane, (300, 220), (130, 120), 0, 0, 360, 1, -1)
    part = cv2.resize(plane[BOX], None, fx=1 / fewer, fy=1 / fewer, interpolation=cv2.INTER_AREA)
    return part > 0, plane > 0


@few
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 3]))
def test_beyond_the_head_no_bit_changes(seed, fewer):
    photo = np.random.default_rng(seed).integers(0, 256, (500, 600, 3), np.uint8)
    kept = photo.copy()
    part, hair = hair_around(fewer)

    bare, gone = vanished(photo, part, BOX, MESH)

    np.testing.assert_array_equal(bare[gone == 0], photo[gone == 0])
    np.testing.assert_array_equal(photo, kept)
    assert (gone[hair] == 255).all()
    assert 0.1 < (gone > 0).mean() < 0.4


@pytest.mark.parametrize("scale", [1, 3])
def test_what_is_around_goes_on_over_head_and_hair(scale):
    y, x = np.mgrid[:500, :600]
    wall = np.stack([40 + 0.2 * x, 60 + 0.1 * y, 90 + 0 * x], -1).astype(np.uint8)
    photo = wall.copy()
    part, hair = hair_around()
    photo[hair] = (10, 5, 0)
    cv2.circle(photo, MIDDLE, 70, (200, 150, 120), -1)
    photo, wall = (
        cv2.resize(one, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
        for one in (photo, wall)
    )
    box = tuple(slice(scale * span.start, scale * span.stop) for span in BOX)

    bare, gone = vanished(photo, part, box, MESH * np.float32(scale))

    off = np.abs(bare.astype(int) - wall)[gone == 255]
    assert off.max() < 12
    assert off.mean() < 4


def test_what_goes_on_above_the_chin_is_the_wall_and_nobody_s_hand():
    photo = np.full((500, 600, 3), (60, 90, 160), np.uint8)
    part, hair = hair_around()
    photo[hair] = (10, 5, 0)
    hand = np.zeros(hair.shape, bool)
    hand[80:300, 440:520] = True
    hand &= ~hair
    photo[hand] = (220, 175, 145)
    known = Wall(slice(0, 500), slice(0, 600), ~(hand | hair))

    bare, gone = vanished(photo, part, BOX, MESH, known)
    before, _ = vanished(photo, part, BOX, MESH)

    above = (gone == 255) & (np.arange(500) < MESH[:, 1].max() - 2 * UNIT)[:, None]
    off, more = (np.abs(laid.astype(int) - (60, 90, 160))[above] for laid in (bare, before))
    assert off.max() < 6
    assert more.max() > 40
    np.testing.assert_array_equal(bare[gone == 0], photo[gone == 0])


def test_what_hangs_far_below_the_chin_stays():
    photo = np.random.default_rng(5).integers(0, 256, (500, 600, 3), np.uint8)
    long = np.zeros((500, 600), bool)
    long[150:480, 180:420] = True

    bare, gone = vanished(photo, long, ALL, MESH)

    chin = MESH[:, 1].max()
    rows = np.arange(500)
    assert (gone[(rows < chin + UNIT) & (rows > 160)][:, 200:400] == 255).all()
    assert not gone[rows > chin + 5.5 * UNIT].any()
    np.testing.assert_array_equal(bare[gone == 0], photo[gone == 0])
    falling = gone[round(chin) : 460, 300].astype(int)
    assert (np.diff(falling) <= 0).all()


def test_a_head_beyond_the_photo_leaves_it_as_it_is():
    photo = np.full((500, 600, 3), 90, np.uint8)
    far = MESH + np.array([3000, 0, 0], np.float32)

    bare, gone = vanished(photo, np.zeros((500, 600), bool), ALL, far)

    np.testing.assert_array_equal(bare, photo)
    assert not gone.any()
