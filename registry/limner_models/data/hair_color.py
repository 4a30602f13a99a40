"""What color hair has: its mean in CIELAB, and the class of HAIR_COLORS nearest to that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from limner_registry.contracts import HAIR_COLORS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
TO_RATIOS = _TO_XYZ / _TO_XYZ.sum(1, keepdims=True)
"""Linear sRGB to shares of white's XYZ; IEC 61966-2-1."""

KNEE = (6 / 29) ** 3
SLOPE = (29 / 6) ** 2 / 3
"""Where CIELAB leaves the cube root for a line, and that line."""

SURE = 0.95
"""Hair's share of a pixel from which its color is believed."""

GLARE = 95.0
"""CIELAB lightness from which a pixel shows the lamp, not the hair."""

CLEAR = 3.0
"""How much nearer, in CIEDE2000, the nearest class must be than the next."""

FAR = 25.0
"""CIEDE2000 from which a color belongs to no class."""


def hair_color(photo: Photo, alpha: Floats) -> Floats:
    """Return the mean CIELAB where hair is sure and shows no lamp.

    Args:
        photo: HxWx3 uint8 sRGB.
        alpha: HxW in [0, 1]; some of it above SURE.
    """
    lab = to_lab(photo[alpha > SURE])
    plain = lab[lab[:, 0] < GLARE]
    mean: Floats = (plain if len(plain) else lab).mean(0)
    return mean


def to_lab(pixels: Photo) -> Floats:
    """Return CIELAB (D65) of Nx3 uint8 sRGB, Nx3 float32.

    Source: CIE 15:2004; OpenCV's own is off by up to 0.6.
    """
    shares = pixels / np.float32(255)
    light = np.where(shares > 0.04045, ((shares + 0.055) / 1.055) ** 2.4, shares / 12.92)
    ratios = light @ TO_RATIOS.T
    x, y, z = np.where(ratios > KNEE, np.cbrt(ratios), ratios * SLOPE + 4 / 29).T
    lab: Floats = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1).astype(np.float32)
    return lab


def color_class(lab: Floats) -> str | None:
    """Return the class a color belongs to; None if it is far from all or between two.

    Args:
        lab: 3 CIELAB.
    """
    distances = {
        name: min(float(ciede2000(lab, prototype)) for prototype in prototypes)
        for name, prototypes in HAIR_COLORS.items()
    }
    nearest, next_ = sorted(distances, key=lambda name: distances[name])[:2]
    clear = distances[next_] - distances[nearest] >= CLEAR
    return nearest if clear and distances[nearest] < FAR else None


def ciede2000(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    """Return how different colors look: 1 can just be seen.

    Args:
        first: ...x3 CIELAB.
        second: ...x3 CIELAB, of a shape that goes with the first.

    Source: Sharma, Wu and Dalal, The CIEDE2000 Color-Difference Formula, Color Research and
        Application 30 (2005); all three weights are 1.
    """
    light, a, b = np.moveaxis(np.stack(np.broadcast_arrays(first, second)).astype(float), -1, 0)
    mean_chroma = np.hypot(a, b).mean(0)
    a = a * (1 + 0.5 * (1 - _far(mean_chroma)))
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    gray = chroma.prod(0) == 0
    turn = (hue[1] - hue[0] + 180) % 360 - 180
    turn = np.where(gray, 0, turn)
    mean_hue = np.where(gray, hue.sum(0), hue[0] + turn / 2)
    mean_light, chroma_mean = light.mean(0), chroma.mean(0)
    shape = (
        1
        - 0.17 * _cos(mean_hue - 30)
        + 0.24 * _cos(2 * mean_hue)
        + 0.32 * _cos(3 * mean_hue + 6)
        - 0.20 * _cos(4 * mean_hue - 63)
    )
    by_light = (light[1] - light[0]) / (
        1 + 0.015 * (mean_light - 50) ** 2 / np.sqrt(20 + (mean_light - 50) ** 2)
    )
    by_chroma = (chroma[1] - chroma[0]) / (1 + 0.045 * chroma_mean)
    spread = 2 * np.sqrt(chroma.prod(0)) * np.sin(np.radians(turn / 2))
    by_hue = spread / (1 + 0.015 * chroma_mean * shape)
    blue = 60 * np.exp(-(((mean_hue % 360 - 275) / 25) ** 2))
    skew = -2 * _far(chroma_mean) * np.sin(np.radians(blue))
    square = by_light**2 + by_chroma**2 + by_hue**2 + skew * by_chroma * by_hue
    distance: NDArray[np.float64] = np.sqrt(np.maximum(square, 0))
    return distance


def _far(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    power = chroma**7
    share: NDArray[np.float64] = np.sqrt(power / (power + 25.0**7))
    return share


def _cos(degrees: NDArray[Any]) -> NDArray[np.float64]:
    cosine: NDArray[np.float64] = np.cos(np.radians(degrees))
    return cosine
