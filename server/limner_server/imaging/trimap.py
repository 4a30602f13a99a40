"""From a rough idea of where a subject is to what matting needs: inside, outside, unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

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
    sure = (smooth == INSIDE) | (smooth == OUTSIDE)
    return np.where(sure, smooth, np.uint8(UNKNOWN)).astype(np.uint8)
