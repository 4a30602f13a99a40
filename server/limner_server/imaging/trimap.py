"""From a rough idea of where a subject is to what matting needs: inside, outside, unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.geometry import averaged
from limner_server.imaging.outline import outline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Flags, Matte, Photo, Plane

INSIDE, UNKNOWN, OUTSIDE = 255, 128, 0

BAND_SHARE: Final = 0.02
"""Of the longest edge: the unknown band's width where none is asked for."""

INNER_SHARE: Final = 0.4
"""Of the band inside the edge: segmenters cut off hair more often than they add background."""

UNSURE: Final = (0.1, 0.9)
"""Probabilities between which the network does not know."""

REACH: Final = 1.5
"""Bands around the edge within which the network's doubt makes a pixel unknown."""


HAIR_INNER: Final = (0.010, 2, 25)
"""Of the root of the hair's area, and bounds in pixels: how far the unknown reaches in."""

HAIR_OUTER: Final = (0.016, 3, 40)
"""The same outwards: strands stray farther out than skin shines in."""

STRAY_REACH: Final = 2
"""Outer kernels around the hair within which the network's doubt makes a pixel unknown."""

DOUBT_REACH: Final = 3
"""Inner kernels from the hair's edge inwards within which it does. Deeper, dull light or gray
strands make networks doubt hair that is nothing else."""


_SETTLED: Final = np.full(256, UNKNOWN, np.uint8)
_SETTLED[[INSIDE, OUTSIDE]] = INSIDE, OUTSIDE
"""What becomes of each value between others."""


def default_band(width: int, height: int) -> int:
    """Return how wide the unknown band is where nobody asks, in pixels, at least 1."""
    return max(1, round(BAND_SHARE * max(width, height)))


def trimap_of_map(mask: NDArray[np.bool_ | np.uint8], band_px: int) -> Plane:
    """Return the trimap with a band along the edge of a mask.

    The photo's own border is no edge: a subject cut by it goes on beyond.

    Args:
        mask: HxW, bool or uint8; inside where true or at least 128.
        band_px: Width of the band in pixels, at least 1.

    Returns:
        HxW uint8: INSIDE, OUTSIDE, UNKNOWN.

    Source: erosion and dilation by a disk as in JP6921924B2 (S102); distances give the same in
        time that does not grow with the disk.
    """
    inside: Flags = mask >= (1 if mask.dtype == np.bool_ else 128)
    inner = int(INNER_SHARE * band_px)
    return _banded(inside, inner, band_px - inner)


def trimap_of_probability(person: Matte, photo: Photo, band_px: int | None = None) -> Plane:
    """Return the trimap of a person in a photo.

    A band along the person's outline. Where the network doubts nearby, as in loose hair, it is
    wider.

    Args:
        person: Probability of a person, any size, float32 in [0, 1]; stretched over the photo.
        photo: HxWx3 uint8, sRGB.
        band_px: Width of the band in pixels, at least 1; None means BAND_SHARE of the longest edge.

    Returns:
        HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
    """
    height, width = photo.shape[:2]
    inside = outline(person, photo)
    rows, columns = inside.shape
    scale = max(rows, columns) / max(width, height)
    band = max(1.0, (band_px or default_band(width, height)) * scale)

    inner = INNER_SHARE * band
    trimap = _banded(inside, inner, band - inner)
    soft = cv2.resize(person, (columns, rows), interpolation=cv2.INTER_CUBIC)
    unsure = (soft > UNSURE[0]) & (soft < UNSURE[1])
    near = _banded(inside, REACH * band / 2, REACH * band) == UNKNOWN
    trimap[unsure & near] = UNKNOWN
    return _enlarged(trimap, width, height)


