"""Thin-plate splines: the smoothest bending of the plane that brings points to others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.guided import rows_resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats

    Places = NDArray[np.float64]
    """Nx2: (x, y)."""

NODES: Final = 96
"""Along the longer edge of what a spline is laid out over: bending is read between them."""

TINY: Final = 1e-9
"""Shares of the points' spread that are none."""

DIMENSIONS: Final = 2


@dataclass(frozen=True, eq=False)
class Spline:
    """A map of the plane, fitted by `spline_of`."""

    centers: Places
    """Where it was fitted, in its own frame."""
    weights: Places
    """(N+3)x2: how much each center bends it, then offset and linear part."""
    middle: Places
    """2: of the frame, in the caller's units."""
    unit: float
    """Of the frame, in the caller's units; above 0."""

    def at(self, points: Places) -> Places:
        """Return where points go, Nx2 float64."""
        own = (np.asarray(points, np.float64) - self.middle) / self.unit
        mapped: Places = _basis(own, self.centers) @ self.weights
        return mapped


@dataclass(frozen=True, eq=False)
class Lattice:
    """A map laid out over pixels: known at every so many of them, read between."""

    nodes: Floats
    """(n+2)x(m+2)x2 float32; the outermost lie beyond the pixels."""
    step: int
    """Pixels between nodes."""

    def rows(self, rows: slice, width: int) -> Floats:
        """Return where the pixels of some rows go, nxwidthx2 float32."""
        high, wide = (extent * self.step for extent in self.nodes.shape[:2])
        shifted = slice(rows.start + self.step, rows.stop + self.step)
        return rows_resized(self.nodes, shifted, high, wide)[:, self.step : self.step + width]


def spline_of(sources: Places, targets: Places, smoothing: float = 0.0) -> Spline:
    """Return the smoothest map that brings points to others.

    Args:
        sources: Nx2, N at least 3, not all on one line, no two the same.
        targets: Nx2: where they go.
        smoothing: How much bending costs beside what is left between points and targets, in units
            of the points' own spread; 0 brings every point exactly to its target. An affine map
            bends nothing, and is met exactly at any smoothing.

    Raises:
        ValueError: All points lie on one line.

    Source: Bookstein, Principal Warps, PAMI 1989; smoothed as in Wahba, Spline Models for
        Observational Data, 1990, chapter 2.
    """
    points, wanted = (np.asarray(some, np.float64) for some in (sources, targets))
    middle, count = points.mean(0), len(points)
    unit = float(np.sqrt(((points - middle) ** 2).sum(1).mean()))
    centers = (points - middle) / max(unit, TINY)
    if np.linalg.matrix_rank(centers, TINY) < DIMENSIONS:
        raise ValueError("all points lie on one line: nothing is known beside it")
    system = np.zeros((count + 3, count + 3))
    system[:count] = _basis(centers, centers)
    system[:count, :count] += smoothing * count * np.eye(count)
    system[count:, :count] = system[:count, count:].T
    weights = np.linalg.solve(system, np.concatenate([wanted, np.zeros((3, 2))]))
    return Spline(centers, weights, middle, unit)


def laid_out(spline: Spline, rows: slice, columns: slice) -> Lattice:
    """Return where the pixels of a part of a photo go.

    Args:
        spline: Maps (x, y) in pixels.
        rows: Of the photo.
        columns: Of the photo.
    """
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    step = max(1, -(-max(high, wide) // NODES))
    down, across = (
        start + (np.arange(-1, -(-extent // step) + 1) + 0.5) * step - 0.5
        for start, extent in ((rows.start, high), (columns.start, wide))
    )
    places = np.stack(np.meshgrid(across, down), -1)
    nodes = spline.at(places.reshape(-1, 2)).reshape(places.shape)
    return Lattice(nodes.astype(np.float32), step)


def _basis(points: Places, centers: Places) -> Places:
    """Return what each center says at each point, r^2 log r^2, then 1, x and y; Mx(N+3)."""
    squares = ((points[:, None] - centers) ** 2).sum(-1)
    bent = squares * np.log(np.where(squares > 0, squares, 1.0))
    return np.concatenate([bent, np.ones((len(points), 1)), points], axis=1)
