"""The unknown band of a trimap at a bounded size, and an alpha from there at the photo's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.geometry import around
from limner_server.imaging.guided import Guide, between
from limner_server.imaging.strips import each_strip
from limner_server.imaging.trimap import UNKNOWN, shrunk

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

    @cached_property
    def guide(self) -> Guide:
        """How its colors vary; measured when it is first asked for."""
        return Guide(self.photo, RADIUS)


def band_of(photo: Photo, trimap: Plane, longest: int) -> Band | None:
    """Return the surroundings of what is unknown; None where nothing is.

    Args:
        photo: HxWx3 uint8, sRGB.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
        longest: Edge in pixels that the part has at most.
    """
    unknown = trimap == UNKNOWN
    if not unknown.any():
        return None
    rows, columns = (
        slice(span.start, min(span.stop, extent))
        for span, extent in zip(around(unknown, MARGIN_PX), trimap.shape, strict=True)
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

    whole = trimap.copy()
    part = whole[band.rows, band.columns]
    if band.scale == 1:
        unknown = part == UNKNOWN
        part[unknown] = np.rint(alpha[unknown] * 255).astype(np.uint8)
        return whole
    model = band.guide.linear_model(alpha, EPSILON)
    y, x = (between(part.shape[axis], alpha.shape[axis]) for axis in (0, 1))

    def lift_strip(rows: slice) -> None:
        # machine code is made for one kind of array, contiguous and writable
        strip = slice(band.rows.start + rows.start, band.rows.start + rows.stop)
        own = np.array(photo[strip, band.columns], order="C")
        lift_rows(own, (model, y[rows], x), band.columns.start, whole[strip])

    each_strip(0, len(part), lift_strip)
    return whole
