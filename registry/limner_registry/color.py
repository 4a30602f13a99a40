"""Colors as screens say them and as eyes see them: sRGB, linear light, CIELAB, and differences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]

TO_XYZ: Final = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
"""Linear sRGB to XYZ; IEC 61966-2-1 with seven digits. White is the sum of its rows (D65), so
that gray has no a and no b."""

KNEE: Final = (6 / 29) ** 3
"""Share of white's light below which CIELAB runs straight."""

SLOPE: Final = (29 / 6) ** 2 / 3
"""CIELAB's slope there."""

TO_RATIOS: Final = TO_XYZ / TO_XYZ.sum(1, keepdims=True)
"""Linear sRGB to shares of white's XYZ, as columns."""

FROM_RATIOS: Final = np.linalg.inv(TO_RATIOS)
"""The way back."""

_TO: Final = TO_RATIOS.T.astype(np.float32)
_FROM: Final = FROM_RATIOS.T.astype(np.float32)


def srgb_to_linear(srgb: Floats) -> Floats:
    """Return the light that sRGB values in [0, 1] stand for, in [0, 1] as well."""
    low = srgb / np.float32(12.92)
    high = ((np.maximum(srgb, 0) + np.float32(0.055)) / np.float32(1.055)) ** np.float32(2.4)
    return np.where(srgb <= 0.04045, low, high).astype(np.float32)


def linear_to_srgb(linear: Floats) -> Floats:
    """Return the sRGB values in [0, 1] of linear light; light beyond a screen's is cut off."""
    light = np.clip(linear, 0, 1)
    high = np.float32(1.055) * light ** np.float32(1 / 2.4) - np.float32(0.055)
    return np.where(light <= 0.0031308, light * np.float32(12.92), high).astype(np.float32)


LIGHT_OF_BYTE: Final = srgb_to_linear(np.arange(256, dtype=np.float32) / np.float32(255))
"""The linear light of each value that a byte of sRGB can have."""


def srgb_to_lab(colors: NDArray[np.uint8] | Floats) -> Floats:
    """Return sRGB colors in CIELAB under D65.

    Args:
        colors: ...x3, uint8 or float32 in [0, 1].

    Returns:
        ...x3 float32, L in [0, 100], within 0.001 of the definition in double precision.

    Source: CIE 15:2004. OpenCV's own is four times as fast and off by up to 0.6.
    """
    if colors.dtype == np.uint8:
        light: Floats = LIGHT_OF_BYTE[colors]
    else:
        light = srgb_to_linear(colors.astype(np.float32, copy=False))
    ratios = light @ _TO
    roots: Floats = np.cbrt(ratios)
    small = ratios <= KNEE
    roots[small] = np.float32(SLOPE) * ratios[small] + np.float32(4 / 29)
    lab: Floats = np.empty_like(roots)
    lab[..., 0] = 116 * roots[..., 1] - 16
    lab[..., 1] = 500 * (roots[..., 0] - roots[..., 1])
    lab[..., 2] = 200 * (roots[..., 1] - roots[..., 2])
    return lab


def lab_to_srgb(lab: Floats) -> Floats:
    """Return CIELAB colors as sRGB in [0, 1]; those no screen can show are cut off by channel.

    Args:
        lab: ...x3 float32.
    """
    lab = np.asarray(lab, np.float32)
    middle = (lab[..., 0] + 16) / 116
    roots = np.stack([middle + lab[..., 1] / 500, middle, middle - lab[..., 2] / 200], -1)
    straight = (roots - np.float32(4 / 29)) / np.float32(SLOPE)
    ratios = np.where(roots <= np.float32(6 / 29), straight, roots**3)
    return linear_to_srgb((ratios @ _FROM).astype(np.float32))


def ciede2000(one: ArrayLike, other: ArrayLike) -> NDArray[np.float64]:
    """Return how different colors look; 1 is about the least that eyes notice.

    Args:
        one: ...x3, CIELAB.
        other: ...x3, CIELAB; shapes broadcast.

    Returns:
        ... float64, at least 0, the same with the two exchanged.

    Source: Sharma, Wu and Dalal, The CIEDE2000 Color-Difference Formula, 2005.
    """
    first, second = np.broadcast_arrays(np.asarray(one, float), np.asarray(other, float))
    chroma = (np.hypot(first[..., 1], first[..., 2]) + np.hypot(second[..., 1], second[..., 2])) / 2
    stretch = 1.5 - 0.5 * np.sqrt(_saturated(chroma))
    c1, h1 = _polar(first, stretch)
    c2, h2 = _polar(second, stretch)
    lightness = (first[..., 0] + second[..., 0]) / 2
    mean, product = (c1 + c2) / 2, c1 * c2
    turn, hue = _hues(h1, h2, product == 0)
    weight = (
        1
        - 0.17 * np.cos(hue - np.pi / 6)
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.pi / 30)
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    offset = (lightness - 50) ** 2
    d_l = (second[..., 0] - first[..., 0]) / (1 + 0.015 * offset / np.sqrt(20 + offset))
    d_c = (c2 - c1) / (1 + 0.045 * mean)
    d_h = 2 * np.sqrt(product) * np.sin(turn / 2) / (1 + 0.015 * mean * weight)
    away_from_blue = (np.degrees(hue) % 360 - 275) / 25
    twist = np.sin(np.radians(60) * np.exp(-(away_from_blue**2))) * -2 * np.sqrt(_saturated(mean))
    squares = d_l**2 + d_c**2 + d_h**2 + twist * d_c * d_h
    difference: NDArray[np.float64] = np.sqrt(np.maximum(squares, 0))
    return difference


def _hues(
    h1: NDArray[np.float64], h2: NDArray[np.float64], gray: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the way from one hue to the other, the shorter one around, and their mean."""
    way = h2 - h1
    around = np.where(np.abs(way) > np.pi + 1e-9, 2 * np.pi * np.sign(way), 0)
    mean = (h1 + h2) / 2 + np.where(around != 0, np.where(h1 + h2 < 2 * np.pi, np.pi, -np.pi), 0)
    return np.where(gray, 0, way - around), np.where(gray, h1 + h2, mean)


def _saturated(chroma: NDArray[np.float64]) -> NDArray[np.float64]:
    cube = chroma * chroma * chroma
    seventh = cube * cube * chroma  # numpy's own powers take ten times as long
    share: NDArray[np.float64] = seventh / (seventh + 25.0**7)
    return share


def _polar(
    lab: NDArray[np.float64], stretch: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return chroma and hue (radians in [0, 2 pi)) with a stretched."""
    a, b = lab[..., 1] * stretch, lab[..., 2]
    return np.hypot(a, b), np.arctan2(b, a) % (2 * np.pi)
