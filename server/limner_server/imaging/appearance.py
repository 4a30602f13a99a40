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
from limner_server.imaging.light import rolled_off
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

QUANTILES: Final = (0.05, 0.5, 0.95)
"""Of smoothed lightness: what lies between them, and between them and black or white, goes where
they go. More of them would cut hair of two shades in two."""

LEVELS: Final = np.linspace(0.0, 100.0, 41)
"""Lightness at which tints are kept."""

TINT_SIGMA: Final = 5.0
"""CIELAB units of lightness over which tints are averaged."""

FEW: Final = 0.002
"""Share of the hair by which a level without any takes the mean tint of all."""

SHADES: Final = 2.5
"""The most that shades are stretched about their middle; more would be blotches."""

STRANDS: Final = (0.4, 2.5)
STRAYS: Final = (0.3, 1.5)
"""Factors between which the contrast of strands, and what strays from a tint, are scaled."""

APART: Final = 0.1
"""CIELAB units by which shades are at least apart, and from black and white."""

GLEAM: Final = 88.0
"""CIELAB lightness from which on hair that gets lighter does so less and less: none burns out."""

EVEN: Final = 0.3
"""CIELAB units added to every contrast: what is as even as that is not scaled."""


@dataclass(frozen=True, eq=False)
class Appearance:
    """The statistics of one head's hair, where it is nothing but hair."""

    shades: Places
    """QUANTILES of its smoothed lightness, rising."""
    strands: float
    """Standard deviation of what smoothing takes from its lightness."""
    tints: Places
    """len(LEVELS)x2: the mean a and b of what is as light as that."""
    strays: Places
    """2: standard deviations of a and b from these."""

    @property
    def middle(self) -> float:
        """The median of its smoothed lightness."""
        return float(self.shades[1])

    def tint(self, lightness: Floats) -> Places:
        """Return a and b of hair so light, Nx2."""
        a, b = (np.interp(lightness, LEVELS, self.tints[:, channel]) for channel in (0, 1))
        return np.stack([a, b], 1)


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
    shades = np.clip(np.quantile(smooth[sure], QUANTILES), APART, 100 - APART)
    shades += APART * np.array((-0.5, 0, 0.5))
    tints = _tints(own)
    expected = np.stack([np.interp(own[:, 0], LEVELS, tint) for tint in tints.T], 1)
    strays = (own[:, 1:] - expected).std(0)
    return Appearance(shades, float((lab[..., 0] - smooth)[sure].std()), tints, strays)


def restyled(
    colors: Photo, alpha: Plane, unit: float, was: Appearance, wanted: Appearance
) -> Photo:
    """Return hair with another's color and contrast, its light and its strands where they were.

    Its shades become the other's in their order, its strands as strong, and what is then as light
    gets the same tint; so light falls as it fell, strands stay sharp, and dyed tips do not glare.

    Args:
        colors: hxwx3 uint8, sRGB of hair alone.
        alpha: hxw uint8, its share.
        unit: Pixels for a centimeter of its head.
        was: Of the hair before it was brought to this size and place.
        wanted: Of the hair that it is to look like; the same as `was` leaves all colors.

    Returns:
        hxwx3 uint8; where alpha is 0 as before.

    Source: Reinhard et al., Color Transfer between Images, IEEE CG&A 2001. Theirs scales each
        channel about its mean; ours orders shades (histogram matching) and takes tints from them,
        for hair of two colors.
    """
    strand = _factor(wanted.strands, was.strands, STRANDS)
    strays = [_factor(*pair, STRAYS) for pair in zip(wanted.strays, was.strays, strict=True)]
    before, after = _knots(was.shades), _knots(_stretched(was, wanted))
    coarse, share, fine = _as_fine(colors, alpha, unit)
    smooth = _smoothed(srgb_to_lab(coarse)[..., 0], share, fine)[..., None]
    result = colors.copy()

    def restyle(rows: slice) -> None:
        held = alpha[rows] > 0
        lab = srgb_to_lab(colors[rows][held])
        low = rows_resized(smooth, rows, *alpha.shape).reshape(held.shape)[held]
        lightness = np.interp(low, before, after) + (lab[:, 0] - low) * strand
        lightness = rolled_off(lightness, np.maximum(lab[:, 0], GLEAM), 100.0)
        tint = wanted.tint(lightness) + (lab[:, 1:] - was.tint(lab[:, 0])) * strays
        laid = np.concatenate([lightness[:, None], tint], 1).astype(np.float32)
        result[rows][held] = np.rint(255 * lab_to_srgb(laid)).astype(np.uint8)

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


def _tints(lab: Places) -> Places:
    """Return the mean a and b of colors, Nx3, at each of LEVELS; len(LEVELS)x2."""
    step = LEVELS[1]
    level = np.clip(np.rint(lab[:, 0] / step), 0, len(LEVELS) - 1).astype(np.intp)
    counts = np.bincount(level, minlength=len(LEVELS)) / len(lab)
    sums = [np.bincount(level, channel, len(LEVELS)) / len(lab) for channel in lab[:, 1:].T]
    near = np.exp(-(((LEVELS[:, None] - LEVELS) / TINT_SIGMA) ** 2) / 2)
    mean = lab[:, 1:].mean(0)
    tints: Places = (near @ np.stack(sums, 1) + FEW * mean) / (near @ counts + FEW)[:, None]
    return tints


def _stretched(was: Appearance, wanted: Appearance) -> Places:
    """Return where the shades of hair go: to those wanted, stretched no more than SHADES."""
    ours, theirs = (float(np.ptp(some.shades)) for some in (was, wanted))
    factor = min(1.0, SHADES * (ours + EVEN) / (theirs + EVEN))
    shades: Places = wanted.middle + (wanted.shades - wanted.middle) * factor
    return shades


def _knots(shades: Places) -> Places:
    """Return shades with black and white around them."""
    return np.concatenate([[0.0], shades, [100.0]])


def _factor(wanted: float, was: float, bounds: tuple[float, float]) -> float:
    return float(np.clip((wanted + EVEN) / (was + EVEN), *bounds))
