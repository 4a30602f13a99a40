"""A head's hair, cleared of what matting mistakes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.face_parts import filled, grown

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Plane
    from limner_server.imaging.skull import Head

FIRM: Final = 64
"""The least alpha, of 255, by which pieces of hair hang together."""

ROOTS: Final = 1.0
"""Units of a head around its skull within which hair that is its own has its roots."""

SOFT: Final = 0.8
"""Units around a piece of hair within which its soft edge lies."""

SOFTENED: Final = 0.15
"""Units: the Gaussian's sigma by which hair's edge is smoothed before its own face."""

REACH: Final = (2.0, 3.5)
"""Units from a face's outline up to which all of it is, and from which none is."""

VEIL: Final = (0.15, 0.85)
"""Shares of hair there that become none and all: less is skin that looks like hair."""


def own_hair(alpha: Plane, head: Head) -> Plane:
    """Return hair without the pieces of it that grow on no skull, such as neighbors' hair.

    Args:
        alpha: hxw uint8, the hair's share.
        head: Whose hair it is, in pixels of the alpha.

    Returns:
        hxw uint8; all of the hair where none of it reaches the skull.
    """
    rows, columns = slice(0, alpha.shape[0]), slice(0, alpha.shape[1])
    roots = grown(filled(head.skull, rows, columns), ROOTS * head.unit)
    count, labels = cv2.connectedComponents((alpha >= FIRM).view(np.uint8), connectivity=8)
    own = np.zeros(count, np.bool_)
    own[labels[roots > 0]] = True
    own[0] = False
    if own[1:].all() or not own.any():
        return alpha
    near = grown(np.where(own[labels], np.uint8(255), np.uint8(0)), SOFT * head.unit)
    return np.where(near > 0, alpha, np.uint8(0))


def firm_before_face(alpha: Plane, head: Head) -> Plane:
    """Return hair with a smooth hairline, and no veil on the skin beneath it.

    Where skin is much like hair, matting finds both in each pixel, and unevenly. In another color,
    or on another head, that would show. Beside and beyond the head every strand stays.

    Args:
        alpha: hxw uint8, the hair's share.
        head: Whose hair it is, in pixels of the alpha.
    """
    face = filled(head.oval, slice(0, alpha.shape[0]), slice(0, alpha.shape[1]))
    if not face.any():
        return alpha
    away = cv2.distanceTransform(np.bitwise_not(face), cv2.DIST_L2, cv2.DIST_MASK_5) / head.unit
    near = np.clip((REACH[1] - away) / (REACH[1] - REACH[0]), 0, 1)
    soft = cv2.GaussianBlur(alpha, (0, 0), SOFTENED * head.unit) / np.float32(255)
    rise = np.clip((soft - VEIL[0]) / (VEIL[1] - VEIL[0]), 0, 1)
    firm = 255 * rise * rise * (3 - 2 * rise)
    result: Plane = np.rint(alpha + near * (firm - alpha)).astype(np.uint8)
    return result