def trimap_of_hair(inside: Flags, hair: Matte, band_px: float | None = None) -> Plane:
    """Return the trimap of hair.

    Inside is what an erosion leaves, outside what a dilation leaves out, and unknown the rest,
    and where the network doubts nearby.

    Args:
        inside: HxW bool, where hair is taken to be.
        hair: HxW float32 in [0, 1], its probability.
        band_px: Width of the band in pixels, above 0; None follows the hair's own extent.

    Returns:
        HxW uint8: INSIDE, OUTSIDE, UNKNOWN.

    Source: JP6921924B2 (S102), whose kernels have K x K pixels; how large K is there nobody says.
        METHODS B.e2 sizes them.
    """
    extent = float(np.sqrt(np.count_nonzero(inside)))
    inner, outer = (
        round(min(max(share * extent, least), most))
        for share, least, most in (HAIR_INNER, HAIR_OUTER)
    )
    if band_px is not None:
        inner = round(INNER_SHARE * band_px)
        outer = max(1, round(band_px) - inner)
    flags = inside.astype(np.uint8)
    trimap = np.where(_dilated(flags, outer), np.uint8(UNKNOWN), np.uint8(OUTSIDE))
    trimap[cv2.erode(flags, _square(inner)) > 0] = INSIDE
    unsure = (hair > UNSURE[0]) & (hair < UNSURE[1])
    near = _dilated(flags, STRAY_REACH * outer)
    near &= cv2.erode(flags, _square(DOUBT_REACH * inner)) == 0
    trimap[unsure & near] = UNKNOWN
    return trimap


def laid_out(part: Plane, rows: slice, columns: slice, height: int, width: int) -> Plane:
    """Return a trimap of a photo of which only a part, at some smaller size, is not outside."""
    trimap = np.zeros((height, width), np.uint8)  # OUTSIDE, and memory only where it is not
    size = (columns.stop - columns.start, rows.stop - rows.start)
    trimap[rows, columns] = _enlarged(part, *size)
    return trimap


def shrunk(photo: Photo, trimap: Plane, scale: float) -> tuple[Photo, Plane]:
    """Return photo and trimap at a smaller size; what is not wholly sure there is unknown."""
    height, width = trimap.shape
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    inside, outside = (averaged(_only(trimap, value), *size) for value in (INSIDE, OUTSIDE))
    sure = np.where(outside == 255, np.uint8(OUTSIDE), np.uint8(UNKNOWN))
    return averaged(photo, *size), np.where(inside == 255, np.uint8(INSIDE), sure)


def _only(trimap: Plane, value: int) -> Plane:
    """Return 255 where a trimap has a value, 0 elsewhere."""
    return cv2.inRange(trimap, value, value)  # type: ignore[call-overload,no-any-return]


def _square(reach: int) -> Plane:
    """Return the kernel of K x K pixels that reaches so far from its center."""
    return np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)


def _dilated(flags: Plane, reach: int) -> Flags:
    wider: Flags = cv2.dilate(flags, _square(reach)) > 0
    return wider


def _banded(inside: Flags, inner: float, outer: float) -> Plane:
    """Return the trimap that is unknown up to a distance on both sides of a mask's edge."""
    trimap = np.where(inside, np.uint8(INSIDE), np.uint8(OUTSIDE))
    flags = inside.view(np.uint8) if inside.flags.c_contiguous else inside.astype(np.uint8)
    if not inside.any() or inside.all():
        return trimap
    if inner > 0:
        depth = cv2.distanceTransform(flags, cv2.DIST_L2, cv2.DIST_MASK_5)
        trimap[inside & (depth <= inner)] = UNKNOWN
    distance = cv2.distanceTransform(1 - flags, cv2.DIST_L2, cv2.DIST_MASK_5)
    trimap[~inside & (distance <= outer)] = UNKNOWN
    return trimap


def _enlarged(trimap: Plane, width: int, height: int) -> Plane:
    """Return a trimap at a larger size; between two values lies the unknown."""
    if trimap.shape == (height, width):
        return trimap
    smooth = cv2.resize(trimap, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.LUT(smooth, _SETTLED)  # type: ignore[return-value]
