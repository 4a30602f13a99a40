"""Bodies as distances: ellipsoids and capsules, melted together, and the surface between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import F32, I32, Array, f32

if TYPE_CHECKING:
    from collections.abc import Sequence


def ellipsoid(
    points: Array, center: Sequence[float], radii: Sequence[float], turn: Array | None = None
) -> Array:
    """Return about the distance to an ellipsoid, negative inside.

    Source: Quilez, Ellipsoid: signed distance bound, 2008.
    """
    away: Array = points - np.asarray(center, np.float32)
    if turn is not None:
        away = away @ turn.astype(np.float32)
    scale = np.asarray(radii, np.float32)
    once = np.linalg.norm(away / scale, axis=-1)
    twice = np.linalg.norm(away / scale**2, axis=-1) + 1e-6
    return once * (once - 1) / twice  # type: ignore[no-any-return]


def capsule(points: Array, ends: Sequence[Sequence[float]], radii: tuple[float, float]) -> Array:
    """Return the distance to a rod whose radius goes from one to the other."""
    a, b = (np.asarray(end, np.float32) for end in ends)
    way = b - a
    share = np.clip(((points - a) @ way) / (way @ way), 0, 1)
    middle = a + share[..., None] * way
    return np.linalg.norm(points - middle, axis=-1) - (radii[0] + (radii[1] - radii[0]) * share)  # type: ignore[no-any-return]


def melt(one: Array, other: Array, width: float) -> Array:
    """Return the union of two bodies with a fillet of some width between them."""
    share = np.clip(0.5 + 0.5 * (other - one) / width, 0, 1)
    return other * (1 - share) + one * share - width * share * (1 - share)  # type: ignore[no-any-return]


def carve(body: Array, hole: Array, width: float) -> Array:
    """Return a body without what another fills, the edge rounded."""
    return -melt(-body, hole, width)


def surface(distance: Array, low: Array, cell: float) -> tuple[F32, I32]:
    """Return the surface where a field on a grid is zero.

    Args:
        distance: (z, y, x), negative inside; its border must be outside.
        low: Where distance[0, 0, 0] lies: x, y, z.
        cell: Distance between grid points.

    Returns:
        Vertices float32 (n, 3) and triangles int32 (m, 3), counterclockwise seen from outside.

    Source: Gibson, Constrained Elastic Surface Nets, MICCAI 1998, without the relaxation.
    """
    inside = distance < 0
    mixed = np.zeros(tuple(n - 1 for n in distance.shape), np.int8)
    for corner in np.ndindex(2, 2, 2):
        mixed += inside[
            tuple(slice(c, n - 1 + c) for c, n in zip(corner, inside.shape, strict=True))
        ]
    crossed = (mixed > 0) & (mixed < 8)
    number = np.full(crossed.shape, -1, np.int32)
    cells = np.argwhere(crossed)
    number[crossed] = np.arange(len(cells), dtype=np.int32)
    vertices = low + (_crossings(distance, cells)[:, ::-1]) * cell
    return f32(vertices), _triangles(inside, number)


def _crossings(distance: Array, cells: Array) -> Array:
    """Return the mean of where each cell's edges cross zero, in grid steps (z, y, x)."""
    total, count = np.zeros((len(cells), 3)), np.zeros(len(cells))
    for axis in range(3):
        step = np.eye(3, dtype=int)[axis]
        for corner in np.ndindex(2, 2):
            start = np.insert(np.array(corner), axis, 0)
            near = distance[tuple((cells + start).T)]
            far = distance[tuple((cells + start + step).T)]
            crosses = (near < 0) != (far < 0)
            share = np.where(crosses, near / np.where(crosses, near - far, 1), 0)
            total += np.where(crosses[:, None], start + share[:, None] * step, 0)
            count += crosses
    return cells + total / count[:, None]


def _triangles(inside: Array, number: I32) -> I32:
    """Return two triangles for every grid edge whose ends differ."""
    parts = []
    for axis, (one, other) in enumerate(((1, 2), (2, 0), (0, 1))):
        near = inside.take(range(inside.shape[axis] - 1), axis)
        far = inside.take(range(1, inside.shape[axis]), axis)
        edges = np.argwhere(near != far)
        edges = edges[(edges[:, one] > 0) & (edges[:, other] > 0)]
        outward = near[tuple(edges.T)]
        quad = []
        for a, b in ((0, 0), (1, 0), (1, 1), (0, 1)):
            cell = edges.copy()
            cell[:, one] -= a
            cell[:, other] -= b
            quad.append(number[tuple(cell.T)])
        corners = np.stack(quad, 1)
        # axes are z, y, x: their handedness is the mirror of x, y, z
        corners = np.where(outward[:, None], corners[:, ::-1], corners)
        parts += [corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]]
    return np.ascontiguousarray(np.concatenate(parts), np.int32)
