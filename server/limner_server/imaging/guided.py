"""The guided filter: makes a soft map follow the edges of a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Matte, Photo

STRIP_ROWS: Final = 512
"""Rows lifted at a time: bounds the floats of a 50 megapixel photo."""


def linear_model(photo: Photo, soft: Matte, radius: int, epsilon: float) -> Floats:
    """Return the linear function of color that a map follows around each pixel.

    Args:
        photo: HxWx3 uint8, sRGB.
        soft: HxW float32, any range.
        radius: Of the square window in pixels, at least 1.
        epsilon: Variance of color, of [0, 1] squared, below which a window counts as even.

    Returns:
        HxWx4 float32: a factor for each of R, G, B in [0, 1], and an offset.

    Source: He, Sun and Tang, Guided Image Filtering, PAMI 2013, equations 19 to 21.
    """

    def mean(image: Floats) -> Floats:
        box = (2 * radius + 1, 2 * radius + 1)
        return cv2.blur(image, box, borderType=cv2.BORDER_REFLECT)  # type: ignore[return-value]

    guide = photo.astype(np.float32) / 255
    guide_mean, soft_mean = mean(guide), mean(soft)
    covariance = mean(guide * soft[..., None]) - guide_mean * soft_mean[..., None]
    pairs = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
    rr, rg, rb, gg, gb, bb = (
        mean(guide[..., i] * guide[..., j]) - guide_mean[..., i] * guide_mean[..., j]
        for i, j in pairs
    )
    rr, gg, bb = (variance + np.float32(epsilon) for variance in (rr, gg, bb))
    factors = _solve((rr, rg, rb, gg, gb, bb), covariance)
    offset = soft_mean - (factors * guide_mean).sum(-1)
    return mean(np.dstack([factors, offset]))


def follow(photo: Photo, model: Floats) -> Matte:
    """Return a linear model's map for a photo that may be larger than the one it was fitted to.

    Args:
        photo: HxWx3 uint8, sRGB.
        model: hxwx4 float32 from `linear_model`.

    Returns:
        HxW float32, clipped to [0, 1].

    Source: He and Sun, Fast Guided Filter, 2015: fit small, apply large.
    """
    height, width = photo.shape[:2]
    result = np.empty((height, width), np.float32)
    for top in range(0, height, STRIP_ROWS):
        rows = slice(top, min(top + STRIP_ROWS, height))
        local = rows_resized(model, rows, height, width)
        guide = photo[rows].astype(np.float32) / 255
        result[rows] = np.einsum("hwc,hwc->hw", guide, local[..., :3]) + local[..., 3]
    return np.clip(result, 0, 1)


def _solve(symmetric: tuple[Floats, ...], right: Floats) -> Floats:
    """Return the solution of a symmetric 3x3 system at each pixel, by cofactors."""
    rr, rg, rb, gg, gb, bb = symmetric
    c_rr, c_rg, c_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
    c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
    cofactors = np.dstack([c_rr, c_rg, c_rb, c_rg, c_gg, c_gb, c_rb, c_gb, c_bb])
    solved: Floats = np.einsum("hwij,hwj->hwi", cofactors.reshape(*rr.shape, 3, 3), right)
    solved /= (rr * c_rr + rg * c_rg + rb * c_rb)[..., None]
    return solved


def rows_resized(image: Floats, rows: slice, height: int, width: int) -> Floats:
    """Return some rows of an image resized to height x width, without resizing all of it.

    Args:
        image: hxwxC float32, any range.
        rows: Which of the resized image's rows; start and stop given.
        height: Of the whole resized image in pixels.
        width: Of the whole resized image in pixels.

    Returns:
        nxwidthxC float32, bilinear between pixel middles.
    """
    high, wide = image.shape[:2]
    if (high, wide) == (height, width):
        return image[rows]
    y = (np.arange(rows.start, rows.stop) + 0.5) * (high / height) - 0.5
    y = np.clip(y, 0, high - 1)
    above = y.astype(np.intp)
    below = np.minimum(above + 1, high - 1)
    share = (y - above).astype(np.float32)[:, None, None]
    tall = image[above] * (1 - share) + image[below] * share
    wide_rows: Floats = cv2.resize(tall, (width, len(y)), interpolation=cv2.INTER_LINEAR)
    return wide_rows
