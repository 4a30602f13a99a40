"""The matting Laplacian's rows of the unknown pixels, and nothing of the rest.

PyMatting builds all of it: 400 bytes for every pixel of the photo. Here it is asked for one tile at
a time and only the unknown pixels' rows are kept, so that memory follows the band.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.sparse import csr_matrix

from limner_server.imaging.trimap import INSIDE, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Flags, Photo, Plane

TILE_PX: Final = 192
"""Edge of a tile: 15 MB of PyMatting's Laplacian at a time."""

HALO_PX: Final = 2
"""A pixel's row reaches two pixels far: its windows' centers one, their other ends one more."""

NEIGHBORS: Final = 25
"""Entries in a row: the pixels that share a 3x3 window with its own."""


@dataclass(frozen=True)
class System:
    """The equations of the unknown alphas: matrix @ alpha = right."""

    matrix: csr_matrix
    """NxN float64, symmetric, positive semidefinite; N unknown pixels in the photo's order."""
    right: NDArray[np.float64]
    """N float64: what the pixels that are surely inside pull."""


def system(photo: Photo, trimap: Plane, epsilon: float, check: Callable[[], None]) -> System:
    """Return the equations of closed-form matting for the unknown pixels.

    Args:
        photo: HxWx3 uint8, sRGB, at least 3 pixels a side.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
        epsilon: Regularizer of the windows' color covariance, of [0, 1] squared.
        check: Called before each tile; may raise to stop.

    Source: Levin, Lischinski and Weiss, A Closed-Form Solution to Natural Image Matting, PAMI
        2008, equation 12; known pixels eliminated as in Grady et al., Random Walks for
        Interactive Alpha-Matting, 2005.
    """
    unknown = trimap == UNKNOWN
    numbers = np.full(trimap.shape, -1, np.int32)
    count = int(np.count_nonzero(unknown))
    numbers[unknown] = np.arange(count, dtype=np.int32)
    right = np.zeros(count)
    pieces = []
    for outer, inner in _tiles(unknown):
        check()
        rows = numbers[outer][inner]
        rows = rows[rows >= 0]
        values, columns = _tile_rows(photo[outer], unknown[outer], inner, epsilon)
        near = numbers[outer].ravel()[columns]
        pulls = np.where(trimap[outer].ravel()[columns] == INSIDE, values, 0.0).sum(1)
        right[rows] = -pulls
        kept = (near >= 0) & (values != 0)
        row_of = np.broadcast_to(rows[:, None], near.shape)[kept]
        pieces.append((values[kept], row_of, near[kept]))
    values, rows, columns = (np.concatenate(part) for part in zip(*pieces, strict=True))
    pieces.clear()
    return System(csr_matrix((values, (rows, columns)), (count, count)), right)


def _tiles(unknown: Flags) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Yield each tile that holds unknown pixels: with its halo, and without it inside that."""
    height, width = unknown.shape
    for top in range(0, height, TILE_PX):
        for left in range(0, width, TILE_PX):
            if not unknown[top : top + TILE_PX, left : left + TILE_PX].any():
                continue
            spans = [_span(top, height), _span(left, width)]
            yield (spans[0][0], spans[1][0]), (spans[0][1], spans[1][1])


def _span(start: int, extent: int) -> tuple[slice, slice]:
    """Return a tile's pixels along one axis with its halo, and its own place inside that."""
    stop = min(start + TILE_PX, extent)
    first = max(0, min(start - HALO_PX, extent - 3))
    last = min(extent, max(stop + HALO_PX, 3))
    return slice(first, last), slice(start - first, stop - first)


def _tile_rows(
    photo: Photo, unknown: Flags, inner: tuple[slice, slice], epsilon: float
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Return the rows of a tile's unknown pixels: Nx25 values and Nx25 places in the tile."""
    from pymatting.laplacian.cf_laplacian import cf_laplacian  # noqa: PLC0415, see closed_form.warm

    colors = photo.astype(np.float64) / 255
    matrix = cf_laplacian(colors, epsilon, is_known=~unknown)
    wanted = np.zeros(unknown.shape, np.bool_)
    wanted[inner] = unknown[inner]
    chosen = wanted.ravel()
    values = matrix.data.reshape(-1, NEIGHBORS)[chosen]
    return values, matrix.indices.reshape(-1, NEIGHBORS)[chosen].astype(np.intp)
