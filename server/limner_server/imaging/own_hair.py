"""A head's hair, cleared of what matting mistakes for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.face_parts import BROWS_AND_EYES, filled, grown, shrunk
from limner_server.imaging.geometry import around
from limner_server.imaging.skull import head_of

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Plane, Points
    from limner_server.imaging.skull import Head

FIRM: Final = 64
"""The least alpha, of 255, by which pieces of hair hang together."""

ROOTS: Final = 1.0
"""Units of a head around its skull within which hair that is its own has its roots."""

SOFT: Final = 0.8
"""Units around a piece of hair within which its soft edge lies."""

BROW: Final = 0.65
"""Units: half of what a brow, or the lashes, are at most wide."""

ZONE: Final = 0.5
"""Units around brows and eyes within which they are looked for."""

EDGE: Final = 0.15
"""Units: the Gaussian's sigma by which what is taken away ends softly."""

SOFTENED: Final = 0.15
"""Units: the Gaussian's sigma by which hair's edge is smoothed before its own face."""

REACH: Final = (2.0, 3.5)
"""Units from a face's outline up to which all of it is, and from which none is."""

VEIL: Final = (0.15, 0.85)
"""Shares of hair there that become none and all: less is skin that looks like hair."""


def cleared(alpha: Plane, landmarks: Points) -> Plane:
    """Return a head's hair without brows and lashes, and without pieces that grow elsewhere.

    Args:
        alpha: HxW uint8, the hair's share.
        landmarks: 478x3 float32, pixels of the alpha.

    Returns:
        HxW uint8, nowhere more; pieces stay where none of them reaches the skull.
    """
    held = alpha > 0
    if not held.any():
        return alpha
    rows, columns = (
        slice(span.start, min(span.stop, extent))
        for span, extent in zip(around(held, 1), alpha.shape, strict=True)
    )
    head = head_of(landmarks)
    result = alpha.copy()
    result[rows, columns] = _rooted(alpha[rows, columns], head.moved(-columns.start, -rows.start))
    for brow in BROWS_AND_EYES:
        _clear_brow(result, landmarks[list(brow), :2], head.unit)
    return result


def _rooted(alpha: Plane, head: Head) -> Plane:
    """Return the pieces of hair that reach a head's skull, with their soft edges."""
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


def _clear_brow(alpha: Plane, brow: Points, unit: float) -> None:
    """Take from an alpha, in place, what is as thin as a brow where a brow and an eye are."""
    reach = (BROW + ZONE) * unit
    low = np.maximum(np.floor(brow.min(0) - reach), 0).astype(int)
    end = np.minimum(np.ceil(brow.max(0) + reach) + 1, alpha.shape[::-1]).astype(int)
    if (low >= end).any():
        return
    rows, columns = slice(int(low[1]), int(end[1])), slice(int(low[0]), int(end[0]))
    part = alpha[rows, columns]
    firm = np.where(part >= FIRM, np.uint8(255), np.uint8(0))
    thick = grown(shrunk(firm, BROW * unit), (BROW + EDGE) * unit)
    outline = np.asarray(cv2.convexHull(brow.astype(np.float32))[:, 0])
    zone = grown(filled(outline, rows, columns), ZONE * unit)
    thin = np.where(thick > 0, np.uint8(0), zone)
    left = 1 - cv2.GaussianBlur(thin, (0, 0), EDGE * unit).astype(np.float32) / 255
    part[:] = np.rint(part * left).astype(np.uint8)


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
