"""Brings hair from one head to another: by the heads' points, bent no more than they ask for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.face_template import inverse, mapped, similarity
from limner_server.imaging.aligning import scale_of
from limner_server.imaging.geometry import around, averaged
from limner_server.imaging.strips import each_strip
from limner_server.imaging.thin_plate import laid_out, spline_of

if TYPE_CHECKING:
    from limner_server.imaging.aligning import Matrix
    from limner_server.imaging.arrays import Floats, Photo, Plane
    from limner_server.imaging.skull import Head
    from limner_server.imaging.thin_plate import Lattice, Places

SMOOTHING: Final = 1e-3
"""Of the spline. Between 66 pairs of heads up to 30 degrees apart in yaw, outlines of faces and
skulls are met to 0.15 units in the mean, and nowhere does the plane fold, as it does at a fifth."""

RINGS: Final = (22.0, 40.0)
"""Units of a head from its middle: where hair is no longer bent, and long hair still hangs."""

ON_RING: Final = 12
"""Points on each."""

BULGE: Final = 1.5
"""How much farther than the points themselves what lies between them may be moved."""

AVERAGED: Final = 1.05
"""Pixels skipped from which they are averaged instead."""

MARGIN: Final = 3
"""Pixels beyond hair that a cubic between them may reach."""


@dataclass(frozen=True, eq=False)
class Strands:
    """Hair apart from all else: over a part of a photo, or taken off its own."""

    colors: Photo
    """hxwx3 uint8, sRGB of hair alone; where there is none, as that nearby."""
    alpha: Plane
    """hxw uint8, its share."""
    rows: slice
    """Of the photo."""
    columns: slice


def fit(strands: Strands, worn_by: Head, head: Head, extent: tuple[int, ...]) -> Strands | None:
    """Return hair as it sits on another head; None where none of it lies within the photo.

    A similarity of still points brings it there; the outlines of face and skull are then met by a
    thin-plate spline, which lets hair far from the head hang as it hung.

    Args:
        strands: The hair.
        worn_by: The head it comes from, in pixels of the photo that it comes from.
        head: The head it goes to.
        extent: Height and width of that one's photo.

    Returns:
        At the photo's size: read by a cubic where it has more pixels than the hair, averaged where
        it has fewer.
    """
    wearer = worn_by.moved(-strands.columns.start, -strands.rows.start)
    back = similarity(head.still, wearer.still)
    sources, targets = _pairs(head, wearer, back)
    bends = np.hypot(*(targets - mapped(sources, back)).T).max() / scale_of(back)
    box = _reached(strands.alpha.shape, back, BULGE * float(bends) + MARGIN, extent)
    if box is None:
        return None
    colors, alpha = _as_coarse(strands, scale_of(back))
    fewer = np.divide(alpha.shape[::-1], strands.alpha.shape[::-1])
    spline = spline_of(sources, (targets + 0.5) * fewer - 0.5, SMOOTHING)
    return _trimmed(_warped(colors, alpha, laid_out(spline, *box), box))


def _pairs(head: Head, wearer: Head, back: Matrix) -> tuple[Places, Places]:
    """Return points of a head, and around it, and where the hair's wearer has them.

    Noses and eyes are left out: hair lies on none, and turned a little they would fold it. Around
    the head hair hangs down however heads lean.
    """
    angles = np.arange(ON_RING) * (2 * math.pi / ON_RING)
    circle = np.stack([np.cos(angles), np.sin(angles)], 1) * head.unit
    rings = np.concatenate([radius * circle for radius in RINGS])
    upright = mapped(head.middle, back) + scale_of(back) * rings
    sources = np.concatenate([head.oval, head.skull, head.middle + rings])
    return sources, np.concatenate([wearer.oval, wearer.skull, upright])


def _reached(
    shape: tuple[int, ...], back: Matrix, margin: float, extent: tuple[int, ...]
) -> tuple[slice, slice] | None:
    """Return the rows and columns of a photo where hair may come to lie; None where none."""
    high, wide = shape
    corners = np.array([(0, 0), (wide, 0), (0, high), (wide, high)]) - 0.5
    onto = mapped(corners, inverse(back))
    low = np.maximum(np.floor(onto.min(0) - margin), 0).astype(int).tolist()
    end = np.minimum(np.ceil(onto.max(0) + margin) + 1, extent[1::-1]).astype(int).tolist()
    if low[0] >= end[0] or low[1] >= end[1]:
        return None
    return slice(low[1], end[1]), slice(low[0], end[0])


def _as_coarse(strands: Strands, skip: float) -> tuple[Photo, Plane]:
    """Return hair with about as few pixels as it is to have; colors count where hair is."""
    colors, alpha = strands.colors, strands.alpha
    if skip <= AVERAGED:
        return colors, alpha
    high, wide = alpha.shape
    size = max(1, round(wide / skip)), max(1, round(high / skip))
    weight = alpha[..., None].astype(np.float32) + 1
    laid = averaged(np.concatenate([colors * weight, weight], -1), *size)
    return np.rint(laid[..., :3] / laid[..., 3:]).astype(np.uint8), averaged(alpha, *size)


def _warped(colors: Photo, alpha: Plane, lattice: Lattice, box: tuple[slice, slice]) -> Strands:
    """Return hair read where a lattice says, by a cubic."""
    height, width = (span.stop - span.start for span in box)
    warped = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)

    def warp(rows: slice) -> None:
        places = lattice.rows(rows, width)
        warped[0][rows] = _read(colors, places, cv2.BORDER_REPLICATE)
        warped[1][rows] = _read(alpha, places, cv2.BORDER_CONSTANT)

    each_strip(0, height, warp)
    return Strands(*warped, *box)


def _read(image: Photo | Plane, places: Floats, border: int) -> Photo | Plane:
    across, down = cv2.split(places)
    return cv2.remap(image, across, down, cv2.INTER_CUBIC, borderMode=border)  # type: ignore[return-value]


def _trimmed(strands: Strands) -> Strands | None:
    """Return hair without the pixels around that hold none; None where none holds any."""
    held = strands.alpha > 0
    if not held.any():
        return None
    down, across = around(held, 0)
    rows, columns = (
        slice(span.start + part.start, span.start + part.stop)
        for span, part in ((strands.rows, down), (strands.columns, across))
    )
    own = np.ascontiguousarray(strands.colors[down, across])
    return Strands(own, np.ascontiguousarray(strands.alpha[down, across]), rows, columns)
