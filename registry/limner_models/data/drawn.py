"""A head drawn with a few shapes, always the same: what golden answers are asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WALL, HAIR, SKIN, SHIRT, DARK = (
    (168, 176, 182),
    (62, 40, 26),
    (214, 168, 140),
    (70, 90, 140),
    (40, 30, 30),
)
"""sRGB."""


def draw_head(
    size: int, scale: float = 1.0, hair: tuple[int, int, int] = HAIR
) -> NDArray[np.uint8]:
    """Return a head with hair to the shoulders in the middle of a picture, SxSx3 uint8 sRGB.

    Args:
        size: Pixels a side.
        scale: Of the head; at 1 it is as large as in a head crop.
        hair: Its color, sRGB.
    """
    picture = np.full((size, size, 3), WALL, np.uint8)
    unit = size * scale / 256

    def ellipse(x: float, y: float, wide: float, high: float, color: tuple[int, ...]) -> None:
        center = (round(size / 2 + x * unit), round(size / 2 + y * unit))
        axes = (round(wide * unit), round(high * unit))
        cv2.ellipse(picture, center, axes, 0, 0, 360, color, -1, cv2.LINE_AA)

    ellipse(0, -22, 58, 62, hair)
    ellipse(-44, 20, 16, 56, hair)
    ellipse(44, 20, 16, 56, hair)
    ellipse(0, 118, 96, 46, SHIRT)
    ellipse(0, 62, 20, 34, SKIN)
    ellipse(0, 0, 42, 54, SKIN)
    for side in (-1, 1):
        ellipse(side * 17, -8, 6, 3, DARK)
    ellipse(0, 30, 13, 4, (150, 70, 70))
    strands = np.random.default_rng(0).normal(0, 6, (1, size, 1))
    shaded = np.clip(picture + strands, 0, 255)
    return np.asarray(shaded, np.uint8)
