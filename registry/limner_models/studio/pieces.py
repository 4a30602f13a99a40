"""Pieces of surface: the body, clothes, hats, eyeballs; joined, they are what light falls on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import f32

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, I32, U8, Array


@dataclass(frozen=True)
class Piece:
    """Triangles with all that shading asks of them; n vertices, m triangles."""

    vertices: F32
    normals: F32
    rest: F32
    """(n, 3): where patterns are fixed to."""
    albedo: F32
    traits: F32
    """(n, 4): as in `Surface`."""
    triangles: I32
    materials: U8
    """(m,)."""
    labels: U8
    """(m,)."""
    cut: F32
    """(n,): where this is positive the surface is cut away."""


def cloth(
    vertices: Array, normals: Array, rest: Array, triangles: Array, look: tuple[Array, int, int]
) -> Piece:
    """Return a matt piece of one color; `look` is its color, material and label."""
    color, material, label = look
    count = len(vertices)
    traits = np.tile(np.array([0.25, 0.7, 0, 0], np.float32), (count, 1))
    return Piece(
        vertices=f32(vertices),
        normals=f32(normals),
        rest=f32(rest),
        albedo=f32(np.tile(np.clip(color, 0.01, 0.85), (count, 1))),
        traits=traits,
        triangles=np.ascontiguousarray(triangles, np.int32),
        materials=np.full(len(triangles), material, np.uint8),
        labels=np.full(len(triangles), label, np.uint8),
        cut=np.full(count, -1, np.float32),
    )


def join(pieces: list[Piece]) -> Piece:
    """Return all pieces as one."""
    starts = np.cumsum([0, *(len(piece.vertices) for piece in pieces[:-1])])
    triangles = [piece.triangles + start for piece, start in zip(pieces, starts, strict=True)]

    def all_of(name: str) -> Array:
        return np.concatenate([getattr(piece, name) for piece in pieces])

    return Piece(
        vertices=all_of("vertices"),
        normals=all_of("normals"),
        rest=all_of("rest"),
        albedo=all_of("albedo"),
        traits=all_of("traits"),
        triangles=np.ascontiguousarray(np.concatenate(triangles), np.int32),
        materials=all_of("materials"),
        labels=all_of("labels"),
        cut=all_of("cut"),
    )
