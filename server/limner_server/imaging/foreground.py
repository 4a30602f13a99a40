"""The subject's own colors, with the background's light taken out of them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.geometry import around
from limner_server.imaging.guided import STRIP_ROWS, rows_resized

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Matte, Photo

MAX_ESTIMATED: Final = 4_000_000
"""Pixels that colors are estimated at; a larger photo's are estimated on a smaller copy."""

MARGIN_PX: Final = 32
"""Around the soft pixels: enough of the sure ones on both sides to tell the colors by."""

_ONE_AT_A_TIME: Final = threading.Lock()
"""PyMatting's loops start numba's threads; where neither OpenMP nor TBB is installed, numba ends
the whole process when two callers do so at once."""


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
    layers = _estimate(part, mix)
    for top in range(0, len(part), STRIP_ROWS):
        rows = slice(top, min(top + STRIP_ROWS, len(part)))
        own = _settled(part[rows], mix[rows], rows_resized(layers, rows, *mix.shape))
        np.copyto(target[rows], own, where=(mix[rows] < 1)[..., None])
    return colors


def _estimate(photo: Photo, alpha: Matte) -> Floats:
    """Return hxwx6 float32, foreground and background sRGB in [0, 1], at MAX_ESTIMATED or less."""
    from pymatting import estimate_foreground_ml  # noqa: PLC0415, see closed_form.warm

    height, width = alpha.shape
    factor = min(1.0, (MAX_ESTIMATED / alpha.size) ** 0.5)
    if factor < 1:
        size = (max(1, round(width * factor)), max(1, round(height * factor)))
        photo = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        alpha = cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if max(alpha.shape) < 2:  # PyMatting divides by the logarithm of the longest edge
        photo, alpha = np.repeat(photo, 2, 1), np.repeat(alpha, 2, 1)
    colors = photo.astype(np.float32) / 255
    with _ONE_AT_A_TIME:
        layers = estimate_foreground_ml(colors, alpha, return_background=True)
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
