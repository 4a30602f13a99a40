"""A bilateral grid of affine color maps: what became of a small picture, done to a large one.

A generator sees 256 pixels a side. What it does to color, not what it does to strands, is kept: in
each cell of place and lightness a map from color to color, which any photo's own pixels go through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from scipy.sparse import csr_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats

ACROSS: Final = 16
"""Cells along each side of the picture; one is 16 of 256 pixels."""

LEVELS: Final = 8
"""Cells of lightness."""

LUMA: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""What lightness is told by: ITU-R BT.601's weights, on sRGB as it stands."""

NEIGHBORLY: Final = 0.5
"""Share of its own weight that each of a cell's eight neighbors in place adds."""

LEVEL_WEIGHT: Final = 2.0
"""Pixels' worth of what all cells of the same lightness say, in every one of them."""

WHOLE_WEIGHT: Final = 0.2
"""Pixels' worth of what the whole picture says, in every cell."""

STAY_WEIGHT: Final = 0.002
"""Pixels' worth of "no change": where nothing else is said, colors stay."""


@dataclass(frozen=True, eq=False)
class ColorGrid:
    """Affine maps of sRGB by place and lightness."""

    maps: Floats
    """ACROSS x ACROSS x LEVELS x 12 float32: for each of R, G, B the factors of R, G, B and an
    offset, in [0, 1]; rows first. Between the cells' middles the maps are mixed linearly, the
    outermost middles lie on the picture's edges."""


def fit_grid(before: Floats, after: Floats, weight: Floats) -> ColorGrid:
    """Return the maps that bring one picture nearest to another.

    Args:
        before: SxSx3 float32, sRGB in [0, 1].
        after: SxSx3 float32, sRGB in [0, 1].
        weight: SxS float32, at least 0: what counts, such as the share of hair.

    Returns:
        A grid over the picture. Equal pictures give maps that change nothing.

    Source: Gharbi et al., Deep Bilateral Learning for Real-Time Image Enhancement, 2017, for the
        grid; there a network draws it, here it is least squares, held by the ridges above.
    """
    place = np.nonzero(weight > 0)
    strength = weight[place]
    features = np.concatenate([before[place], np.ones((len(strength), 1), np.float32)], 1)
    left = features[:, :, None] * features[:, None, :]
    right = features[:, :, None] * after[place][:, None, :]
    moments = np.concatenate([left.reshape(-1, 16), right.reshape(-1, 12)], 1)
    spread = _spread(place, before[place] @ LUMA, strength, before.shape[0])
    cells = (spread.T @ moments).reshape(ACROSS, ACROSS, LEVELS, 28)
    levels, whole = cells.sum((0, 1)), cells.sum((0, 1, 2))
    cells = _with_neighbors(cells)
    cells += LEVEL_WEIGHT * levels / np.maximum(levels[:, 15:16], 1)
    cells += WHOLE_WEIGHT * whole / max(whole[15], 1)
    stay = np.eye(4) * STAY_WEIGHT
    a = cells[..., :16].reshape(-1, 4, 4) + stay
    b = cells[..., 16:].reshape(-1, 4, 3) + stay[:, :3]
    maps = np.linalg.solve(a, b).transpose(0, 2, 1)
    return ColorGrid(maps.reshape(ACROSS, ACROSS, LEVELS, 12).astype(np.float32))


def _spread(
    place: tuple[NDArray[np.intp], ...], luma: Floats, strength: Floats, side: int
) -> csr_matrix:
    """Return the share that each pixel has in each cell, NxCELLS."""
    axes = [
        _between((place[0] + 0.5) / side * (ACROSS - 1), ACROSS),
        _between((place[1] + 0.5) / side * (ACROSS - 1), ACROSS),
        _between(luma * (LEVELS - 1), LEVELS),
    ]
    columns, shares = np.zeros((len(luma), 1), np.intp), strength[:, None].astype(np.float64)
    for extent, (low, share) in zip((ACROSS, ACROSS, LEVELS), axes, strict=True):
        ends = np.stack([low, low + 1], 1)
        parts = np.stack([1 - share, share], 1)
        columns = (columns[:, :, None] * extent + ends[:, None]).reshape(
            len(luma), 2 * columns.shape[1]
        )
        shares = (shares[:, :, None] * parts[:, None]).reshape(columns.shape)
    starts = np.arange(0, columns.size + 1, 8)
    size = (len(luma), ACROSS * ACROSS * LEVELS)
    return csr_matrix((shares.ravel(), columns.ravel(), starts), size)


def _between(
    position: NDArray[np.float32] | NDArray[np.float64], extent: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the cell below each position along an axis, and the share of the one above."""
    position = np.clip(np.asarray(position, np.float64), 0, extent - 1)
    low = np.minimum(position.astype(np.intp), extent - 2)
    return low, position - low


def _with_neighbors(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    kernel = np.full((3, 3), NEIGHBORLY)
    kernel[1, 1] = 1
    flat = cells.reshape(ACROSS, ACROSS, -1)
    planes = [
        cv2.filter2D(flat[..., i : i + 4], cv2.CV_64F, kernel, borderType=cv2.BORDER_CONSTANT)
        for i in range(0, flat.shape[-1], 4)
    ]
    summed: NDArray[np.float64] = np.concatenate(planes, -1).astype(np.float64)
    return summed.reshape(cells.shape)
