"""Image processing that turns a photo into an illustration: what the stylizer is taught to do.

Source: JP7469738B2, S205 to S230; colors are gathered in CIELAB rather than in RGB, and lines are
    as strong as their gradient, rather than there or not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data.filters import blurred
from limner_registry.color import srgb_to_lab
from limner_registry.palette import nearest_of, palette_of, toned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_registry.styles import Style

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

GRAY = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of sRGB in gray; ITU-R BT.601."""

FAINTEST = 0.02
"""Least gradient, in gray levels of [0, 1] times Sobel's own weights, that can be a full line: a
photo of fog has none."""

ROUNDING = 1e-6
"""Gradients up to this are what numbers are rounded by."""


@dataclass(frozen=True)
class Illustration:
    """A photo drawn in a style, and what it was drawn from; all of the photo's size."""

    picture: Bytes
    """HxWx3 uint8 sRGB."""
    smooth: Floats
    """HxWx3 sRGB in [0, 1]: the photo without its texture."""
    line: Floats
    """HxW in [0, 1]: how much of a pixel is line."""
    palette: Floats
    """Kx3 CIELAB: the colors of the smoothed photo, before they are toned."""


def illustrated(photo: Bytes, style: Style, rng: np.random.Generator) -> Illustration:
    """Return a photo drawn in a style.

    Args:
        photo: HxWx3 uint8 sRGB.
        style: Whose numbers are used.
        rng: Decides where the colors' centers begin.
    """
    smooth = smoothed(photo, style.smoothing)
    palette, flat = reduced(smooth, style.colors, rng)
    line = lines(smooth, style.line_from, style.line_full)
    picture = inked(toned(palette, style)[flat], line, style)
    return Illustration(picture, smooth, line, palette)


def smoothed(photo: Bytes, sigma: float) -> Floats:
    """Return HxWx3 sRGB in [0, 1] after a Gaussian of `sigma` pixels."""
    return blurred(photo.astype(np.float32) / np.float32(255), sigma)


def reduced(smooth: Floats, count: int, rng: np.random.Generator) -> tuple[Floats, Bytes]:
    """Return a picture's few colors, Kx3 CIELAB, and which of them each pixel takes, HxW uint8.

    Specks of one pixel take their neighbors' color.
    """
    height, width = smooth.shape[:2]
    lab = srgb_to_lab(smooth).reshape(-1, 3)
    palette = palette_of(lab, count, rng)
    nearest = nearest_of(lab, palette).astype(np.uint8).reshape(height, width)
    return palette, np.asarray(cv2.medianBlur(nearest, 3), np.uint8)


def gradient(smooth: Floats) -> Floats:
    """Return the length of Sobel's gradient of the gray picture, HxW, at least 0."""
    gray = smooth @ GRAY
    across = np.asarray(cv2.Sobel(gray, cv2.CV_32F, 1, 0), np.float32)
    down = np.asarray(cv2.Sobel(gray, cv2.CV_32F, 0, 1), np.float32)
    return np.hypot(across, down)


def lines(smooth: Floats, line_from: float, line_full: float) -> Floats:
    """Return how much of each pixel is line, HxW in [0, 1].

    Args:
        smooth: HxWx3 sRGB in [0, 1].
        line_from: Share of the pixels whose gradient is too weak for any line.
        line_full: Share whose gradient is too weak for a full one.
    """
    strength = gradient(smooth)
    weak, strong = (float(value) for value in np.quantile(strength, [line_from, line_full]))
    weak = max(weak, ROUNDING)
    strong = max(strong, weak + FAINTEST)
    return np.asarray(np.clip((strength - weak) / (strong - weak), 0, 1), np.float32)


def inked(flat: Floats, line: Floats, style: Style) -> Bytes:
    """Return flat colors with a style's ink over them, HxWx3 uint8 sRGB."""
    share = (line * np.float32(style.cover))[..., None]
    drawn = flat + share * (np.array(style.ink, np.float32) - flat)
    return np.asarray(drawn * 255 + 0.5).astype(np.uint8)
