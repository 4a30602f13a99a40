"""Faces drawn from smooth ellipses: enough for a face network to answer in earnest.

No photo travels with a version, and smooth pictures keep its golden answers small.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Photo = npt.NDArray[np.uint8]
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Ellipse:
    """A soft spot of one color; lengths as shares of the picture's side, y down."""

    x: float
    y: float
    width: float
    height: float
    color: Rgb
    softness: float = 0.01
    """Width of the edge, over which the color fades."""


SKIN = (224, 172, 140)
DARK = (60, 38, 30)
LIP = (176, 84, 84)
WHITE = (240, 236, 232)
SHADE = (190, 135, 108)
SHIRT = (58, 84, 130)
WALL = (176, 186, 190)

PORTRAIT = (
    Ellipse(0.5, 1.15, 0.95, 0.6, SHIRT),
    Ellipse(0.5, 0.38, 0.5, 0.62, DARK, 0.02),
    Ellipse(0.5, 0.82, 0.22, 0.34, SHADE),
    Ellipse(0.5, 0.47, 0.4, 0.6, SKIN),
    Ellipse(0.41, 0.4, 0.1, 0.022, DARK),
    Ellipse(0.59, 0.4, 0.1, 0.022, DARK),
    Ellipse(0.41, 0.45, 0.085, 0.038, WHITE),
    Ellipse(0.59, 0.45, 0.085, 0.038, WHITE),
    Ellipse(0.41, 0.45, 0.036, 0.038, DARK),
    Ellipse(0.59, 0.45, 0.036, 0.038, DARK),
    Ellipse(0.5, 0.52, 0.035, 0.16, SHADE, 0.03),
    Ellipse(0.5, 0.575, 0.08, 0.03, SHADE, 0.015),
    Ellipse(0.5, 0.66, 0.15, 0.045, LIP),
    Ellipse(0.5, 0.66, 0.13, 0.008, DARK),
)


def draw_face(side: int, zoom: float, brightness: float) -> Photo:
    """Return a portrait of side x side x 3 bytes, sRGB.

    Args:
        side: Pixels of each side.
        zoom: How large the person is, 1 filling the picture; around the face.
        brightness: What each color is multiplied by, in [0, 1].
    """
    line = ((np.arange(side) + 0.5) / side - 0.5) / zoom + 0.5
    x, y = np.meshgrid(line, line)
    picture = np.tile(np.array(WALL, np.float64), (side, side, 1)) * (0.8 + 0.2 * y[..., None])
    for spot in PORTRAIT:
        across, down = (x - spot.x) / spot.width, (y - spot.y) / spot.height
        distance = (np.hypot(across, down) - 0.5) * min(spot.width, spot.height)
        cover = np.clip(0.5 - distance / spot.softness, 0, 1)[..., None]
        picture = picture * (1 - cover) + np.array(spot.color, np.float64) * cover
    drawn: Photo = np.round(picture * brightness).astype(np.uint8)
    return drawn
