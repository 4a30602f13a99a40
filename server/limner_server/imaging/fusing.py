"""Lays pictures with an alpha onto a photo at the photo's own size, and leaves all else as it is.

What is laid on may be a head that a network drew in its crop, or a sticker.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.aligning import chained, shown_box
from limner_server.imaging.pieces import without_specks
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from limner_server.imaging.aligning import Matrix
    from limner_server.imaging.arrays import Floats, Photo, Plane

SOFT: Final = 0.0025
"""Of a crop's side: the Gaussian's sigma that an alpha is smoothed by."""

RIM: Final = 0.03
"""Of a crop's side: over how much a drawn head fades out towards where its crop ends."""

FAINT: Final = 24
"""Alpha, of 255, up to which pixels do not hang a drawn head's parts together."""

SPECK: Final = 0.05
"""Of a head's size: what is drawn beside it and is smaller is a network's mistake."""

FRINGE: Final = 9
"""Pixels a side of the square by which a speck's faint edge may reach beyond it."""

AVERAGED: Final = 1.05
"""Pixels skipped from which they are averaged instead."""

REACH: Final = 2
"""Pixels beyond those that hold anything which a cubic between them may reach."""

LEAST: Final = 1e-3
"""Share of a picture below which its color says nothing."""


@dataclass(frozen=True, eq=False)
class Layer:
    """A picture, and where in a photo it belongs."""

    picture: Floats
    """hxwx4 float32: sRGB of 255 times alpha, then alpha in [0, 1]."""
    matrix: Matrix
    """The affine map from the photo's pixels to the picture's."""


def drawn_layer(drawn: NDArray[np.uint8], matrix: Matrix) -> Layer:
    """Return a head as it is laid on: its alpha smoothed, its rim faded out.

    The colors of hairs stay as sharp as they were drawn; where there was no head they go on as
    those beside, so that the smoothed edge shows nothing of what a network leaves there.

    Args:
        drawn: SxSx4 uint8, sRGB that is not premultiplied, and alpha.
        matrix: The affine map from the photo's pixels to the crop's.

    Source: JP7596533B2, whose animal mask is smoothed by a Gaussian before it fuses the animal
        with the photo. Theirs is wide; ours takes the edge off single pixels alone, for fur.
    """
    size = drawn.shape[0]
    alpha = _of_one_piece(drawn[..., 3])[..., None] * np.float32(1 / 255)
    colors = drawn[..., :3] * alpha
    sigma = SOFT * size
    beside = cv2.GaussianBlur(np.dstack((colors, alpha)), (0, 0), sigma)
    soft = np.clip(beside[..., 3:], 0, 1)
    spread = beside[..., :3] / np.maximum(soft, LEAST)
    soft = soft * _rim(size)[..., None]
    picture = (colors + (1 - alpha) * spread) * soft
    return Layer(np.ascontiguousarray(np.dstack((picture, soft)), np.float32), matrix)


def _of_one_piece(alpha: Plane) -> Plane:
    """Return a drawn head's alpha without specks that float beside it."""
    seen = alpha > FAINT
    head = without_specks(seen, SPECK)
    if head is seen:
        return alpha
    specks = (seen & ~head).view(np.uint8)
    gone = (cv2.dilate(specks, np.ones((FRINGE, FRINGE), np.uint8)) > 0) & ~head
    return np.where(gone, np.uint8(0), alpha)


def premultiplied(picture: NDArray[np.uint8]) -> Floats:
    """Return a picture with straight alpha, hxwx4 uint8, as a layer has it."""
    alpha = picture[..., 3:] * np.float32(1 / 255)
    laid = np.dstack((picture[..., :3] * alpha, alpha))
    return np.ascontiguousarray(laid, np.float32)


def fuse(photo: Photo, layers: Iterable[Layer]) -> tuple[Photo, Plane]:
    """Return a photo with pictures laid on, one over the other, and how much of it they hide.

    A picture is read between its pixels by a cubic where the photo has more, and averaged by area
    where it has fewer. Only pixels that a picture reaches are read.

    Args:
        photo: HxWx3 uint8, sRGB.
        layers: From the farthest to the nearest; each is let go before the next is asked for.

    Returns:
        HxWx3 uint8, sRGB, and HxW uint8 of 255. Where the latter is 0 no bit has changed.
    """
    from limner_server.imaging.composing_loops import fuse_rows  # noqa: PLC0415, see its warm

    fused, mask = photo.copy(), np.zeros(photo.shape[:2], np.uint8)
    for layer in layers:
        laid = _as_coarse(layer)
        high, wide, _ = laid.picture.shape
        near = _reached(laid.picture)
        matrix = laid.matrix
        top, bottom, left, right = shown_box(matrix, (wide, high), photo.shape)

        def fuse_strip(
            rows: slice,
            corner: tuple[int, int] = (left, right),
            picture: tuple[Floats, Plane, Matrix] = (laid.picture, near, matrix),
        ) -> None:
            fuse_rows(fused[rows], mask[rows], (rows.start, *corner), *picture)

        if top < bottom and left < right:
            each_strip(top, bottom, fuse_strip)
    return fused, mask


def _as_coarse(layer: Layer) -> Layer:
    """Return a picture with about as few pixels as the photo has of it."""
    skip = math.sqrt(abs(float(np.linalg.det(layer.matrix[:, :2]))))
    if skip <= AVERAGED:
        return layer
    high, wide, _ = layer.picture.shape
    size = (max(1, round(wide / skip)), max(1, round(high / skip)))
    across, down = size[0] / wide, size[1] / high
    smaller = np.array([[across, 0, across / 2 - 0.5], [0, down, down / 2 - 0.5]])
    picture = cv2.resize(layer.picture, size, interpolation=cv2.INTER_AREA)
    return Layer(np.asarray(picture, np.float32), chained(layer.matrix, smaller))


def _reached(picture: Floats) -> Plane:
    """Return 1 where a cubic finds anything of a picture, else 0; hxw uint8."""
    holds = np.where(picture[..., 3] > 0, np.uint8(1), np.uint8(0))
    side = 2 * REACH + 1
    return np.asarray(cv2.dilate(holds, np.ones((side, side), np.uint8)), np.uint8)


def _rim(size: int) -> Floats:
    """Return 0 at the edges of a crop, 1 from RIM on, and a smooth rise between; SxS."""
    away = (np.arange(size) + 0.5) / (RIM * size)
    rise = np.clip(np.minimum(away, away[::-1]), 0, 1)
    eased = (rise * rise * (3 - 2 * rise)).astype(np.float32)
    rim: Floats = np.minimum(eased[:, None], eased)
    return rim
