"""Strands that grow out of a surface, fall, and lie on what they meet."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import inlined, lean
from limner_models.studio.kernels.field import Field, outward, value_at
from limner_models.studio.kernels.noise import vector_noise

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32
    from limner_models.studio.kernels.compiled import Real, Whole

REACH = np.float32(0.5)
"""Decimeters over which a strand's clearance goes from that at the root to that further out."""


class Traits(NamedTuple):
    """How each strand grows: float32 (n,) each, lengths in decimeters."""

    length: F32
    gravity: F32
    comb: F32
    """Pull along the combing direction."""
    comb_reach: F32
    """Arc length after which that pull has fallen to 1/e."""
    near: F32
    """Clearance from the surface at the root."""
    far: F32
    """Clearance further out."""
    unrest: F32
    """Strength of the noise that bends strands."""
    unrest_rate: F32
    """Bends per decimeter."""
    cut: F32
    """Height below which a falling strand ends."""
    lift: F32
    """Pull along the surface's normal at the root."""
    seed: F32
    """Seed of the noise, a whole number."""


@inlined
def _unit(x: Real, y: Real, z: Real) -> tuple[Real, Real, Real]:
    length = np.float32(math.sqrt(x * x + y * y + z * z) + np.float32(1e-6))
    return np.float32(x / length), np.float32(y / length), np.float32(z / length)


def grow(field: Field, roots: F32, normals: F32, combs: F32, traits: Traits, points: Whole) -> F32:
    """Grow strands step by step; each step turns with comb, weight and noise, then leaves the body.

    Args:
        field: Signed distance to the body, decimeters, negative inside.
        roots: (n, 3) float32.
        normals: (n, 3) float32, unit.
        combs: (n, 3) float32, the directions strands are combed to.
        traits: How each strand grows.
        points: Points on each strand, in [2, 256].

    Returns:
        (n, points, 3) float32; evenly spaced along a strand that was cut short.
    """
    strands = np.empty((len(roots), points, 3), np.float32)
    _grow_all(field, (roots, normals, combs), traits, strands, np.empty((points, 3), np.float32))
    return strands


@lean
def _grow_all(
    field: Field, start: tuple[F32, F32, F32], traits: Traits, strands: F32, room: F32
) -> None:
    roots, normals, combs = start
    points = strands.shape[1]
    for n in range(len(roots)):
        last = _grow_one(field, normals[n], combs[n], traits, (n, roots[n], strands[n]))
        if last < points - 1:
            _spread_out(strands[n], last, room)


@inlined
def _grow_one(
    field: Field, normal: F32, comb: F32, traits: Traits, one: tuple[Whole, F32, F32]
) -> Whole:
    """Write one strand; return the last point before it was cut."""
    n, root, strand = one
    points = strand.shape[0]
    step = np.float32(traits.length[n] / np.float32(points - 1))
    x, y, z = root[0], root[1], root[2]
    lift = traits.lift[n]
    dx, dy, dz = _unit(
        normal[0] * lift + comb[0], normal[1] * lift + comb[1], normal[2] * lift + comb[2]
    )
    rate, unrest, seed = traits.unrest_rate[n], traits.unrest[n] * step, int(traits.seed[n])
    fade = np.float32(math.exp(-step / traits.comb_reach[n]))
    pull = np.float32(traits.comb[n] * step)
    strand[0, 0], strand[0, 1], strand[0, 2] = x, y, z
    for k in range(1, points):
        arc = np.float32(k * step)
        pull *= fade
        weight = traits.gravity[n] * step * min(np.float32(1), np.float32(0.15) + arc * 1.2)
        a, b, c = vector_noise(x * rate, y * rate, z * rate, seed)
        dx, dy, dz = _unit(
            dx + pull * comb[0] + a * unrest,
            dy + pull * comb[1] - weight + b * unrest,
            dz + pull * comb[2] + c * unrest,
        )
        span = min(np.float32(1), arc / REACH)
        clearance = traits.near[n] + (traits.far[n] - traits.near[n]) * span
        here = (x, y, z)
        x, y, z, touched = _clear(
            field, (x + dx * step, y + dy * step, z + dz * step), clearance, step
        )
        if touched:
            dx, dy, dz = _unit(x - here[0], y - here[1], z - here[2])
        strand[k, 0], strand[k, 1], strand[k, 2] = x, y, z
        if y < traits.cut[n] and dy < 0:
            return k
    return points - 1


@inlined
def _clear(
    field: Field, point: tuple[Real, Real, Real], clearance: Real, step: Real
) -> tuple[Real, Real, Real, bool]:
    """Move a point that is too near the body out of it, at most 1.2 steps."""
    x, y, z = np.float32(point[0]), np.float32(point[1]), np.float32(point[2])
    distance = value_at(field, x, y, z)
    if distance >= clearance:
        return x, y, z, False
    a, b, c = outward(field, x, y, z)
    push = np.float32(min(clearance - distance, np.float32(1.2) * step))
    return x + a * push, y + b * push, z + c * push, True


@inlined
def _spread_out(strand: F32, last: Whole, used: F32) -> None:
    """Space a strand's first `last + 1` points evenly over all its points."""
    points = strand.shape[0]
    for k in range(last + 1):
        for c in range(3):
            used[k, c] = strand[k, c]
    for k in range(points):
        at = np.float32(k * last / (points - 1))
        i = min(int(at), last - 1)
        share = at - np.float32(i)
        for c in range(3):
            strand[k, c] = used[i, c] * (1 - share) + used[i + 1, c] * share


@lean
def push_out(field: Field, strands: F32, clearance: Real) -> None:
    """Move points nearer to the body than `clearance` out to it, in place; roots stay.

    Args:
        field: Signed distance to the body, decimeters.
        strands: (n, points, 3) float32, changed.
        clearance: Decimeters.
    """
    for n in range(strands.shape[0]):
        for k in range(1, strands.shape[1]):
            x, y, z = strands[n, k, 0], strands[n, k, 1], strands[n, k, 2]
            distance = value_at(field, x, y, z)
            if distance < clearance:
                a, b, c = outward(field, x, y, z)
                push = np.float32(clearance - distance)
                strands[n, k, 0] = x + a * push
                strands[n, k, 1] = y + b * push
                strands[n, k, 2] = z + c * push
