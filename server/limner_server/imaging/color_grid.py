"""A bilateral grid of affine color maps: what became of a small picture, done to a large one.

A generator sees 256 pixels a side. What it does to color, not what it does to strands, is kept: in
each cell of place and lightness a map from color to color, which any photo's own pixels go through.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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

STAY: Final = STAY_WEIGHT * np.eye(4)


@dataclass(frozen=True, eq=False)
class ColorGrid:
    """Affine maps of sRGB by place and lightness."""

    maps: Floats
    """ACROSS x ACROSS x LEVELS x 12 float32: for each of R, G, B the factors of R, G, B and an
    offset, in [0, 1]; rows first. Between the cells' middles the maps are mixed linearly, the
    outermost middles lie on the picture's edges."""


class GridFit:
    """Least squares of color maps, solved as far as can be before the new colors are known."""

    def __init__(self, before: Floats, weight: Floats) -> None:
        """Take what is to be mapped.

        Args:
            before: SxSx3 float32, sRGB in [0, 1].
            weight: SxS float32, at least 0: what counts, such as the share of hair.
        """
        place = np.nonzero(weight > 0)
        strength = weight[place]
        self._features = np.concatenate([before[place], np.ones((len(strength), 1))], 1)
        left = self._features[:, :, None] * self._features[:, None, :]
        self._spread = _spread(place, before[place] @ LUMA, strength, before.shape[0]).T
        cells = (self._spread @ left.reshape(-1, 16)).reshape(ACROSS, ACROSS, LEVELS, 16)
        self._level_share = LEVEL_WEIGHT / np.maximum(cells.sum((0, 1))[:, 15:], 1)
        self._whole_share = WHOLE_WEIGHT / max(cells[..., 15].sum(), 1)
        self._inverse = np.linalg.inv(self._held(cells).reshape(-1, 4, 4) + STAY)

    def grid(self, after: Floats) -> ColorGrid:
        """Return the maps that bring the colors that count nearest to others.

        Args:
            after: Nx3 float32, sRGB in [0, 1]: of the pixels that count, row by row.

        Returns:
            A grid over the picture. Equal colors give maps that change nothing.

        Source: Gharbi et al., Deep Bilateral Learning for Real-Time Image Enhancement, 2017, for
            the grid; there a network draws it, here it is least squares, held by the ridges above.
        """
        right = self._features[:, :, None] * after[:, None, :]
        cells = (self._spread @ right.reshape(-1, 12)).reshape(ACROSS, ACROSS, LEVELS, 12)
        sums = self._held(cells).reshape(-1, 4, 3) + STAY[:, :3]
        maps = (self._inverse @ sums).transpose(0, 2, 1)
        return ColorGrid(maps.reshape(ACROSS, ACROSS, LEVELS, 12).astype(np.float32))

    def _held(self, cells: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what cells say together with their neighbors, their level and the whole."""
        levels, whole = cells.sum((0, 1)), cells.sum((0, 1, 2))
        said = _with_neighbors(cells)
        said += self._level_share * levels
        said += self._whole_share * whole
        return said


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
    framed = np.pad(cells, ((1, 1), (1, 1), (0, 0), (0, 0)))
    tall = framed[:-2] + framed[1:-1] + framed[2:]
    around = tall[:, :-2] + tall[:, 1:-1] + tall[:, 2:]
    summed: NDArray[np.float64] = NEIGHBORLY * around + (1 - NEIGHBORLY) * cells
    return summed
