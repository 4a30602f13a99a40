"""The subject's own colors, with the background's light taken out of them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.geometry import around, averaged
from limner_server.imaging.guided import rows_resized
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Matte, Photo, Plane

MAX_ESTIMATED: Final = 4_000_000
"""Pixels that colors are estimated at; a larger photo's are estimated on a smaller copy."""

MARGIN_PX: Final = 32
"""Around the soft pixels: enough of the sure ones on both sides to tell the colors by."""

_ONE_AT_A_TIME: Final = threading.Lock()
"""PyMatting's loops start numba's threads; where neither OpenMP nor TBB is installed, numba ends
the whole process when two callers do so at once."""


@dataclass(frozen=True, eq=False)
class Layers:
    """The colors of a subject and of what lies behind it, apart, over a part of a photo."""

    colors: Floats
    """hxwx6 float32, sRGB in [0, 1]: foreground, then background; any size."""
    rows: slice
    """Of the photo that the layers cover."""
    columns: slice


def layers_of(photo: Photo, alpha: Plane, max_pixels: int) -> Layers | None:
    """Return the colors that are mixed where a subject's edge is soft; None where none is.

    Args:
        photo: HxWx3 uint8, sRGB.
        alpha: HxW uint8, share of the subject.
        max_pixels: At which colors are estimated; layers are as smooth as that.

    Source: Germer et al., Fast Multi-Level Foreground Estimation, ICPR 2020.
    """
    soft = cv2.inRange(alpha, 1, 254).view(np.bool_)  # type: ignore[call-overload]
    if not soft.any():
        return None
    rows, columns = (
        slice(span.start, min(span.stop, extent))
        for span, extent in zip(around(soft, MARGIN_PX), alpha.shape, strict=True)
    )
    part, mix = photo[rows, columns], alpha[rows, columns]
    return Layers(_estimate(part, mix, max_pixels), rows, columns)


def estimate_foreground(photo: Photo, alpha: Matte) -> Photo:
    """Return the subject's colors where it is mixed with the background.

    Bit-identical to `photo` where alpha is 1, and beyond MARGIN_PX of the box around what is soft.

    Args:
        photo: HxWx3 uint8, sRGB.
        alpha: HxW float32 in [0, 1].

    Returns:
        HxWx3 uint8, sRGB.

    Source: Germer et al., Fast Multi-Level Foreground Estimation, ICPR 2020. Theirs ends there;
        ours lifts it from MAX_ESTIMATED pixels to the photo's size and settles what is left of
        the difference as Forte, Approximate Fast Foreground Colour Estimation, ICIP 2021.
    """
    colors = photo.copy()
    soft = (alpha > 0) & (alpha < 1)
    if not soft.any():
        return colors
    box = around(soft, MARGIN_PX)
    part, mix, target = photo[box], alpha[box], colors[box]
    layers = _estimate(part, mix, MAX_ESTIMATED)

    def settle_strip(rows: slice) -> None:
        own = _settled(part[rows], mix[rows], rows_resized(layers, rows, *mix.shape))
        np.copyto(target[rows], own, where=(mix[rows] < 1)[..., None])

    each_strip(0, len(part), settle_strip)
    return colors


def _estimate(photo: Photo, alpha: Matte | Plane, max_pixels: int) -> Floats:
    """Return hxwx6 float32, foreground and background sRGB in [0, 1], of max_pixels or less."""
    from pymatting import estimate_foreground_ml  # noqa: PLC0415, see closed_form.warm

    height, width = alpha.shape
    factor = min(1.0, (max_pixels / alpha.size) ** 0.5)
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        photo, alpha = averaged(photo, *size), averaged(alpha, *size)
    share: Matte = alpha / np.float32(255 if alpha.dtype == np.uint8 else 1)
    colors = photo.astype(np.float32) / 255
    if max(alpha.shape) < 2:  # PyMatting divides by the logarithm of the longest edge
        colors, share = np.repeat(colors, 2, 1), np.repeat(share, 2, 1)
    with _ONE_AT_A_TIME:
        layers = estimate_foreground_ml(colors, share, return_background=True)
    return np.dstack(layers)


def _settled(photo: Photo, alpha: Matte, layers: Floats) -> Photo:
    """Return foreground colors that, with their background, mix to the photo exactly.

    The least change of both that does so, as far as colors stay in range.
    """
    share = alpha[..., None]
    inside, outside = layers[..., :3], layers[..., 3:]
    missing = photo.astype(np.float32) / 255 - share * inside - (1 - share) * outside
    settled = inside + share * missing / (share * share + (1 - share) ** 2)
    colors: Photo = np.rint(np.clip(settled, 0, 1) * 255).astype(np.uint8)
    return colors
