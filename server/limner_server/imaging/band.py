"""The unknown band of a trimap at a bounded size, and an alpha from there at the photo's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.geometry import around
from limner_server.imaging.guided import Guide, between
from limner_server.imaging.strips import each_strip
from limner_server.imaging.trimap import INSIDE, UNKNOWN, shrunk

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Matte, Photo, Plane

MARGIN_PX: Final = 32
"""Around the unknown pixels: what a network tells them by."""

RADIUS: Final = 2
EPSILON: Final = 1e-5
"""Of the linear model of color that lifts an alpha to the photo's size."""


@dataclass(frozen=True, eq=False)
class Band:
    """The part of a photo around what is unknown, no larger than asked for."""

    rows: slice
    """Of the photo."""
    columns: slice
    photo: Photo
    trimap: Plane
    scale: float
    """Size over the photo's, in (0, 1]."""


def band_of(photo: Photo, trimap: Plane, longest: int) -> Band:
    """Return the surroundings of what is unknown.

    Args:
        photo: HxWx3 uint8, sRGB.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN; UNKNOWN somewhere.
        longest: Edge in pixels that the part has at most.
    """
    height, width = trimap.shape
    rows, columns = (
        slice(span.start, min(span.stop, extent))
        for span, extent in zip(around(trimap == UNKNOWN, MARGIN_PX), (height, width), strict=True)
    )
    part, edges = photo[rows, columns], trimap[rows, columns]
    scale = min(1.0, longest / max(edges.shape))
    if scale < 1:
        part, edges = shrunk(part, edges, scale)
    return Band(rows, columns, part, edges, scale)


def lifted(photo: Photo, trimap: Plane, band: Band, alpha: Matte) -> Plane:
    """Return the alpha of a photo from that of its band.

    Where the band is smaller, its alpha follows the photo's colors by a local linear model.

    Args:
        photo: HxWx3 uint8, sRGB.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
        band: From `band_of` the two.
        alpha: hxw float32 in [0, 1], of the band's size.

    Returns:
        HxW uint8; 255 inside and 0 outside as the trimap says.

    Source: He and Sun, Fast Guided Filter, 2015.
    """
    from limner_server.imaging.loops import lift_rows  # noqa: PLC0415, see loops.warm

    whole = np.where(trimap == INSIDE, np.uint8(255), np.uint8(0))
    box = (band.rows, band.columns)
    part, unknown = whole[box], trimap[box] == UNKNOWN
    if band.scale == 1:
        part[unknown] = np.rint(alpha[unknown] * 255).astype(np.uint8)
        return whole
    model = Guide(band.photo, RADIUS).linear_model(alpha, EPSILON)
    y, x = (between(part.shape[axis], alpha.shape[axis]) for axis in (0, 1))
    inside, edges = photo[box], trimap[box]

    def lift_strip(rows: slice) -> None:
        # machine code is made for one kind of array, contiguous and writable
        own, strip = np.array(inside[rows], order="C"), np.array(part[rows], order="C")
        lift_rows(own, np.array(edges[rows], order="C"), (model, y[rows], x), strip)
        part[rows] = strip

    each_strip(0, len(part), lift_strip)
    return whole
