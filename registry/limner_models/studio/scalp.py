"""Where hair grows: the hairline, and roots scattered over the scalp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import F32, F64, Array, f32, tangent, unit_vectors
from limner_models.studio.assets import CENTER, Assets, mean_corners

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.params import Hair

AZIMUTHS = (0, 25, 45, 58, 66, 74, 84, 96, 108, 125, 150, 180)
ELEVATIONS = (27, 27, 24, 19, 6, -3, -2, 4, -22, -34, -39, -40)
"""A hairline, degrees: over the forehead, down the temple, over the ear, down to the nape."""
CROWN = np.array([0.05, 0.72, -0.35])
"""Where hair whorls, relative to the middle of the skull."""
SOFT = np.radians(5)
"""Width over which the hairline thins out."""


def hairline(azimuth: Array, hair: Hair) -> F64:
    """Return the lowest elevation of hair, radians, at azimuths around the head, radians."""
    around = np.abs(np.degrees(azimuth))
    line = np.interp(around, AZIMUTHS, ELEVATIONS) + hair.line * 2.2 * (around < 60)
    temples = 16 * np.exp(-(((around - 32) / 16) ** 2)) + 5 * np.exp(-((around / 30) ** 2))
    line = line + hair.recede * temples
    phase = hair.dials.hairline * 2 * np.pi
    uneven = 1.5 * np.sin(azimuth * 9 + phase) + 1.1 * np.sin(azimuth * 17 + phase * 2.7)
    uneven += 0.7 * np.sin(azimuth * 41 + phase * 5.1)
    return np.asarray(np.radians(line + uneven))


def coverage(head: Assets, hair: Hair) -> F32:
    """Return how densely each vertex is covered with hair roots, in [0, 1]."""
    above = head.elevation - hairline(head.azimuth, hair)
    allowed = (head.regions["ears"] < 0.25) & (head.rest[:, 1] > 6.5)
    dense = np.clip(above / SOFT + 0.3, 0, 1) * allowed
    if hair.style == "bald":
        around, up = np.abs(np.degrees(head.azimuth)), np.degrees(head.elevation)
        wreath = np.clip((around - 70) / 15, 0, 1) * np.clip((38 - up) / 10, 0, 1)
        dense *= wreath * (hair.dials.rim >= BARE)
    elif hair.recede > THINNING:
        up = np.degrees(head.elevation)
        bare = np.exp(-(((up - 62) / 24) ** 2)) * (np.abs(np.degrees(head.azimuth)) > 60)
        dense *= 1 - np.clip((hair.recede - THINNING) * 1.2, 0, 0.9) * bare
    return f32(dense)


BARE = 0.5
"""Bald heads with a lower dial have not even a wreath."""
THINNING = 0.9
"""Hairlines that have receded further come with a thin crown."""


@dataclass(frozen=True)
class Roots:
    """Points that strands grow from; (n, ...) each."""

    position: F32
    normal: F32
    """In the posed world."""
    rest: F32
    azimuth: Array
    """Degrees from the front, without sign."""
    elevation: Array
    """Degrees."""
    local: F32
    """Relative to the middle of the skull at rest."""
    upright: Array
    """The normal in the head's own frame."""
    draws: Generator

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.position)

    @property
    def front(self) -> Array:
        """How much a root belongs to the forelock, in [0, 1]."""
        return np.clip((self.local[:, 2] - 0.35) / 0.5, 0, 1) * np.clip(
            (self.elevation - 25) / 15, 0, 1
        )

    @property
    def top(self) -> Array:
        """How much it belongs to the top."""
        return np.clip((self.elevation - 35) / 20, 0, 1)

    @property
    def back(self) -> Array:
        """How much it belongs to the back of the head."""
        return np.clip((self.azimuth - 100) / 30, 0, 1)

    @property
    def sides(self) -> Array:
        """How much it belongs to what barbers cut short."""
        return np.clip((45 - self.elevation) / 25, 0, 1)

    @property
    def whorl(self) -> Array:
        """Unit directions along the scalp away from the crown."""
        return unit_vectors(tangent(self.local - CROWN, self.upright) + 1e-4)

    def toward(self, x: Array | float, y: Array | float, z: Array | float) -> Array:
        """Return unit directions along the scalp nearest to a direction of the head."""
        spread = np.broadcast_arrays(x, y, z, np.empty(self.count))[:3]
        return unit_vectors(tangent(np.stack(spread, -1).astype(np.float64), self.upright))

    def parted(self, part: float) -> Array:
        """Return on which side of the parting each root is, -1 or 1, a few by mistake."""
        return np.sign(self.local[:, 0] - part + self.draws.normal(0, 0.012, self.count))


@dataclass(frozen=True)
class Spots:
    """Points scattered over triangles: which triangle, and where on it."""

    corners: Array
    weights: F32

    def at(self, values: Array) -> Array:
        """Return a vertex attribute, (n,) or (n, k), at the points."""
        return np.einsum("nk,nk...->n...", self.weights, values[self.corners])  # type: ignore[no-any-return]


def scatter(
    draws: Generator, triangles: Array, vertices: F32, count: int, density: Array | None = None
) -> Spots:
    """Scatter points over triangles by area, times a density at each triangle where given."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    if density is not None:
        area = area * density
    bounds = np.cumsum(area)
    chosen = np.searchsorted(bounds, draws.random(count) * bounds[-1], side="right")
    chosen = np.minimum(chosen, len(triangles) - 1)
    u, v = np.sqrt(draws.random(count, np.float32)), draws.random(count, np.float32)
    return Spots(triangles[chosen], np.stack([1 - u, u * (1 - v), u * v], -1))


def plant(
    draws: Generator, head: Assets, posed: tuple[F32, F32, F64], dense: F32, count: int
) -> Roots:
    """Scatter roots over the scalp.

    Args:
        draws: Where randomness comes from.
        head: The mesh at rest.
        posed: Its vertices and normals in the world, and the head's turn.
        dense: (vertices,) density of hair.
        count: How many roots.
    """
    vertices, normals, turn = posed
    density = mean_corners(dense, head.triangles[head.skin])
    kept = density > 0.02
    spots = scatter(draws, head.triangles[head.skin[kept]], vertices, count, density[kept])
    normal = unit_vectors(spots.at(normals))
    rest = spots.at(head.rest).astype(np.float32)
    local = (rest - CENTER).astype(np.float32)
    flat = np.hypot(local[:, 0], local[:, 2])
    return Roots(
        position=spots.at(vertices).astype(np.float32),
        normal=normal.astype(np.float32),
        rest=rest,
        azimuth=np.abs(np.degrees(np.arctan2(local[:, 0], local[:, 2]))),
        elevation=np.degrees(np.arctan2(local[:, 1], flat)),
        local=local,
        upright=normal @ turn,
        draws=draws,
    )
