"""How like two pictures are: by their pixels, their structure, and their edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Floats = NDArray[np.float64]

WEAK, STRONG = 60, 160
"""Canny's thresholds."""
NEAR = 1
"""Pixels by which an edge may be off."""
FAINT = 0.05
"""Mean square error, in steps of 255, that counts as none: 61 decibels."""


@dataclass(frozen=True)
class Likeness:
    """How near one picture comes to another; higher is nearer."""

    psnr: float
    """Ratio of the largest signal to the noise, in decibels; infinite where they are equal."""
    ssim: float
    """Structural similarity, at most 1."""
    edge_f: float
    """Harmonic mean of the shares of edges that have one in the other picture, in [0, 1]."""


def likeness(one: Bytes, other: Bytes) -> Likeness:
    """Return how near two pictures of the same size, HxWx3 uint8 sRGB, come."""
    similar, _ = structure(one, other)
    psnr = math.inf if np.array_equal(one, other) else peak_signal_noise_ratio(other, one)
    return Likeness(float(psnr), similar, edge_f(one, other))


def structure(one: Bytes, other: Bytes) -> tuple[float, Floats]:
    """Return how alike two pictures, HxWx3 uint8 sRGB, are built: in the mean, and where.

    Returns:
        Structural similarity, at most 1; and HxWx3, the same around each pixel in each channel.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity,
        2004, with its Gaussian window.
    """
    mean, around = structural_similarity(
        *(one, other),
        channel_axis=-1,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        full=True,
    )
    return float(mean), around


def psnr_within(one: Bytes, other: Bytes, where: NDArray[np.bool_]) -> float:
    """Return the ratio of the largest signal to the noise within a part, HxW, in decibels.

    Pictures that are equal there count as FAINT apart, so that means of it stay finite.
    """
    error = (one[where].astype(np.float64) - other[where]) ** 2
    return float(10 * np.log10(255**2 / max(float(error.mean()), FAINT)))


def edge_f(one: Bytes, other: Bytes) -> float:
    """Return how well the edges of two pictures, HxWx3 uint8 sRGB, agree, in [0, 1]."""
    edges = [_edges(each) for each in (one, other)]
    around = [cv2.dilate(each, np.ones((2 * NEAR + 1, 2 * NEAR + 1), np.uint8)) for each in edges]
    found = _share(edges[0], around[1])
    met = _share(edges[1], around[0])
    return 2 * found * met / (found + met) if found + met else 0.0


def edge_share(picture: Bytes) -> float:
    """Return the share of a picture's pixels, HxWx3 uint8 sRGB, that lie on edges, in [0, 1]."""
    return float((_edges(picture) > 0).mean())


def _edges(picture: Bytes) -> NDArray[Any]:
    return cv2.Canny(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), WEAK, STRONG)


def _share(edges: NDArray[Any], around: NDArray[Any]) -> float:
    """Return the share of edge pixels that lie in the other's neighborhood; 1 where are none."""
    there = edges > 0
    return float((around[there] > 0).mean()) if there.any() else 1.0
