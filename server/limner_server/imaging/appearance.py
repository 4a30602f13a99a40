"""What hair looks like, whatever its shape: its color, its shades, the contrast of its strands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.color import lab_to_srgb, srgb_to_lab
from limner_server.imaging.geometry import averaged
from limner_server.imaging.guided import rows_resized
from limner_server.imaging.hair_color import SURE
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo, Plane
    from limner_server.imaging.thin_plate import Places

FINE: Final = 10.0
"""Pixels a unit of a head (about a centimeter) at which strands are told from shades."""

SMOOTH: Final = 0.6
"""Units: the Gaussian's sigma that leaves the shades of hair, and none of its strands."""

LEAST: Final = 1e-3
"""Weight of hair under which a smoothed pixel says nothing of it."""

STRANDS: Final = (0.4, 2.5)
SHADES: Final = (0.6, 1.6)
TINTS: Final = (0.4, 2.5)
"""Factors between which contrast is scaled; more would be noise."""

EVEN: Final = 0.3
"""CIELAB units added to every contrast: what is as even as that is not scaled."""


@dataclass(frozen=True, eq=False)
class Appearance:
    """The statistics of one head's hair, where it is nothing but hair."""

    mean: Places
    """3: CIELAB."""
    shades: float
    """Standard deviation of its smoothed lightness."""
    strands: float
    """The same of what smoothing takes away."""
    tints: Places
    """2: standard deviations of a and b."""


def appearance_of(colors: Photo, alpha: Plane, unit: float) -> Appearance:
    """Return how hair looks.

    Args:
        colors: hxwx3 uint8, sRGB of hair alone.
        alpha: hxw uint8, its share; at least one pixel above 0.
        unit: Pixels for a centimeter of its head.
    """
    colors, alpha, unit = _as_fine(colors, alpha, unit)
    sure = alpha >= min(SURE, int(alpha.max()))
    lab = srgb_to_lab(colors)
    smooth = _smoothed(lab[..., 0], alpha, unit)
    own = lab[sure].astype(np.float64)
    return Appearance(
        own.mean(0),
        float(smooth[sure].std()),
        float((lab[..., 0] - smooth)[sure].std()),
        own[:, 1:].std(0),
    )


def restyled(
    colors: Photo, alpha: Plane, unit: float, was: Appearance, wanted: Appearance
) -> Photo:
    """Return hair with another's color and contrast, its light and its strands where they were.

    Smoothed lightness and what smoothing takes away are scaled apart, so strands stay as sharp as
    they are, and light falls as it fell.

    Args:
        colors: hxwx3 uint8, sRGB of hair alone.
        alpha: hxw uint8, its share.
        unit: Pixels for a centimeter of its head.
        was: Of the hair before it was brought to this size and place.
        wanted: Of the hair that it is to look like; the same as `was` leaves all colors.

    Returns:
        hxwx3 uint8; where alpha is 0 as before.

    Source: Reinhard et al., Color Transfer between Images, IEEE CG&A 2001. Theirs scales all of a
        channel at once, which makes shades of strands.
    """
    shade = _factor(wanted.shades, was.shades, SHADES)
    strand = _factor(wanted.strands, was.strands, STRANDS)
    tints = np.array([_factor(*pair, TINTS) for pair in zip(wanted.tints, was.tints, strict=True)])
    coarse, share, unit = _as_fine(colors, alpha, unit)
    smooth = _smoothed(srgb_to_lab(coarse)[..., 0], share, unit)[..., None]
    result = colors.copy()

    def restyle(rows: slice) -> None:
        held = alpha[rows] > 0
        lab = srgb_to_lab(colors[rows][held])
        low = rows_resized(smooth, rows, *alpha.shape).reshape(held.shape)[held]
        lightness = (low - was.mean[0]) * shade + (lab[:, 0] - low) * strand
        lab[:, 0] = lightness + wanted.mean[0]
        lab[:, 1:] = (lab[:, 1:] - was.mean[1:]) * tints + wanted.mean[1:]
        result[rows][held] = np.rint(255 * lab_to_srgb(lab)).astype(np.uint8)

    each_strip(0, len(alpha), restyle)
    return result


def _as_fine(colors: Photo, alpha: Plane, unit: float) -> tuple[Photo, Plane, float]:
    """Return hair no finer than FINE, and its unit there."""
    height, width = alpha.shape
    factor = min(1.0, FINE / unit)
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return averaged(colors, *size), averaged(alpha, *size), unit * factor


def _smoothed(lightness: Floats, alpha: Plane, unit: float) -> Floats:
    """Return lightness smoothed over hair alone, hxw float32."""
    weight = alpha.astype(np.float32) / 255
    both = cv2.GaussianBlur(np.dstack((lightness * weight, weight)), (0, 0), SMOOTH * unit)
    near = both[..., 1] > LEAST
    return np.where(near, both[..., 0] / np.maximum(both[..., 1], LEAST), lightness)


def _factor(wanted: float, was: float, bounds: tuple[float, float]) -> float:
    return float(np.clip((wanted + EVEN) / (was + EVEN), *bounds))
