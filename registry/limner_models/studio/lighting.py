"""The lamps of a portrait, and what shadows them: hair as a volume, the body as depth maps."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import f32, rotation, unit_vectors
from limner_models.studio.kernels.field import Field, optical_depth, spread, values_at
from limner_models.studio.kernels.hair_light import Lamps
from limner_models.studio.kernels.raster import FAR, Canvas, Shell, draw_triangles
from limner_models.studio.kernels.surface_light import HAIR_SHADOW, Shade
from limner_models.studio.kernels.volume import body_and_hair, interleave, seen_from

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.arrays import F32, F64, Array
    from limner_models.studio.params import Light
    from limner_models.studio.scene import Scene

SURROUNDINGS = 11
"""Directions that stand for the light from everywhere."""
SOFT = 0.15
"""Lamps softer than this are split into three."""
KEY_SIDE, AMBIENT_SIDE = 320, 128
"""Samples across a depth map."""
MIDDLE = np.array([0, 7.0, 0.3])
REACH = 2.6
"""Half the side of what a depth map sees, decimeters."""
VOLUME_CELL = 0.1
"""Decimeters between points of the hair's density."""
BODY = 25.0
"""Density of the body where it shadows strands."""
DENSEST = np.float32(16)
"""Tied and wound hair is not darker than thick hair."""
LANES = 8
"""Lights are padded to a multiple of this, so that loops over them vectorize."""


@dataclass(frozen=True)
class Lighting:
    """Everything that shading needs to know of the light."""

    lamps: Lamps
    shade: Shade
    """What shadows surfaces: depth maps and hair."""
    strand_depths: F32
    """(z, y, x, lights): what shadows strands: hair and body."""
    ambient: F32
    """(vertices, 3): light from the surroundings on each vertex of the surface."""
    mean: float
    """Light on the face: the exposure follows it."""
    top: F32
    """(3,) light from above."""


def fibonacci_sphere(count: int) -> F64:
    """Return unit vectors spread evenly over the sphere, (count, 3)."""
    index = np.arange(count) + 0.5
    turn = math.pi * (1 + math.sqrt(5)) * index
    height = 1 - 2 * index / count
    flat = np.sqrt(1 - height * height)
    return np.stack([flat * np.cos(turn), height, flat * np.sin(turn)], -1)


def place_lamps(light: Light) -> Lamps:
    """Return a light's lamps: its own, split where soft, then its surroundings, then dark ones."""
    draws = np.random.default_rng(light.seed)
    toward, color = [], []
    for lamp in light.lamps:
        parts = 3 if lamp.spread > SOFT else 1
        for _ in range(parts):
            jitter = draws.normal(0, lamp.spread, 3) if parts > 1 else np.zeros(3)
            toward.append(unit_vectors(np.array(lamp.toward) + jitter))
            color.append(np.array(lamp.color) / parts)
    keys = len(toward)
    for direction, radiance in zip(*_surroundings(light, draws), strict=True):
        toward.append(direction)
        color.append(radiance)
    while len(toward) % LANES:
        toward.append(np.array([0.0, 1.0, 0.0]))
        color.append(np.zeros(3))
    return Lamps(f32(np.array(toward).T), f32(np.array(color).T), keys)


def _surroundings(light: Light, draws: Generator) -> tuple[F64, Array]:
    directions = fibonacci_sphere(SURROUNDINGS) @ rotation("y", draws.uniform(0, 6))
    upward = (0.5 + 0.5 * directions[:, 1])[:, None]
    color = np.array(light.top) * upward + np.array(light.bottom) * (1 - upward)
    color = (
        color
        * (1 + light.side * directions[:, :1])
        * (0.75 + 0.5 * draws.random((SURROUNDINGS, 1)))
    )
    return directions, np.clip(color, 0, 9) * 2.0 / SURROUNDINGS


