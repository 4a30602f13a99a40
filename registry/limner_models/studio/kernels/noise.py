"""Smooth noise in space from hashed lattice points, the same for the same seed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.kernels.compiled import compiled, inlined

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32
    from limner_models.studio.kernels.compiled import Real, Whole

LOW = np.uint32(0xFFFF)


@inlined
def scramble(word: Whole) -> Whole:
    """Return 32 bits in which every bit depends on every bit of `word`.

    Source: Wellons, Prospecting for Hash Functions, 2018 (lowbias32).
    """
    bits = np.uint32(word)
    bits = np.uint32(bits ^ (bits >> np.uint32(16)))
    bits = np.uint32(bits * np.uint32(0x7FEB352D))
    bits = np.uint32(bits ^ (bits >> np.uint32(15)))
    bits = np.uint32(bits * np.uint32(0x846CA68B))
    return np.uint32(bits ^ (bits >> np.uint32(16)))


@inlined
def unit(word: Whole) -> Real:
    """Return the low 16 bits of a hash as a number in [0, 1)."""
    return np.float32(np.uint32(word) & LOW) * np.float32(1 / 65536)


@inlined
def corner(i: Whole, j: Whole, k: Whole, seed: Whole) -> Whole:
    """Return the hash of a lattice point."""
    mixed = np.uint32(np.uint32(i) * np.uint32(73856093))
    mixed = np.uint32(mixed ^ np.uint32(np.uint32(j) * np.uint32(19349663)))
    mixed = np.uint32(mixed ^ np.uint32(np.uint32(k) * np.uint32(83492791)))
    return scramble(mixed ^ np.uint32(np.uint32(seed) * np.uint32(2654435761)))


@inlined
def value_noise(x: Real, y: Real, z: Real, seed: Whole) -> Real:
    """Return smooth noise in [-1, 1] at a point; lattice points lie 1 apart."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    total = np.float32(0)
    for c in range(8):
        a, b, d = c & 1, (c >> 1) & 1, c >> 2
        share = (u if a else 1 - u) * (v if b else 1 - v) * (w if d else 1 - w)
        bits = corner(int(i) + a, int(j) + b, int(k) + d, seed)
        total += share * np.float32(np.uint32(bits) >> np.uint32(8))
    return np.float32(total * np.float32(2 / 16777216) - np.float32(1))


@inlined
def vector_noise(x: Real, y: Real, z: Real, seed: Whole) -> tuple[Real, Real, Real]:
    """Return three independent smooth noises in [-1, 1] for the price of one walk."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = np.float32(x - i), np.float32(y - j), np.float32(z - k)
    u, v, w = u * u * (3 - 2 * u), v * v * (3 - 2 * v), w * w * (3 - 2 * w)
    first, second, third = np.float32(0), np.float32(0), np.float32(0)
    for c in range(8):
        a, b, d = c & 1, (c >> 1) & 1, c >> 2
        share = (u if a else 1 - u) * (v if b else 1 - v) * (w if d else 1 - w)
        bits = np.uint32(corner(int(i) + a, int(j) + b, int(k) + d, seed))
        first += share * np.float32(bits & np.uint32(1023))
        second += share * np.float32((bits >> np.uint32(10)) & np.uint32(1023))
        third += share * np.float32((bits >> np.uint32(20)) & np.uint32(1023))
    scale, one = np.float32(2 / 1023), np.float32(1)
    return first * scale - one, second * scale - one, third * scale - one


@compiled
def noise_at(points: F32, rate: Real, seed: Whole) -> F32:
    """Return smooth noise in [-1, 1], float32 (n,), at points (n, 3) scaled by `rate`."""
    values = np.empty(len(points), np.float32)
    for n in range(len(points)):
        x, y, z = points[n, 0] * rate, points[n, 1] * rate, points[n, 2] * rate
        values[n] = value_noise(x, y, z, seed)
    return values
