"""Shadows read from volumes and depth maps, for all lights at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.kernels.compiled import compiled, lean
from limner_models.studio.kernels.field import Field, value_at
from limner_models.studio.kernels.hair_light import falloff

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32
    from limner_models.studio.kernels.compiled import Real, Whole

DEEP = np.float32(-0.16)
"""Distance from the surface at which the body is dense, decimeters."""
SLACK = np.float32(0.07)
NEAR = np.float32(0.09)
"""Way toward the light after which hair is looked up, so that none shadows its own root."""


@compiled
def body_and_hair(distance: Field, density: Field, body: Real) -> F32:
    """Return a density in which the inside of the body is solid, shape of `density.values`."""
    both = density.values.copy()
    for k in range(both.shape[0]):
        z = density.origin[2] + k * density.cell
        for j in range(both.shape[1]):
            y = density.origin[1] + j * density.cell
            for i in range(both.shape[2]):
                x = density.origin[0] + i * density.cell
                if value_at(distance, x, y, z) < DEEP:
                    both[k, j, i] += body
    return both


@compiled
def interleave(planes: F32, lanes: Whole) -> F32:
    """Return volumes (lights, z, y, x) as one volume (z, y, x, lanes), padded with zeros."""
    lights, depth, height, width = planes.shape
    mixed = np.zeros((depth, height, width, lanes), np.float32)
    for k in range(depth):
        for j in range(height):
            for q in range(lights):
                for i in range(width):
                    mixed[k, j, i, q] = planes[q, k, j, i]
    return mixed


@lean
def seen_from(
    sight: tuple[F32, F32, F32],
    depth: F32,
    hair: tuple[F32, F32, Real, Whole],
    lamp: tuple[F32, F32, Real],
    light: F32,
) -> None:
    """Add one soft light to vertices, as far as the body and its hair let it through.

    Args:
        sight: Vertices, their normals, and their column, row and depth seen from the light.
        depth: The light's depth map.
        hair: Optical depths (z, y, x, lights), their origin, their cell, which light.
        lamp: Direction to it, its color, the extinction of hair.
        light: (vertices, 3) float32, changed.
    """
    vertices, normals, points = sight
    depths, origin, cell, q = hair
    toward, color, extinction = lamp
    side = depth.shape[0]
    layer = Field(depths[:, :, :, q], origin, cell)
    for n in range(len(vertices)):
        cosine = normals[n, 0] * toward[0] + normals[n, 1] * toward[1] + normals[n, 2] * toward[2]
        if cosine <= 0:
            continue
        left, top = int(points[n, 0]), int(points[n, 1])
        limit = points[n, 2] - SLACK
        seen = 0
        for a, b in ((0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)):
            column, row = min(max(left + a, 0), side - 1), min(max(top + b, 0), side - 1)
            if depth[row, column] > limit:
                seen += 1
        if seen == 0:
            continue
        x, y, z = vertices[n, 0], vertices[n, 1], vertices[n, 2]
        x, y, z = x + toward[0] * NEAR, y + toward[1] * NEAR, z + toward[2] * NEAR
        passing = falloff(extinction * value_at(layer, x, y, z))
        share = cosine * np.float32(seen * 0.2) * passing
        for c in range(3):
            light[n, c] += color[c] * share
