"""Fur and whiskers on an animal's head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from limner_models.studio.arrays import F32, F64, I32, Array, f32, tangent, unit_vectors
from limner_models.studio.kernels.grooming import clump
from limner_models.studio.kernels.growth import Traits, grow
from limner_models.studio.labels import Label
from limner_models.studio.scalp import scatter
from limner_models.studio.strands import Finish, Strands, plain_strands

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from limner_models.studio.animals.shape import Shape
    from limner_models.studio.kernels.field import Field

STRANDS = 26000
TUFTS = 2600
POINTS = 8


@dataclass(frozen=True)
class Pelt:
    """A posed head to grow fur on."""

    shape: Shape
    vertices: F32
    normals: F32
    rest: F32
    """Vertices at rest, skull at the origin."""
    triangles: I32
    bare: Array
    """(vertices,) nose, mouth and eyes, where nothing grows."""
    turn: F64
    field: Field


def grow_fur(pelt: Pelt, color: Callable[[Array], Array], draws: Generator, size: int) -> Strands:
    """Return the fur; `color` tells what grows at points of the head at rest."""
    scale = max(0.7, min(2.2, size / 256))
    count = int(STRANDS * scale)
    middle = pelt.rest[pelt.triangles].mean(1)
    grows = np.flatnonzero(~pelt.bare[pelt.triangles].any(1) & (middle[:, 1] > -3.2))
    dense = np.where(middle[grows, 1] < -1, 0.45, 1.6) * np.where(middle[grows, 2] > 0.4, 1.5, 1)
    spots = scatter(draws, pelt.triangles[grows], pelt.vertices, count, dense)
    root, rest = f32(spots.at(pelt.vertices)), f32(spots.at(pelt.rest))
    normal = unit_vectors(spots.at(pelt.normals))
    on_ear = _on_ears(pelt.shape, rest)
    comb = unit_vectors(
        tangent(_combed(pelt.shape, rest, on_ear) @ pelt.turn.T, normal)
        + draws.normal(0, 0.12, (count, 3))
    )
    length = _lengths(pelt.shape, rest, on_ear, draws)
    one = np.ones(count)
    traits = Traits(
        *(f32(values) for values in (length, 1.2 * one, 0 * one, one, 0 * one, 0.01 * one)),
        *(f32(values) for values in (1.6 * one, 2.2 * one, -99 * one, 0.42 * one, 11 * one)),
    )
    points = grow(pelt.field, root, f32(normal), f32(comb), traits, POINTS)
    tuft = cKDTree(rest[:TUFTS]).query(rest)[1].astype(np.int32)
    near = np.linalg.norm(root - root[tuft], axis=1) < 0.12
    points = clump(points, tuft, f32(0.35 * near))
    tone = np.exp(draws.normal(0, 0.2, count)) * np.exp(draws.normal(0, 0.12, TUFTS))[tuft]
    along = np.linspace(0, 1, POINTS)
    albedo = (color(rest) * tone[:, None])[:, None] * (0.72 + 0.38 * along)[None, :, None]
    widths = (
        0.0105 / np.sqrt(scale) * (1 - 0.75 * along**1.5) * (0.7 + 0.6 * draws.random((count, 1)))
    )
    return Strands(
        points=points,
        widths=f32(widths),
        albedo=f32(np.clip(albedo, 0.004, 0.88)),
        outward=f32(np.repeat(normal[:, None], POINTS, 1)),
        tilt=f32(draws.normal(0, 1, count)),
        gloss=f32(np.exp(draws.normal(-0.3, 0.4, count))),
        label=Label.FUR,
        finish=Finish(),
    )


def _on_ears(shape: Shape, rest: F32) -> Array:
    x, y = np.abs(rest[:, 0]), rest[:, 1]
    hanging = (shape.species.ear == "hanging") & (x > 0.72) & (y < 0.4) & (y > -0.75)
    flank = (shape.species.ear == "pointed") & (x > 0.72) & (y > 0.3)
    return (y > 0.62) | flank | hanging  # type: ignore[no-any-return]


def _combed(shape: Shape, rest: F32, on_ear: Array) -> Array:
    """Return where fur lies to: away from the nose, down on the neck, up the ears."""
    x, y = rest[:, 0], rest[:, 1:2]
    source = shape.along(shape.species.nose[0]) + np.array((0, 0.05, 0))
    way = unit_vectors(rest - source)
    way = way + np.array([0, -0.25, -0.3]) * np.clip((-0.2 - y) / 0.5, 0, 1)
    way = way + np.array([0, -0.4, 0]) * np.clip((-0.9 - y) / 0.5, 0, 1)
    up = -1.0 if shape.species.ear == "hanging" else 1.0
    ears = np.stack([np.sign(x) * 0.35, np.full(len(rest), up), np.full(len(rest), -0.3)], -1)
    return np.where(on_ear[:, None], unit_vectors(ears), way)


def _lengths(shape: Shape, rest: F32, on_ear: Array, draws: Generator) -> Array:
    """Return how long each strand is, decimeters: short on the nose, long on cheeks and neck."""
    species, count = shape.species, len(rest)
    x, y, z = rest.T
    distance = np.linalg.norm((rest - shape.along(species.nose[0])) / (0.8, 0.8, 1), axis=1)
    length = species.fur * np.interp(distance, [0, 0.25, 0.7, 1.2], [0.25, 0.35, 0.75, 1.1])
    ruff = (np.abs(x) > 0.55) & (y < -0.1) & (y > -0.9) & (z > -0.4)
    length = np.where(ruff, species.mane * (0.6 + 0.6 * draws.random(count)), length)
    length = np.where(y < -0.9, species.mane * 1.1, length)
    length = np.where(on_ear, species.fur * (0.28 if species.ear == "pointed" else 0.5), length)
    # or it would grow over the eyes
    beside = rest * np.where(rest[:, :1] < 0, (-1, 1, 1), (1, 1, 1))
    away = np.linalg.norm(beside - species.eye, axis=1) - species.eye_radius
    length = length * np.clip(0.25 + away / 0.3, 0.25, 1)
    return np.asarray(length * (0.6 + 0.55 * draws.random(count)))


def whiskers(shape: Shape, posed: Callable[[Array], F32], draws: Generator) -> list[Strands]:
    """Return whiskers on both sides of the muzzle, none for animals that have none."""
    longest = shape.species.whiskers
    if not longest:
        return []
    count, points = 28, 14
    side = np.where(np.arange(count) % 2 == 0, 1, -1)
    x, y, z = shape.species.muzzle
    root = np.stack(
        [
            side * (x + 0.12),
            y + 0.06 - 0.14 * draws.random(count),
            (z * shape.long if z > 0.8 else z + 0.12) - 0.1 * draws.random(count),
        ],
        -1,
    )
    spread = draws.normal(0, 1, (2, count))
    way = unit_vectors(np.stack([side, 0.25 * spread[0], 0.25 + 0.2 * spread[1]], -1))
    length = longest * (0.6 + 0.5 * draws.random(count))
    share = np.linspace(0, 1, points)
    curve = root[:, None] + way[:, None] * (share * length[:, None])[..., None]
    curve = curve + np.array([0, -0.16, -0.12]) * (share**2)[:, None]
    bent = posed(curve.reshape(-1, 3)).reshape(count, points, 3)
    out = unit_vectors(bent[:, 0] - posed(np.zeros((1, 3))))
    return [plain_strands(bent, 0.010 * (1 - 0.7 * share), np.full(3, 0.7), out, Label.FUR, 0.6)]
