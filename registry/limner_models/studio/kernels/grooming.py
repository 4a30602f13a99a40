"""What happens to strands once they hang: clumps, waves, curls, frizz."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import compiled, inlined, lean

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, I32
    from limner_models.studio.kernels.compiled import Real

SMALL = np.float32(1e-8)


@compiled
def arc_lengths(strands: F32) -> F32:
    """Return the way along each strand to each of its points, float32 (n, points)."""
    arcs = np.zeros(strands.shape[:2], np.float32)
    for n in range(strands.shape[0]):
        way = np.float32(0)
        for k in range(1, strands.shape[1]):
            x = strands[n, k, 0] - strands[n, k - 1, 0]
            y = strands[n, k, 1] - strands[n, k - 1, 1]
            z = strands[n, k, 2] - strands[n, k - 1, 2]
            way += np.float32(math.sqrt(x * x + y * y + z * z))
            arcs[n, k] = way
    return arcs


@compiled
def tangents(strands: F32) -> F32:
    """Return unit vectors along the strands at their points, shape of `strands`."""
    along = np.empty_like(strands)
    last = strands.shape[1] - 1
    for n in range(strands.shape[0]):
        for k in range(last + 1):
            a, b = max(k - 1, 0), min(k + 1, last)
            x = strands[n, b, 0] - strands[n, a, 0]
            y = strands[n, b, 1] - strands[n, a, 1]
            z = strands[n, b, 2] - strands[n, a, 2]
            length = np.float32(math.sqrt(x * x + y * y + z * z)) + SMALL
            along[n, k, 0], along[n, k, 1], along[n, k, 2] = x / length, y / length, z / length
    return along


@compiled
def clump(strands: F32, guides: I32, pull: F32) -> F32:
    """Return strands drawn toward their guides, more and more along the way.

    Args:
        strands: (n, points, 3) float32.
        guides: (n,) int32, the strand each follows.
        pull: (n,) float32 in [0, 1]; 0 leaves a strand alone.
    """
    drawn = strands.copy()
    last = np.float32(strands.shape[1] - 1)
    for n in range(strands.shape[0]):
        if pull[n] <= 0:
            continue
        guide = guides[n]
        for k in range(strands.shape[1]):
            along = min(np.float32(1), np.float32(1.6 * k) / last)
            share = pull[n] * np.float32(math.pow(along, 0.8))
            for c in range(3):
                drawn[n, k, c] += share * (strands[guide, k, c] - strands[n, k, c])
    return drawn


class Ripple(NamedTuple):
    """Waves and curls: float32 (n,) each."""

    phase: F32
    """Radians."""
    rate: F32
    """Turns per decimeter; its sign is the handedness."""
    wave: F32
    """Amplitude across the strand, decimeters."""
    curl: F32
    """Radius of the helix, decimeters."""
    frizz: F32
    """Amplitude of fine unrest, decimeters."""


@compiled
def ripple(strands: F32, arcs: F32, center: F32, ripples: Ripple, ramp: Real) -> F32:
    """Return strands bent to waves and helices about their own way.

    Args:
        strands: (n, points, 3) float32.
        arcs: (n, points) float32, the way to each point.
        center: (3,) float32; waves swing mostly along the surface around it.
        ripples: Phase, rate and amplitudes.
        ramp: Decimeters over which the amplitude comes in, from 0.15 on.
    """
    bent = strands.copy()
    along = tangents(strands)
    for n in range(strands.shape[0]):
        wave, curl = ripples.wave[n], ripples.curl[n]
        for k in range(strands.shape[1]):
            strength = min(max((arcs[n, k] - np.float32(0.15)) / ramp, 0.0), 1.0)
            if strength <= 0:
                continue
            side, up = _frame(strands[n, k], along[n, k], center)
            angle = 2 * math.pi * ripples.rate[n] * arcs[n, k] + ripples.phase[n]
            s, c, late = math.sin(angle), math.cos(angle), math.cos(angle + 1)
            across = np.float32(strength * (wave * s + curl * s))
            out = np.float32(strength * (0.5 * wave * late + curl * c))
            for axis in range(3):
                bent[n, k, axis] += across * side[axis] + out * up[axis]
    return bent


@inlined
def _frame(
    point: F32, along: F32, center: F32
) -> tuple[tuple[Real, Real, Real], tuple[Real, Real, Real]]:
    """Return the unit vectors across a strand: along the surface, and away from it."""
    x, y, z = point[0] - center[0], point[1] - center[1], point[2] - center[2]
    a, b, c = along[1] * z - along[2] * y, along[2] * x - along[0] * z, along[0] * y - along[1] * x
    length = np.float32(math.sqrt(a * a + b * b + c * c)) + SMALL
    a, b, c = a / length, b / length, c / length
    up = (b * along[2] - c * along[1], c * along[0] - a * along[2], a * along[1] - b * along[0])
    return (a, b, c), up


@lean
def shake(strands: F32, arcs: F32, frizz: F32, knots: F32) -> None:
    """Add frizz to strands in place: smooth unrest between random knots.

    Args:
        strands: (n, points, 3) float32, changed.
        arcs: (n, points) float32; the frizz comes in over the first 0.3 decimeters.
        frizz: (n,) float32, amplitude in decimeters.
        knots: (n, m, 3) float32, normal deviates, m at least 4.
    """
    points, spans = strands.shape[1], knots.shape[1] - 2
    for k in range(points):
        at = k * (spans - 0.001) / (points - 1)
        i = int(at)
        share = np.float32(at - i)
        share = share * share * (3 - 2 * share)
        for n in range(strands.shape[0]):
            size = frizz[n] * min(np.float32(1), arcs[n, k] / np.float32(0.3))
            for c in range(3):
                between = knots[n, i, c] * (1 - share) + knots[n, i + 1, c] * share
                strands[n, k, c] += size * between
