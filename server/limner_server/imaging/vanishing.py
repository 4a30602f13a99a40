"""A head made to vanish, for another to take its place: what is around it goes on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.beneath import hole_of, laid_into
from limner_server.imaging.face_parts import grown
from limner_server.imaging.membrane import stretched_over
from limner_server.imaging.repainting import BESIDE, LEAST, below_chin, reduced, risen
from limner_server.imaging.skull import head_of

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Photo, Plane, Points
    from limner_server.imaging.beneath import Hole
    from limner_server.imaging.wall import Wall

REACH: Final = 1.0
"""Units of a head by which more than its hair vanishes: single hairs that no map shows."""

HANGS: Final = (2.0, 5.0)
"""Units below the chin from where on less of the hair vanishes, and where none does: what hangs
over clothes hides too much of them for anything to go on there."""

WORK_PX: Final = 192
"""Longest edge at which the surroundings go on: they do so smoothly."""


def vanished(
    photo: Photo,
    hair: Flags,
    box: tuple[slice, slice],
    landmarks: Points,
    wall: Wall | None = None,
) -> tuple[Photo, Plane]:
    """Return a photo in which what is around a head goes on where it and its hair were.

    Args:
        photo: HxWx3 uint8, sRGB.
        hair: hxw bool: the head's, over a part of the photo, which may have more pixels.
        box: The rows and the columns of that part.
        landmarks: 478x3 float32, pixels of the photo: the face's.
        wall: Where nobody is, in the photo; None where that is not known.

    Returns:
        HxWx3 uint8, and HxW uint8: how much of each pixel is not the photo's, of 255. Where that
        is 0 no bit has changed.
    """
    head = head_of(landmarks)
    outline = cv2.convexHull(np.concatenate([head.skull, head.oval]).astype(np.float32))
    skull = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillConvexPoly(skull, np.rint(outline).astype(np.int32), (255,))
    hidden, gone = skull.copy(), np.zeros_like(skull)
    part = hidden[box]
    large = cv2.resize(hair.view(np.uint8) * np.uint8(255), part.shape[::-1])
    np.maximum(part, np.where(large > 127, np.uint8(255), np.uint8(0)), out=part)
    hole = hole_of(hidden, None, head.unit, REACH)
    if hole is None:
        return photo, gone
    chin = head.oval[:, 1].max()
    hole = replace(hole, opened=_above(hole, chin))
    place = hole.rows, hole.columns
    own = grown(skull[place], BESIDE * head.unit) > 0
    gone[place] = hole.opened
    hole = replace(hole, hair=hole.hair | own)
    beneath = _surroundings(photo[place], hole, chin, wall)
    return laid_into(photo, hole, beneath), gone


def _above(hole: Hole, chin: float) -> Plane:
    """Return how much of a hole is opened, of 255, less and less below the chin."""
    below = below_chin(hole, chin, hole.opened.shape[0])
    share = np.clip((HANGS[1] - below) / (HANGS[1] - HANGS[0]), 0, 1)
    return np.asarray(np.rint(hole.opened * share), np.uint8)


def _surroundings(part: Photo, hole: Hole, chin: float, wall: Wall | None) -> Floats:
    """Return what is around a hole, going on over it, hxwx3 of 255 at a bounded size.

    Above the chin that is the wall alone: no shoulders, no hands, no neighbors.
    """
    seen, known = reduced(part, hole, min(1.0, WORK_PX / max(part.shape[:2])))
    if not known.any():
        return seen
    all_around = stretched_over(seen, known)
    if wall is None:
        return all_around
    rows, columns = known.shape
    bare = known & wall.over(hole.rows, hole.columns, (columns, rows))
    if np.count_nonzero(bare) < LEAST:
        return all_around
    share = risen(below_chin(hole, chin, rows))[..., None]
    return all_around + share * (stretched_over(seen, bare) - all_around)
