"""A head as hair sits on it: its face's points, and the outline of the skull behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.mesh import FACE_OVAL
from limner_server.imaging.pose import RIGID, SIDED, STILL, TEMPLATE, head_turn

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Plane, Points
    from limner_server.imaging.thin_plate import Places

MIDDLE: Final = np.array([0.0, -3.5, 7.2])
"""Of the ellipsoid that a skull is taken for, in the still face's axes and units (`pose`): about a
centimeter each, from between the eyes."""

RADII: Final = np.array([7.4, 8.3, 9.3])
"""Sideways, up and away: a head 15 cm broad, 19 long, its top 12 above the eyes."""

ANGLES: Final = np.radians(np.linspace(-105.0, 105.0, 17))
"""From straight up, clockwise: which way the outline faces where it is read."""

TOP: Final = 10
SIDES: Final = (127, 356)
"""Mesh points that tell how high and how broad a head is."""

STRETCH: Final = 1.15
"""The most that a skull is taken to be broader or higher than the usual one, or its inverse."""


THIN: Final = 0.5
"""Units of a head: the least that hair is taken to lie over its skull."""

LEAST: Final = 0.85
"""Share of its distance from the middle that an outline of a skull keeps, whatever its hair."""

HALF: Final = 127
"""Alpha of hair, of 255, above which it is seen."""

STEPS: Final = 48
"""Places along each way outwards that are looked at for hair."""

EVENED: Final = np.array((0.25, 0.5, 0.25))
"""By which neighbors the outline is evened: a parting is no dent."""


@dataclass(frozen=True, eq=False)
class Head:
    """A head in a photo, as far as hair is concerned."""

    points: Places
    """Nx2 float64, pixels: the face's oval, its still points, then the skull's outline from the
    image's left over the top to its right."""
    middle: Places
    """2: where the skull's is, in pixels."""
    right: Places
    """2: along the image's right if the head is upright; its length is `unit`."""

    @property
    def unit(self) -> float:
        """Pixels for a centimeter of a usual head."""
        return float(np.hypot(*self.right))

    @property
    def oval(self) -> Places:
        """The outline of the face."""
        return self.points[: len(FACE_OVAL)]

    @property
    def skull(self) -> Places:
        """The skull's outline, from the image's left over the top to its right."""
        return self.points[-len(ANGLES) :]

    @property
    def still(self) -> Places:
        """The points that neither speech nor a smile moves."""
        return self.points[len(FACE_OVAL) : len(FACE_OVAL) + len(RIGID)]

    def mirrored(self, width: int) -> Head:
        """Return the head in its photo's mirror image, of so many pixels across."""

        def flipped(points: Places) -> Places:
            across: Places = points * (-1.0, 1.0) + (width - 1.0, 0.0)
            return across

        return Head(flipped(self.points)[MIRROR], flipped(self.middle), self.right * (1.0, -1.0))

    def moved(self, x: float, y: float) -> Head:
        """Return the head as far to the right and down as said, in pixels."""
        shift = np.array([x, y])
        return Head(self.points + shift, self.middle + shift, self.right)


def head_of(landmarks: Points) -> Head:
    """Return the head under a mesh, its skull an ellipsoid that turns with the face.

    Args:
        landmarks: 468x3 or 478x3 float32, pixels; z on x's scale, smaller nearer the camera.
    """
    turn = head_turn(landmarks)
    seen = landmarks[:, :3].astype(np.float64)
    center = seen[list(RIGID)].mean(0)
    unit = float(((seen[list(RIGID)] - center) @ turn * TEMPLATE).sum() / (TEMPLATE**2).sum())
    own = (seen[[*SIDES, TOP]] - center) @ turn / unit + STILL.mean(0)
    usual = STILL[[RIGID.index(place) for place in (*SIDES, TOP)]]
    broad = (own[1, 0] - own[0, 0]) / (usual[1, 0] - usual[0, 0])
    stretch = np.clip((broad, own[2, 1] / usual[2, 1], broad), 1 / STRETCH, STRETCH)
    middle = (center + unit * turn @ (MIDDLE * stretch - STILL.mean(0)))[:2]
    down = turn[:2, 1] / np.hypot(*turn[:2, 1])
    right = np.array([down[1], -down[0]])
    outline = middle + _silhouette(unit * (turn * (RADII * stretch))[:2], right, -down)
    face = seen[[*FACE_OVAL, *RIGID], :2]
    return Head(np.concatenate([face, outline]), middle, unit * right)


def beneath_hair(head: Head, hair: Plane) -> Head:
    """Return a head whose skull lies within its own hair, wherever it has some.

    A face tells how large its skull is only about; where flat hair ends, the skull does too.

    Args:
        head: In pixels of the hair.
        hair: HxW uint8, the hair's share.
    """
    away = head.skull - head.middle
    usual = np.hypot(*away.T)
    farthest = 1 + THIN * head.unit / usual
    shares = LEAST + (farthest[:, None] - LEAST) * np.linspace(0, 1, STEPS)
    places = (head.middle + shares[..., None] * away[:, None]).astype(np.float32)
    across, down = cv2.split(places)
    seen = cv2.remap(hair, across, down, cv2.INTER_LINEAR, borderValue=(255,))  # who knows beyond
    reached = np.where(seen > HALF, shares, 0).max(1)
    kept = np.where(reached > 0, reached - THIN * head.unit / usual, 1.0).clip(LEAST, 1.0)
    evened = np.convolve(np.pad(kept, 1, "edge"), EVENED, "valid")
    points = head.points.copy()
    points[-len(ANGLES) :] = head.middle + np.minimum(evened, 1.0)[:, None] * away
    return replace(head, points=points)


def _silhouette(half: Places, right: Places, up: Places) -> Places:
    """Return the outline of an ellipsoid about its middle, where it faces ANGLES; Nx2.

    Args:
        half: 2x3, its half axes in the image.
        right: 2, of length 1, from which ANGLES turn away.
        up: 2, the same: where they begin.
    """
    facing = np.sin(ANGLES)[:, None] * right + np.cos(ANGLES)[:, None] * up
    spread = facing @ half @ half.T
    outline: Places = spread / np.sqrt((spread * facing).sum(1))[:, None]
    return outline


def _mirror() -> list[int]:
    """Return which point of a head lies where each does in the mirror image."""
    oval = [-place % len(FACE_OVAL) for place in range(len(FACE_OVAL))]
    partners = dict(SIDED) | {right: left for left, right in SIDED}
    still = [RIGID.index(partners.get(place, place)) for place in RIGID]
    skull = range(len(ANGLES) - 1, -1, -1)
    start = len(FACE_OVAL), len(FACE_OVAL) + len(RIGID)
    return [*oval, *(start[0] + n for n in still), *(start[1] + n for n in skull)]


MIRROR: Final = _mirror()
"""Place of each of a head's points in its mirror image."""
