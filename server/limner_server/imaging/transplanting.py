"""Lays hair on a head, as far as it may go, with the shadow that it casts on the forehead."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.face_parts import below_brows, center_of, filled, shrunk
from limner_server.imaging.geometry import around
from limner_server.imaging.mesh import oval
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo, Plane, Points
    from limner_server.imaging.fitting import Strands
    from limner_server.imaging.skull import Head

FADE: Final = 0.8
"""Units of a head over which hair fades out towards eyes, nose and mouth."""

SHADOW: Final = 0.22
"""Share of light that hair takes from the forehead right beneath it."""

SOFT: Final = 0.45
"""Units: the Gaussian's sigma of its shadow."""

DOWN: Final = 0.45
"""Units that the shadow falls by, down the face."""

KEPT: Final = 0.5
"""Units from the edge of the face, below its brows, from which on its pixels are its own."""

RAMP: Final = 1.0
"""Units from there over which a shadow grows."""

EDGE: Final = 0.3
"""Units: the Gaussian's sigma by which shadows end softly at the face's outline."""

TINT: Final = np.array((0.85, 1.0, 1.08), np.float32)
"""How much of the shadow R, G and B get: skin's is warm."""


@dataclass(frozen=True, eq=False)
class Transplant:
    """A photo with other hair."""

    photo: Photo
    mask: Plane
    """HxW uint8: 255 where it may differ from the original; 0 where no bit has changed."""
    alpha: Plane
    """HxW uint8: the new hair's share."""


def kept_off_face(strands: Strands, landmarks: Points, unit: float) -> Strands:
    """Return hair that fades out towards eyes, nose and mouth.

    Args:
        strands: The hair, in the photo of the face.
        landmarks: 478x3 float32, pixels of that photo.
        unit: Pixels for a centimeter of the head.
    """
    center = center_of(landmarks, strands.rows, strands.columns)
    if not center.any():
        return strands
    away = cv2.distanceTransform(cv2.bitwise_not(center), cv2.DIST_L2, cv2.DIST_MASK_5)
    rise = np.clip(away / (FADE * unit), 0, 1)
    alpha = np.rint(strands.alpha * (rise * rise * (3 - 2 * rise))).astype(np.uint8)
    return replace(strands, alpha=alpha)


def transplant(
    photo: Photo, beneath: Photo, strands: Strands | None, landmarks: Points, head: Head
) -> Transplant:
    """Return a photo with hair laid on.

    Args:
        photo: HxWx3 uint8, sRGB: the original.
        beneath: HxWx3 uint8: the same without its own hair, as far as that is to go.
        strands: The new hair, lit and kept off the face; None where none lies in the photo.
        landmarks: 478x3 float32, pixels of the photo.
        head: That it goes on.
    """
    result, alpha = beneath.copy(), np.zeros(photo.shape[:2], np.uint8)
    if strands is not None:
        alpha[strands.rows, strands.columns] = strands.alpha
        _cast_shadow(result, strands, landmarks, head)
        part = result[strands.rows, strands.columns]

        def lay(rows: slice) -> None:
            held = strands.alpha[rows] > 0
            share = strands.alpha[rows][held][:, None] / np.float32(255)
            under = part[rows][held]
            mixed = under + share * (strands.colors[rows][held] - under.astype(np.float32))
            part[rows][held] = np.rint(mixed).astype(np.uint8)

        each_strip(0, len(part), lay)
    changed = result != photo
    mask = np.where(changed[..., 0] | changed[..., 1] | changed[..., 2], np.uint8(255), np.uint8(0))
    return Transplant(result, mask, alpha)


def kept_face(landmarks: Points, rows: slice, columns: slice, unit: float) -> Plane:
    """Return 255 where a face keeps its own pixels unless hair lies on them, else 0."""
    return shrunk(below_brows(landmarks, rows, columns), KEPT * unit)


def _cast_shadow(photo: Photo, strands: Strands, landmarks: Points, head: Head) -> None:
    """Darken the forehead of a photo, in place, where hair is about to be laid right above."""
    reach = round((DOWN + 3 * SOFT) * head.unit)
    rows, columns = (
        slice(max(0, span.start - reach), min(extent, span.stop + reach))
        for span, extent in zip((strands.rows, strands.columns), photo.shape, strict=False)
    )
    skin = filled(oval(landmarks), rows, columns)
    if not skin.any():
        return
    down, across = around(skin > 0, 0)
    rows, columns = (
        slice(span.start + part.start, min(span.start + part.stop, span.stop))
        for span, part in ((rows, down), (columns, across))
    )
    kept = kept_face(landmarks, rows, columns, head.unit)
    shadow = _shadow(strands, (rows, columns), head)
    shadow *= np.clip(_distance_to(kept) / (RAMP * head.unit), 0, 1)
    skin = filled(oval(landmarks), rows, columns)
    shadow *= cv2.GaussianBlur(skin, (0, 0), EDGE * head.unit) * np.float32(SHADOW / 255)
    target = photo[rows, columns]

    def darken(some: slice) -> None:
        left = 1 - shadow[some][..., None] * TINT
        target[some] = np.rint(target[some] * left).astype(np.uint8)

    each_strip(0, len(target), darken)


def _shadow(strands: Strands, box: tuple[slice, slice], head: Head) -> Floats:
    """Return how much of a part of a photo lies in the shadow of hair, in [0, 1], float32."""
    height, width = (span.stop - span.start for span in box)
    right = head.right * DOWN
    shift = np.array(
        [
            [1, 0, strands.columns.start - box[1].start - right[1]],
            [0, 1, strands.rows.start - box[0].start + right[0]],
        ]
    )
    fallen = cv2.warpAffine(strands.alpha, shift, (width, height))
    soft = cv2.GaussianBlur(fallen, (0, 0), SOFT * head.unit)
    return soft.astype(np.float32) / 255


def _distance_to(part: Plane) -> Floats:
    """Return how far each pixel is from a mask, HxW float32."""
    if not part.any():
        return np.full(part.shape, np.inf, np.float32)
    return cv2.distanceTransform(cv2.bitwise_not(part), cv2.DIST_L2, cv2.DIST_MASK_5)  # type: ignore[return-value]
