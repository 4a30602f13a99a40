"""Values on a regular grid in space: reading between its points, spreading into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import compiled, inlined, lean

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32
    from limner_models.studio.kernels.compiled import Real, Whole


class Field(NamedTuple):
    """Values at the points of a regular grid."""

    values: F32
    """(z, y, x), contiguous."""
    origin: F32
    """Where values[0, 0, 0] lies: x, y, z in decimeters."""
    cell: np.float32
    """Distance between neighbors, decimeters."""


@inlined
def place(field: Field, axis: Whole, coordinate: Real) -> tuple[Whole, Real]:
    """Return the grid point below a coordinate (axis 0 is x) and the share beyond it."""
    last = field.values.shape[2 - axis]
    scaled = (coordinate - field.origin[axis]) / field.cell
    clamped = np.float32(min(max(scaled, np.float32(0)), np.float32(last - 1.001)))
    below = int(clamped)
    return below, np.float32(clamped - below)


@inlined
def value_at(field: Field, x: Real, y: Real, z: Real) -> Real:
    """Return a field's value at a point, trilinear; outside, that of the nearest border."""
    i, u = place(field, 0, x)
    j, v = place(field, 1, y)
    k, w = place(field, 2, z)
    g = field.values
    near = g[k, j, i] * (1 - u) + g[k, j, i + 1] * u
    far = g[k, j + 1, i] * (1 - u) + g[k, j + 1, i + 1] * u
    near_up = g[k + 1, j, i] * (1 - u) + g[k + 1, j, i + 1] * u
    far_up = g[k + 1, j + 1, i] * (1 - u) + g[k + 1, j + 1, i + 1] * u
    return np.float32((near * (1 - v) + far * v) * (1 - w) + (near_up * (1 - v) + far_up * v) * w)


@compiled
def values_at(field: Field, points: F32) -> F32:
    """Return a field's values, float32 (n,), at points (n, 3)."""
    values = np.empty(len(points), np.float32)
    for n in range(len(points)):
        values[n] = value_at(field, points[n, 0], points[n, 1], points[n, 2])
    return values


@inlined
def outward(field: Field, x: Real, y: Real, z: Real) -> tuple[Real, Real, Real]:
    """Return the unit vector along which a distance field grows."""
    e = np.float32(0.7) * field.cell
    a = value_at(field, x + e, y, z) - value_at(field, x - e, y, z)
    b = value_at(field, x, y + e, z) - value_at(field, x, y - e, z)
    c = value_at(field, x, y, z + e) - value_at(field, x, y, z - e)
    length = np.float32(np.sqrt(a * a + b * b + c * c) + np.float32(1e-6))
    return a / length, b / length, c / length


@lean
def spread(field: Field, strands: F32, weight: Real) -> None:
    """Add strands' lengths times `weight` to a density field, in place.

    Args:
        field: The density, changed; what lies outside is dropped.
        strands: (n, points, 3) float32, decimeters.
        weight: Density that one decimeter of strand adds to one cell.
    """
    depth, height, width = field.values.shape
    g = field.values
    for n in range(strands.shape[0]):
        for k in range(strands.shape[1] - 1):
            a, b = strands[n, k], strands[n, k + 1]
            dx, dy, dz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
            x = (np.float32(0.5) * (a[0] + b[0]) - field.origin[0]) / field.cell
            y = (np.float32(0.5) * (a[1] + b[1]) - field.origin[1]) / field.cell
            z = (np.float32(0.5) * (a[2] + b[2]) - field.origin[2]) / field.cell
            inside = 0 <= x < width - 1 and 0 <= y < height - 1 and 0 <= z < depth - 1
            if not inside:
                continue
            i, j, m = int(x), int(y), int(z)
            u, v, w = x - i, y - j, z - m
            mass = weight * np.sqrt(dx * dx + dy * dy + dz * dz)
            for c in range(8):
                p, q, r = c & 1, (c >> 1) & 1, c >> 2
                share = (u if p else 1 - u) * (v if q else 1 - v) * (w if r else 1 - w)
                g[m + r, j + q, i + p] += np.float32(mass * share)


@compiled
def optical_depth(density: F32, cell: Real, toward: F32, depth: F32) -> None:
    """Write how much of a density lies between each grid point and a far light.

    Planes across the direction's main axis are walked from the light on, each reading the one
    before it: one visit per cell, whatever the direction.

    Args:
        density: (z, y, x) float32, per decimeter.
        cell: Distance between grid points, decimeters.
        toward: (3,) float32, unit vector to the light: x, y, z.
        depth: (z, y, x) float32, written.
    """
    main = int(np.argmax(np.abs(toward)))
    one, other = (main + 1) % 3, (main + 2) % 3
    slope = abs(toward[main])
    slip_one, slip_other = toward[one] / slope, toward[other] / slope
    half = np.float32(0.5 * cell * np.sqrt(1 + slip_one * slip_one + slip_other * slip_other))
    # views whose first axis is the main one; strides do the turning
    turned = (2 - main, 2 - one, 2 - other)
    dense, deep = density.transpose(turned), depth.transpose(turned)
    if toward[main] > 0:
        dense, deep = dense[::-1], deep[::-1]
    deep[0] = half * dense[0]
    for i in range(1, dense.shape[0]):
        _plane(dense[i - 1], deep[i - 1], dense[i], deep[i], (slip_one, slip_other, half))


@inlined
def _plane(
    near_density: F32, near: F32, density: F32, depth: F32, slip: tuple[Real, Real, Real]
) -> None:
    """Write one plane's optical depth from that of the plane nearer to the light."""
    slip_one, slip_other, half = slip
    last_j, last_k = depth.shape[0] - 1, depth.shape[1] - 1
    step_j, step_k = int(np.floor(slip_one)), int(np.floor(slip_other))
    v, w = np.float32(slip_one - step_j), np.float32(slip_other - step_k)
    for j in range(last_j + 1):
        a = j + step_j
        for k in range(last_k + 1):
            b = k + step_k
            before = np.float32(0)
            inside = a >= 0 and b >= 0 and a < last_j and b < last_k
            if inside:
                low = near[a, b] + half * near_density[a, b]
                side = near[a + 1, b] + half * near_density[a + 1, b]
                high = near[a, b + 1] + half * near_density[a, b + 1]
                both = near[a + 1, b + 1] + half * near_density[a + 1, b + 1]
                before = (low * (1 - v) + side * v) * (1 - w) + (high * (1 - v) + both * v) * w
            depth[j, k] = before + half * density[j, k]
