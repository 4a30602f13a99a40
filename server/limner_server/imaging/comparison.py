"""Pixels compared with what is surely hair and surely not: a second opinion on an alpha."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from scipy.spatial import cKDTree

from limner_server.imaging.strips import each_strip
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo, Plane

RING_PX: Final = 9
"""How far from the unknown a known pixel may lie to be a sample."""

CELL: Final = 6
"""Pixels a side whose known pixels make one sample: their mean color and place."""

BLOCK: Final = 16
"""Pixels a side that share their nearest samples."""

NEAREST: Final = 6
"""Samples of hair and samples of what it is not that a pixel is compared with."""

DOUBT: Final = 12.0
"""Percent of sRGB left unexplained at which the comparison has lost most of its say."""

SAY: Final = 0.5
"""The most that the comparison counts for, where the network is of two minds."""


@dataclass(frozen=True, eq=False)
class Sure:
    """What surely is hair, or surely is not, along the unknown part of a trimap."""

    samples: Floats
    """Nx5: color in percent of sRGB, row, column."""
    nearest: NDArray[np.intp]
    """Rows x columns x at most NEAREST: of each block of BLOCK pixels a side, into `samples`."""


def sure_sides(photo: Photo, trimap: Plane) -> tuple[Sure, Sure] | None:
    """Return what surely is hair and what surely is not; None where one of them is nowhere near.

    Args:
        photo: HxWx3 uint8, sRGB.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
    """
    unknown = trimap == UNKNOWN
    near = cv2.dilate(unknown.view(np.uint8), np.ones((2 * RING_PX + 1,) * 2, np.uint8)) > 0
    samples = [_samples(photo, near & (trimap == side)) for side in (INSIDE, OUTSIDE)]
    if not all(len(some) for some in samples):
        return None
    hair, behind = (Sure(some, _nearest(some, trimap.shape)) for some in samples)
    return hair, behind


def compared(photo: Photo, trimap: Plane, alpha: Matte, sides: tuple[Sure, Sure] | None) -> Matte:
    """Return an alpha in which doubtful pixels were compared with sure ones nearby.

    A pixel's color is explained as a mixture of one sample of hair and one of what lies around
    it. Where that leaves little over and the two differ, its share counts the more, the less
    sure the network is.

    Args:
        photo: HxWx3 uint8, sRGB.
        trimap: HxW uint8: INSIDE, OUTSIDE, UNKNOWN.
        alpha: HxW float32 in [0, 1].
        sides: From `sure_sides` of the two; None leaves the alpha as it is.

    Returns:
        HxW float32 in [0, 1]; 1 inside and 0 outside.

    Source: JP6921924B2 (S103) compares pixels of the boundary with features of both sides; METHODS
        B.e3 reads it as a search for the best pair of samples. Its features of a network are left
        out: the network answers alpha alone.
    """
    from limner_server.imaging.pairs import compare_rows  # noqa: PLC0415, see loops.warm

    # machine code is made for one kind of array, contiguous and writable
    share = np.array(alpha, np.float32, order="C")
    known = np.array(trimap, order="C")
    share[known == INSIDE], share[known == OUTSIDE] = 1, 0
    if sides is None:
        return share
    hair, behind = ((side.samples, side.nearest) for side in sides)
    colors = np.array(photo, order="C")

    def compare_strip(rows: slice) -> None:
        ends = (rows.start, rows.stop)
        compare_rows(colors, known, hair, behind, (BLOCK, SAY, DOUBT), ends, share)

    each_strip(0, len(share), compare_strip)
    return share


def _samples(photo: Photo, among: Flags) -> Floats:
    """Return the mean color and place of what is marked in each cell, Nx5 float32."""
    rows, columns = np.nonzero(among)
    cells = (rows // CELL) * (among.shape[1] // CELL + 1) + columns // CELL
    _, number, count = np.unique(cells, return_inverse=True, return_counts=True)
    values = np.column_stack([photo[rows, columns] * np.float32(100 / 255), rows, columns])
    sums = [np.bincount(number, values[:, k], len(count)) for k in range(5)]
    return (np.stack(sums, 1) / count[:, None]).astype(np.float32)


def _nearest(samples: Floats, shape: tuple[int, ...]) -> NDArray[np.intp]:
    """Return the nearest samples of each block, rows x columns x at most NEAREST."""
    rows, columns = (-(-extent // BLOCK) for extent in shape)
    y, x = np.mgrid[:rows, :columns] * BLOCK + BLOCK / 2
    count = min(NEAREST, len(samples))
    _, places = cKDTree(samples[:, 3:]).query(np.stack([y.ravel(), x.ravel()], 1), count)
    return np.asarray(places, np.intp).reshape(rows, columns, count)
