"""Lays another face into a photo at the photo's own size, and leaves all else to the bit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np

from limner_registry.face_template import inverse
from limner_server.imaging.aligning import chained, scale_of, shown_box
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.aligning import Matrix
    from limner_server.imaging.arrays import Floats, Photo, Plane

FEATHER: Final = 0.02
"""Of a crop's side, from where it ends, or the converted photo does, until a face counts fully."""

AVERAGED: Final = 1.05
"""Pixels skipped from which they are averaged instead."""

REACH: Final = 3
"""Pixels around a piece that reading between pixels may need."""

BORDER: Final = 0.05
"""Of a crop's side: how far around either face a blended picture is followed."""

_COMPILED_FOR: Final[tuple[Literal["C", "W"], ...]] = ("C", "W")
"""Arrays that can be read alone, as answers and raw photos are, would be compiled for anew."""

UNCHANGED: Final = np.eye(3, 4, dtype=np.float32).reshape(1, 1, 12)
"""The color map, three rows of four, that leaves colors as they are."""


@dataclass(frozen=True, eq=False)
class Place:
    """An aligned photo."""

    photo: Photo
    """HxWx3 uint8, sRGB."""
    matrix: Matrix
    """The similarity from its pixels to the crop's."""


@dataclass(frozen=True, eq=False)
class Overlay:
    """What is to become of an aligned crop; what face and ring leave is the original's."""

    face: Floats
    """SxS in [0, 1], share of the converted photo's own pixels under the color maps."""
    ring: Floats
    """SxS in [0, 1], share of the picture."""
    picture: Floats
    """SxSx3 sRGB in [0, 1]."""
    colors: Floats
    """nxnx12, affine maps of sRGB in [0, 1], three rows of four, spread evenly over the crop."""


def blended(picture: Floats, face: Floats, original_face: Floats) -> Overlay:
    """Return the overlay that shows a picture on either face, and what it changes around them.

    The photo that its face comes from is the picture itself.

    Args:
        picture: SxSx3 sRGB in [0, 1].
        face: SxS in [0, 1], share of face in the converted crop.
        original_face: SxS in [0, 1].
    """
    size = picture.shape[0]
    either = np.maximum(face, original_face)
    reach = max(1, round(BORDER * size))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    around = cv2.dilate(np.where(either > 0.5, np.float32(1), np.float32(0)), kernel)
    ring = np.maximum(cv2.blur(around, (reach, reach)) - either, 0)
    return Overlay(either, np.asarray(ring, np.float32), picture, UNCHANGED)


def compose(
    original: Place, crop: Photo, converted: Place, overlay: Overlay
) -> tuple[Photo, Plane]:
    """Return a photo with another's face, and how much of each pixel is not its own.

    The face's pixels are the converted photo's own, brought over once: between pixels by a cubic,
    averaged by area where it has more of them. A ring adds only what its picture has other than
    the crop, so what the crop was too small to hold stays. Only pixels of the crop are touched.

    Args:
        original: The photo to lay into.
        crop: Its aligned crop as the networks saw it, SxSx3 uint8.
        converted: The photo to take from.
        overlay: What becomes of the crop.

    Returns:
        HxWx3 uint8, sRGB, and HxW uint8 of 255. Where the latter is 0 no bit has changed.

    Source: for a ring, the difference that is pasted back: x + s * W(y - x_crop), so that a
        network that changes nothing changes nothing.
    """
    from limner_server.imaging.composing_loops import compose_rows  # noqa: PLC0415, see its warm

    size = crop.shape[0]
    photo, mask = original.photo.copy(), np.zeros(original.photo.shape[:2], np.uint8)
    added = overlay.picture * np.float32(255) - crop
    planes = _averaged(np.dstack((overlay.face, overlay.ring, added)), scale_of(original.matrix))
    piece, to_piece, bounds = _taken(original, converted, size)
    maps = np.array([original.matrix, to_piece])
    dense = scale_of(to_piece) / scale_of(original.matrix)
    rims = np.array([size, FEATHER * size, *bounds, dense], np.float64)
    top, bottom, left, right = shown_box(original.matrix, (size, size), photo.shape)
    colors = np.require(overlay.colors, np.float32, _COMPILED_FOR)

    def compose_strip(rows: slice) -> None:
        corner = (rows.start, left, right)
        compose_rows(photo[rows], mask[rows], corner, (planes, colors), piece, maps, rims)

    if top < bottom and left < right:
        each_strip(top, bottom, compose_strip)
    return photo, mask


def _averaged(planes: Floats, skip: float) -> Floats:
    """Return planes of a crop, with fewer pixels where a photo's are larger than the crop's."""
    planes = np.ascontiguousarray(planes, np.float32)
    if skip <= AVERAGED:
        return planes
    side = max(1, round(planes.shape[0] / skip))
    shares, added = planes[..., :2].copy(), planes[..., 2:].copy()
    small = [
        cv2.resize(each, (side, side), interpolation=cv2.INTER_AREA) for each in (shares, added)
    ]
    return np.ascontiguousarray(np.dstack(small), np.float32)


def _taken(
    original: Place, converted: Place, size: int
) -> tuple[Photo, Matrix, tuple[float, float, float, float]]:
    """Return the part of the converted photo that a crop shows, about as fine as the original.

    And the map from the original's pixels to its own, and the photo's left, top, right and bottom
    edges in it.
    """
    matrix = chained(original.matrix, inverse(converted.matrix))
    height, width, _ = converted.photo.shape
    top, bottom, left, right = shown_box(converted.matrix, (size, size), converted.photo.shape)
    left, top = (min(max(at - REACH, 0), end - 1) for at, end in ((left, width), (top, height)))
    right, bottom = (
        min(max(right + REACH, left + 1), width),
        min(max(bottom + REACH, top + 1), height),
    )
    piece = np.require(converted.photo[top:bottom, left:right], requirements=_COMPILED_FOR)
    skip = scale_of(matrix)
    wide = high = 1.0
    if skip > AVERAGED:
        sides = tuple(max(1, round(side / skip)) for side in (right - left, bottom - top))
        wide, high = sides[0] / (right - left), sides[1] / (bottom - top)
        piece = np.asarray(cv2.resize(piece, sides, interpolation=cv2.INTER_AREA), np.uint8)
    # an edge lies half a pixel beyond the middle of the last one, whatever a pixel's size
    shift = np.array([[wide, 0, (0.5 - left) * wide - 0.5], [0, high, (0.5 - top) * high - 0.5]])
    bounds = (
        -left * wide - 0.5,
        -top * high - 0.5,
        (width - left) * wide - 0.5,
        (height - top) * high - 0.5,
    )
    return piece, chained(matrix, shift), bounds
