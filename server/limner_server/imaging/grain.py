"""A photo's own noise: how strong it is, and more of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.light import LUMA

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Photo

GRAIN_SIGMA: Final = 0.6
"""Pixels by which noise is smoothed, as a camera's is."""

EVEN: Final = 0.4
"""Share of the pixels around a hole, the evenest ones, that tell the photo's noise."""

EVEN_SIGMA: Final = 0.5244
"""Deviations within which that share of a normal distribution lies."""

MOST_GRAIN: Final = 6.0
"""Of 255: more is texture."""

MAX_GRAIN: Final = 1_000_000
"""Pixels that are looked at for noise."""

TILE: Final = 256
"""Pixels a side of the noise that is laid over and over."""


def grain_of(photo: Photo, seen: Flags) -> float:
    """Return the standard deviation of a photo's noise, of 255, where it is evenest."""
    every = max(1, seen.size // MAX_GRAIN)
    gray = photo[::every] @ LUMA
    bend = np.abs(gray[:, 2:] - 2 * gray[:, 1:-1] + gray[:, :-2]) / np.sqrt(6)
    inside = seen[::every]
    own = bend[inside[:, 2:] & inside[:, 1:-1] & inside[:, :-2]]
    return float(min(np.quantile(own, EVEN) / EVEN_SIGMA, MOST_GRAIN)) if own.size else 0.0


def noise_of(seed: int) -> Floats:
    """Return noise of deviation 1, TILExTILE float32, that goes on beyond its edges."""
    white = np.random.default_rng(seed).standard_normal((TILE, TILE), np.float32)
    soft = cv2.GaussianBlur(
        cv2.copyMakeBorder(white, 4, 4, 4, 4, cv2.BORDER_WRAP), (0, 0), GRAIN_SIGMA
    )[4:-4, 4:-4]
    even: Floats = soft / soft.std()
    return even
