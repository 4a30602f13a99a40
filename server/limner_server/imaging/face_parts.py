"""Parts of a face that hair is kept off, or that are kept as they are: drawn from its mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.mesh import FACE_OVAL

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Plane, Points
    from limner_server.imaging.thin_plate import Places

EYES: Final = (33, 160, 159, 158, 133, 153, 145, 144, 263, 387, 386, 385, 362, 380, 374, 373)
"""Around both eyes."""

NOSE_AND_MOUTH: Final = (129, 358, 2, 61, 291, 0, 17)
"""The nose's wings and foot, the corners of the mouth and the lips' middles."""

BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
"""Along the upper edges of both brows, from the image's left."""

BROWS_AND_EYES: Final = (
    (*(70, 63, 105, 66, 107, 46, 53, 52, 65, 55), *EYES[:8]),
    (*(336, 296, 334, 293, 300, 285, 295, 282, 283, 276), *EYES[8:]),
)
"""Around the brow and the eye at the image's left, and those at its right."""

BELOW_BROWS: Final = (*FACE_OVAL[7:30], *BROWS)
"""The face without its forehead: from one temple along the jaw to the other, and back."""

SHIFT: Final = 4
"""Bits of a pixel in which OpenCV draws."""


def center_of(landmarks: Points, rows: slice, columns: slice) -> Plane:
    """Return 255 where eyes, nose and mouth are, and what lies between them; else 0.

    Args:
        landmarks: 468x3 or 478x3 float32, pixels of the photo.
        rows: Of the photo; the result's.
        columns: Of the photo; the result's.
    """
    points = landmarks[[*EYES, *NOSE_AND_MOUTH], :2].astype(np.float32)
    return filled(cv2.convexHull(points)[:, 0], rows, columns)  # type: ignore[arg-type]


def below_brows(landmarks: Points, rows: slice, columns: slice) -> Plane:
    """Return 255 where a face is without its forehead, else 0; see `center_of`."""
    return filled(landmarks[list(BELOW_BROWS), :2], rows, columns)


def filled(polygon: Points | Places, rows: slice, columns: slice) -> Plane:
    """Return 255 inside a polygon, else 0, over a part of a photo.

    Args:
        polygon: Nx2, pixels of the photo.
        rows: Of the photo; the result's.
        columns: Of the photo; the result's.
    """
    plane = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
    own = (polygon[:, :2] - (columns.start, rows.start)) * (1 << SHIFT)
    cv2.fillPoly(plane, [np.rint(own).astype(np.int32)], (255,), shift=SHIFT)
    return plane


def shrunk(part: Plane, radius: float) -> Plane:
    """Return a mask without what lies within a radius of its edge, in pixels.

    The border of the image is no edge: what it cuts goes on beyond.
    """
    return np.where(_distance(part) > radius, part, np.uint8(0))


def grown(part: Plane, radius: float) -> Plane:
    """Return a mask, 255 with all that lies within a radius of it, in pixels."""
    near: Plane = np.where(_distance(np.bitwise_not(part)) <= radius, np.uint8(255), np.uint8(0))
    return near if part.any() else part


def _distance(part: Plane) -> Floats:
    """Return how far each pixel of a mask is from what is not in it, HxW float32."""
    return cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_5)  # type: ignore[return-value]
