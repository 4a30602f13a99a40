"""Clothes: copies of the upper body pushed outward and cut at a neckline."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import Array, f32, unit_vectors
from limner_models.studio.assets import CLOTH, Assets, face_normals, summing
from limner_models.studio.kernels.noise import noise_at
from limner_models.studio.labels import Label
from limner_models.studio.pieces import Piece, cloth

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32
    from limner_models.studio.params import Outfit, Params

SHIRT = np.array([0.6, 0.62, 0.66])


def clothes(params: Params, head: Assets, vertices: F32, normals: F32) -> list[Piece]:
    """Return what a person wears on the body, from the inside out."""
    return [
        _shell(params, head, (vertices, normals), garment)
        for garment in _garments(params.outfit, params.face.identity)
    ]


def _garments(outfit: Outfit, identity: int) -> list[tuple[str, float, Array]]:
    """Return each garment's neckline, distance from the skin and color."""
    color = np.array(outfit.color)
    if outfit.kind == "none":
        return []
    if outfit.kind in {"suit", "tie"}:
        shirt = SHIRT if identity % 3 else np.array(outfit.under)
        tie = [("tie", 0.085, np.array(outfit.third))] if outfit.kind == "tie" else []
        jacket = ("jacket", 0.12, np.minimum(color, 0.12) * 0.45)
        return [("collar", 0.045, shirt), *tie, jacket]
    if outfit.kind == "scarf":
        return [("crew", 0.055, color), ("scarf", 0.20, np.array(outfit.under))]
    return [(outfit.kind, 0.085 if outfit.kind == "collar" else 0.055, color)]


def _neckline(kind: str, rest: F32) -> Array:
    """Return the height, decimeters, above which a garment is cut, vertex by vertex."""
    x, z = np.abs(rest[:, 0]), rest[:, 2]
    front = np.clip((z - 0.05) / 0.7, 0, 1)
    lines = {
        "crew": 5.86 - 0.28 * front,
        "vneck": 5.86 - 0.9 * front * np.clip(1 - x / 0.55, 0, 1) - 0.12 * front,
        "collar": 5.98 - 0.55 * front * np.clip(1 - x / 0.3, 0, 1),
        "tank": 5.70 - 0.75 * front,
        "turtle": 6.16 - 0.25 * front,
        "jacket": 5.93 - 1.35 * front * np.clip(1 - x / 0.75, 0, 1) - 0.1 * front,
        "scarf": 6.22 - 0.22 * front,
        "tie": 5.62 + 0 * front,
    }
    return np.asarray(lines[kind])


def _shell(
    params: Params, head: Assets, body: tuple[F32, F32], garment: tuple[str, float, Array]
) -> Piece:
    kind, distance, color = garment
    vertices, normals = body
    rest = head.rest
    y = rest[:, 1]
    cut = y - _neckline(kind, rest)
    chin = (head.regions["face"] > 0.2) | ((rest[:, 2] > 0.75) & (y > 6.02))
    cut = np.where(chin, np.maximum(cut, 0.05), cut)
    if kind == "tank":
        cut = np.maximum(cut, (np.abs(rest[:, 0]) - 1.15) * 1.5)
    elif kind == "tie":
        wide = 0.085 + 0.03 * np.clip((5.4 - y) / 0.8, 0, 1)
        cut = np.maximum(cut, np.maximum((np.abs(rest[:, 0]) - wide), (0.45 - rest[:, 2])))
    elif kind == "scarf":
        cut = np.maximum(cut, (5.62 - 0.25 * np.clip(rest[:, 2], 0, 1) - y))
    folds = noise_at(f32(rest * (1, 0.6, 1)), 2.2, params.face.identity % 9999)
    if kind == "scarf":
        folds = folds + 0.8 * np.sin(y * 26 + 3 * folds)
    loose = (
        distance
        + 0.05 * np.clip((5.9 - y) / 0.8, 0, 1)
        + 0.035 * folds * np.clip((6.4 - y) * 2, 0, 1)
    )
    pushed = f32(vertices + normals * loose[:, None])
    triangles = head.triangles[head.upper_body]
    around = summing(triangles, len(pushed))
    outward = unit_vectors(around @ face_normals(pushed, triangles) + 1e-9)
    piece = cloth(pushed, outward, rest, triangles, (color, CLOTH, Label.CLOTHES))
    return replace(piece, cut=f32(cut))