def light_scene(scene: Scene, light: Light) -> Lighting:
    """Return the light on a scene."""
    lamps = place_lamps(light)
    lights = SURROUNDINGS + lamps.keys
    density = hair_density(scene)
    hair_depths = _depths(density, density.values, lamps, lights)
    both = body_and_hair(scene.field, density, np.float32(BODY))
    strand_depths = _depths(density, both, lamps, lights)
    maps = np.full((lamps.keys, KEY_SIDE, KEY_SIDE), FAR, np.float32)
    views = np.zeros((lamps.keys, 3, 4), np.float32)
    ambient = np.zeros_like(scene.surface.vertices)
    for q in range(lights):
        toward = lamps.toward[:, q].astype(np.float64)
        side = KEY_SIDE if q < lamps.keys else AMBIENT_SIDE
        view = light_view(toward, side)
        points = f32(scene.surface.vertices @ view[:, :3].T + view[:, 3])
        depth = _depth_map(scene, points, side)
        if q < lamps.keys:
            maps[q], views[q] = depth, view
        else:
            sight = (scene.surface.vertices, scene.surface.normals, points)
            lamp = (f32(toward), f32(lamps.color[:, q]), HAIR_SHADOW)
            seen_from(sight, depth, (hair_depths, density.origin, density.cell, q), lamp, ambient)
    return Lighting(
        lamps=lamps,
        shade=Shade(maps, views, hair_depths, density),
        strand_depths=strand_depths,
        ambient=ambient,
        mean=_face_light(scene, lamps, density, strand_depths, ambient),
        top=f32(np.maximum(light.top, 0.05)),
    )


def hair_density(scene: Scene) -> Field:
    """Return how much strand there is around the head, per decimeter of a light's way."""
    field = scene.field
    size = [int(n * field.cell / VOLUME_CELL) + 1 for n in field.values.shape]
    density = Field(np.zeros(size, np.float32), field.origin, np.float32(VOLUME_CELL))
    for strands in scene.strands:
        weight = float(strands.widths.mean()) / VOLUME_CELL**3
        spread(density, strands.points, np.float32(weight))
    np.minimum(density.values, DENSEST, out=density.values)
    return density


def _depths(grid: Field, density: F32, lamps: Lamps, lights: int) -> F32:
    """Return the optical depth toward every light, (z, y, x, lights)."""
    planes = np.empty((lights, *density.shape), np.float32)
    for q in range(lights):
        optical_depth(density, grid.cell, f32(lamps.toward[:, q]), planes[q])
    return interleave(planes, lamps.toward.shape[1])


def light_view(toward: Array, side: int) -> Array:
    """Return the 3x4 map from space to a light's column, row and depth."""
    across = unit_vectors(np.cross([0.13, 1, 0.07], toward))
    down = np.cross(toward, across)
    scale = side / (2 * REACH)
    rows = np.stack([across * scale, down * scale, -np.asarray(toward)])
    offset = np.array([side / 2, side / 2, 0]) - rows @ MIDDLE
    return np.concatenate([rows, offset[:, None]], 1)


def _depth_map(scene: Scene, points: F32, side: int) -> F32:
    depth = np.full((side, side), FAR, np.float32)
    canvas = Canvas(depth, np.zeros((0, 0), np.int32), np.zeros((0, 0, 2), np.float32))
    shell = Shell(points, scene.surface.triangles, scene.surface.cut)
    draw_triangles(shell, canvas, perspective=False, depth_only=True)
    return depth


def _face_light(scene: Scene, lamps: Lamps, grid: Field, depths: F32, ambient: F32) -> float:
    """Return the light that most of the face gets at least: its 65th percentile."""
    vertices, normals = scene.surface.vertices[scene.lit], scene.surface.normals[scene.lit]
    light = ambient[scene.lit].astype(np.float64)
    for q in range(lamps.keys):
        toward = lamps.toward[:, q]
        layer = Field(f32(depths[..., q]), grid.origin, grid.cell)
        passing = np.exp(-HAIR_SHADOW * values_at(layer, f32(vertices + toward * 0.15)))
        cosine = np.maximum(0, normals @ toward) * passing
        light += cosine[:, None] * lamps.color[:, q]
    return float(np.percentile(light.mean(1), 65))
