from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.face_shape import CHIN, TOP
from limner_server.imaging.geometry import Region
from limner_server.imaging.hairstyle import CELLS, LOOK, covered, hairstyle, looked_at, within
from limner_server.imaging.mesh import FACE_OVAL

PHOTO = 512
REGION = Region(PHOTO / 2, PHOTO / 2, PHOTO, PHOTO)
MIDDLE, HALF, CROWN, JAW_END = 256, 40, 180, 290
"""The face in the photo: its middle column, half its width, where it begins and ends."""


def face_points():
    """Return a mesh of which only the outline lies anywhere: an ellipse."""
    points = np.zeros((478, 3), np.float32)
    turns = np.linspace(0, 2 * np.pi, len(FACE_OVAL), endpoint=False)
    tall = (JAW_END - CROWN) / 2
    points[list(FACE_OVAL), 0] = MIDDLE + HALF * np.sin(turns)
    points[list(FACE_OVAL), 1] = CROWN + tall - tall * np.cos(turns)
    points[TOP, :2], points[CHIN, :2] = (MIDDLE, CROWN), (MIDDLE, JAW_END)
    return points


def hair_to(row, *, fringe=False, wide=30):
    """Return where hair is that falls down beside the face to a row of the photo."""
    plane = np.zeros((PHOTO, PHOTO), np.float32)
    plane[150:row, MIDDLE - HALF - wide : MIDDLE + HALF + wide] = 1
    plane[CROWN:, MIDDLE - HALF : MIDDLE + HALF] = 0
    if fringe:
        plane[CROWN:210, MIDDLE - HALF : MIDDLE + HALF] = 1
    return plane


def seen(plane, photo=None, region=REGION):
    photo = np.zeros((PHOTO, PHOTO, 3), np.uint8) if photo is None else photo
    look = looked_at(region, plane, slice(0, PHOTO), slice(0, PHOTO))
    return hairstyle(photo, look, face_points(), region)


@pytest.mark.parametrize(("row", "length"), [(230, "short"), (290, "medium"), (350, "long")])
def test_length_is_how_far_hair_falls_below_the_chin(row, length):
    style = seen(hair_to(row))
    assert style.length == length
    assert style.reach == pytest.approx((row - JAW_END) / (JAW_END - CROWN), abs=0.03)


@given(st.integers(200, 480), st.integers(0, 30))
def test_longer_hair_never_reaches_less_far(row, more):
    assert seen(hair_to(row + more)).reach >= seen(hair_to(row)).reach


def test_a_fringe_is_seen_and_wide_hair_is_full():
    assert seen(hair_to(290)).fringe == 0
    assert seen(hair_to(290, fringe=True)).fringe > 0.5
    assert seen(hair_to(290, wide=60)).fullness > seen(hair_to(290)).fullness + 0.5


def strands(bend):
    """Return fine vertical strands that swing aside by `bend` pixels as they fall."""
    rows, columns = np.mgrid[0:PHOTO, 0:PHOTO].astype(np.float32)
    swung = columns + bend * np.sin(rows / 9 + np.sin(columns / 40))
    light = 110 + 80 * np.sin(swung / 2)
    return np.repeat(light[..., None], 3, -1).astype(np.uint8)


def test_strands_that_swing_are_less_in_order():
    orders = [seen(hair_to(400), strands(bend)).order for bend in (0, 4, 10)]
    assert orders == sorted(orders, reverse=True)
    assert seen(hair_to(400), strands(0)).texture == "straight"
    assert seen(hair_to(400), strands(10)).texture == "curly"
    assert seen(hair_to(230), strands(10)).texture is None


def test_a_look_is_the_photo_s_own_map_brought_to_the_square():
    plane = cv2.GaussianBlur(hair_to(300), (0, 0), 3)
    turned = Region(280, 240, 300, 300, 0.3)
    look = looked_at(turned, plane, slice(0, PHOTO), slice(0, PHOTO))
    part = looked_at(turned, plane[100:400, 120:420], slice(100, 400), slice(120, 420))
    marks = within(np.array([[250, 160], [200, 250], [256, 230]], np.float32), turned)
    for (x, y), value in zip(np.rint(marks).astype(int), (1, 1, 0), strict=True):
        assert look[y, x] == pytest.approx(value, abs=0.05)
    np.testing.assert_allclose(part, look, atol=1e-5)


rows = st.lists(st.integers(0, (1 << CELLS) - 1), min_size=CELLS, max_size=CELLS).map(tuple)


@given(rows, rows)
def test_more_hair_never_covers_less(mine, other):
    more = tuple(one | two for one, two in zip(mine, other, strict=True))
    assert 0 <= covered(mine, other) <= covered(mine, more) == 1
    assert covered(mine, other, mirrored=True) == covered(
        tuple(int(f"{row:0{CELLS}b}"[::-1], 2) for row in mine), other
    )


def test_the_outline_is_the_hair_s():
    outline = seen(hair_to(400)).outline
    cells = np.array([[int(bit) for bit in f"{row:0{CELLS}b}"] for row in outline])
    whole = cv2.resize(cells.astype(np.float32), (LOOK, LOOK), interpolation=cv2.INTER_NEAREST)
    look = looked_at(REGION, hair_to(400), slice(0, PHOTO), slice(0, PHOTO))
    assert np.mean((whole > 0.5) == (look > 0.5)) > 0.96
