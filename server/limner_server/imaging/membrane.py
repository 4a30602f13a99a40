"""Membranes: the smoothest surface over a hole that meets what is known around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats

SWEEPS: Final = 24
"""Rounds of relaxation at each size."""

COARSEST: Final = 2
"""Pixels of the shorter edge below which nothing is left to halve."""

CROSS: Final = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], np.float32) / np.float32(4)
"""The mean of a pixel's four neighbors."""


def stretched_over(known: Floats, is_known: Flags) -> Floats:
    """Return values with the unknown ones filled by a membrane.

    Every unknown pixel comes near the mean of its four neighbors; none lies beyond the least and
    the largest that is known.

    Args:
        known: HxWxC float32; what it holds where nothing is known does not count.
        is_known: HxW bool, with at least one true.

    Source: Gortler et al., The Lumigraph, SIGGRAPH 1996, for pulling and pushing; relaxed at each
        size towards Laplace's equation as Perez et al., Poisson Image Editing, SIGGRAPH 2003.
    """
    weight = is_known.astype(np.float32)
    return _filled(known * weight[..., None], weight)


def _filled(held: Floats, weight: Floats) -> Floats:
    """Return held values over their weight where that is above 0, and a membrane elsewhere."""
    height, width = weight.shape
    values: Floats = held / np.maximum(weight, np.float32(1e-6))[..., None]
    missing = weight <= 0
    if not missing.any():
        return values
    if min(height, width) < COARSEST:
        values[missing] = held.sum((0, 1)) / weight.sum()
        return values
    size = -(-width // 2), -(-height // 2)
    even = cv2.copyMakeBorder(
        np.dstack((held, weight)), 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT
    )
    fewer = np.asarray(cv2.resize(even, size, interpolation=cv2.INTER_AREA), np.float32)
    coarse = _filled(fewer[..., :-1], fewer[..., -1])
    wide = cv2.resize(coarse, (2 * size[0], 2 * size[1]), interpolation=cv2.INTER_LINEAR)
    values[missing] = wide.reshape(2 * size[1], 2 * size[0], -1)[:height, :width][missing]
    for _ in range(SWEEPS):
        mean = cv2.filter2D(values, -1, CROSS, borderType=cv2.BORDER_REPLICATE)
        values[missing] = mean.reshape(values.shape)[missing]
    return values
