"""What lies in the shade between hair and a face goes with the hair."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from limner_registry.color import srgb_to_lab
from limner_server.imaging.skull import head_of
from limner_server.imaging.wig import wig_of
from tests.unit.server.imaging.heads import mesh_of

SKIN, BROWN, WALL = (220, 170, 140), (110, 75, 45), (150, 150, 150)
UNIT = 20.0


def worn(gap, roll=0.0):
    """Return a photo of hair that hangs beside a face, its share, and the face's mesh.

    Between hair and face lies what has the color `gap`.
    """
    middle = (300.0, 250.0)
    mesh = mesh_of((0, 0, 0), UNIT, middle)
    photo = np.full((560, 600, 3), WALL, np.uint8)
    hair = np.zeros(photo.shape[:2], np.uint8)
    cv2.ellipse(hair, (300, 240), (215, 230), 0, 0, 360, 255, -1)
    cv2.ellipse(hair, (300, 290), (165, 200), 0, 0, 360, 0, -1)
    hair[440:] = 0
    inside = np.zeros_like(hair)
    cv2.ellipse(inside, (300, 290), (165, 200), 0, 0, 360, 255, -1)
    photo[inside > 0] = gap
    cv2.fillPoly(photo, [np.rint(head_of(mesh).oval).astype(np.int32)], SKIN)
    photo[hair > 0] = BROWN
    if roll:
        turn = cv2.getRotationMatrix2D(middle, np.degrees(-roll), 1)
        photo = cv2.warpAffine(photo, turn, (600, 560), borderValue=WALL)
        hair = cv2.warpAffine(hair, turn, (600, 560))
        mesh = mesh_of((0, 0, roll), UNIT, middle)
    return photo, hair, mesh


def shares(photo, hair, mesh):
    """Return the wig's share in the photo, and its colors there."""
    wig = wig_of(photo, hair, photo, mesh)
    share, colors = np.zeros_like(hair), photo.copy()
    box = wig.strands.rows, wig.strands.columns
    share[box], colors[box] = wig.strands.alpha, wig.strands.colors
    return share, colors


def beside(mesh, units):
    """Return the pixels so many units beside the face, on either side, at the eyes' height."""
    head = head_of(mesh)
    eyes = head.still.mean(0)
    across = max(abs((head.oval - eyes) @ head.right)) / UNIT
    step = (across + units * UNIT) / UNIT
    places = [eyes + side * step * head.right for side in (-1, 1)]
    return tuple(np.rint(places).astype(int).T[::-1])


@pytest.mark.parametrize("roll", [0.0, 0.3])
def test_what_lies_in_the_shade_of_hair_becomes_hair_up_to_the_face(roll):
    photo, hair, mesh = worn((40, 30, 26), roll)
    gap = beside(mesh, 0.5)
    assert (hair[gap] == 0).all()

    share, colors = shares(photo, hair, mesh)

    assert (share[gap] > 240).all()
    assert share[tuple(np.rint(head_of(mesh).still.mean(0)).astype(int)[::-1])] == 0
    lightness, hairs = (srgb_to_lab(some)[..., 0] for some in (colors[gap], np.uint8(BROWN)))
    assert (lightness < 0.9 * hairs).all()
    assert (lightness > 0.3 * hairs).all()


def test_an_ear_that_hair_leaves_in_the_light_stays_bare():
    photo, hair, mesh = worn(SKIN)

    share, _ = shares(photo, hair, mesh)

    assert (share[beside(mesh, 0.5)] == 0).all()


def test_shade_that_no_hair_encloses_is_none_of_its_own():
    photo, hair, mesh = worn((40, 30, 26))
    short = hair.copy()
    short[220:] = 0

    share, _ = shares(np.where((hair > short)[..., None], np.uint8(WALL), photo), short, mesh)

    assert (share[beside(mesh, 0.5)] == 0).all()


def test_no_inner_side_is_a_black_hole():
    photo, hair, mesh = worn((0, 0, 0))
    deep = photo.copy()
    deep[330:420][hair[330:420] > 0] = (2, 1, 1)

    _, colors = shares(deep, hair, mesh)

    lightness = srgb_to_lab(colors)[..., 0]
    middle = srgb_to_lab(np.uint8(BROWN))[..., 0]
    assert np.median(lightness[330:420][hair[330:420] > 0]) > 0.3 * middle
    core = cv2.erode(hair, np.ones((25, 25), np.uint8))[:200] > 0
    assert (colors[:200][core] == np.uint8(BROWN)).all()
