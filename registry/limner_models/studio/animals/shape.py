"""An animal's head as a field of distances, from its species and a person's expression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.animals.implicit import capsule, carve, ellipsoid, melt, surface
from limner_models.studio.arrays import F32, I32, Array, rotation

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.animals.species import Species
    from limner_models.studio.params import Face

CELL = 0.058
LOW = np.array([-1.9, -3.4, -1.7])
HIGH = np.array([1.9, 1.95, 1.75])
AJAR = 0.08
"""Jaws opened less show no mouth."""
HINGE = np.array([0, -0.38, 0.05])
SWING = 0.75
"""Radians that a jaw turns by when it opens fully."""


@dataclass(frozen=True)
class Shape:
    """One animal's head: its species' with this one's own lengths and expression."""

    species: Species
    skull: Array
    long: float
    """Factor of the muzzle's length."""
    ears: float
    """Factor of the ears' height."""
    jaw: float
    """How far it is open, in [0, 1]."""
    opening: tuple[float, float]
    """How far the left and the right eye are open: height of the lids over that of the eyeball."""
    laid_back: float
    """Radians by which the ears lie back."""

    def along(self, point: tuple[float, float, float]) -> Array:
        """Return a point of the muzzle, which may be longer or shorter."""
        return np.array(point) * (1, 1, self.long)

    def lids(self, points: Array, grown: float = 1.0) -> Array:
        """Return the distance to the almond between the lids of the eye on a point's own side."""
        r = self.species.eye_radius
        center = np.array(self.species.eye) + np.array((0, 0, r * 0.75))
        tilt = rotation("z", -0.18 if self.species.ear != "round" else 0.0)
        beside = (points * np.where(points[..., :1] < 0, (-1, 1, 1), (1, 1, 1))).astype(np.float32)
        left, right = (
            ellipsoid(beside, center.tolist(), (r * grown, r * open_ * grown, r * 0.9), tilt)
            for open_ in self.opening
        )
        return np.where(points[..., 0] < 0, right, left)

    def mouth(self, points: Array, grown: float = 0.0) -> Array:
        """Return the distance to the mouth's hollow."""
        # a long muzzle opens farther ahead
        deep = 0.34 if self.species.muzzle[2] < 0.8 else 0.52
        center = (0, -0.50 - 0.18 * self.jaw, (0.28 + deep) * self.long)
        radii = (0.17 + grown, 0.05 + 0.16 * self.jaw + grown, deep * self.long + grown)
        return ellipsoid(points, center, radii)

    @property
    def gap(self) -> float:
        """How far the lips are apart in the middle."""
        return 0.38 * self.jaw if self.jaw > AJAR else 0.0

    def swung(self, points: Array) -> Array:
        """Return where points of the lower jaw lie once it is open."""
        lying: Array = (points - HINGE) @ rotation("x", self.jaw * SWING).T + HINGE
        return lying

    def nose(self, points: Array) -> Array:
        """Return the distance to the tip of the nose."""
        center, radii = self.species.nose
        return ellipsoid(points, self.along(center).tolist(), radii)


def shape_of(species: Species, face: Face, draws: Generator) -> Shape:
    """Return the head that an animal has in a person's place."""
    units = face.expression
    widest = 0.80 if species.slit > 0.7 else 0.72

    def opening(side: str) -> float:
        squint = 1 - 0.3 * units.get(f"mouthSmile{side}", 0.0)
        return max(0.05, (1 - units.get(f"eyeBlink{side}", 0.0)) * widest * squint)

    return Shape(
        species=species,
        skull=np.array(species.skull) * np.exp(draws.normal(0, 0.05, 3)),
        long=float(np.exp(draws.normal(0, 0.08))),
        ears=float(np.exp(draws.normal(0, 0.1))),
        jaw=units.get("jawOpen", 0.0) * 0.9,
        opening=(opening("Left"), opening("Right")),
        laid_back=units.get("browDownLeft", 0.0) * 0.4,
    )


def head_surface(shape: Shape) -> tuple[F32, I32]:
    """Return vertices and triangles of a head that looks straight ahead, skull at the origin."""
    size = np.ceil((HIGH - LOW) / CELL).astype(int)
    axes = [LOW[k] + (np.arange(size[k]) + 0.5) * CELL for k in (2, 1, 0)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    straight = np.stack([x, y, z], -1).astype(np.float32)
    mirrored = np.abs(straight) * (1, 0, 0) + straight * (0, 1, 1)
    field = _head(shape, mirrored.astype(np.float32), straight)
    # the neck is cut off below; the grid's border must be outside
    edge = np.ones(field.shape, bool)
    edge[1:-1, 1:-1, 1:-1] = False
    field[edge] = np.maximum(field[edge], CELL)
    return surface(field, LOW + 0.5 * CELL, CELL)


def _head(shape: Shape, points: Array, straight: Array) -> Array:
    """Return the distance to the head; `points` are mirrored to the left, `straight` are not."""
    species = shape.species
    field = ellipsoid(points, (0, 0, 0), shape.skull.tolist())
    field = melt(field, ellipsoid(points, *species.cheek), 0.16)
    center, radii = species.bridge
    field = melt(field, ellipsoid(points, center, shape.along(radii).tolist()), 0.14)
    r, place = species.muzzle_radius, species.muzzle
    place = tuple(shape.along(place)) if place[2] > 0.8 else place
    field = melt(field, ellipsoid(points, place, (r, r * 0.9, r * 1.05)), 0.10)
    # where in the closed jaw a point of the open one was
    swung = ((straight - HINGE) @ rotation("x", shape.jaw * SWING) + HINGE).astype(np.float32)
    chin, radii = species.chin
    lower = ellipsoid(swung, shape.along(chin).tolist(), shape.along(radii).tolist())
    field = melt(field, lower, 0.05)
    if shape.jaw > AJAR:
        field = carve(field, shape.mouth(points), 0.04)
    field = melt(field, capsule(points, ((0, -0.35, -0.35), (0, -1.5, -0.55)), (0.62, 0.90)), 0.25)
    field = melt(field, ellipsoid(points, (0, -2.5, -0.35), (1.45, 1.25, 1.0)), 0.4)
    field = _ears(shape, points, field)
    r = species.eye_radius
    field = melt(field, ellipsoid(points, species.eye, (r * 1.15, r * 1.15, r * 1.1)), 0.06)
    field = carve(field, shape.lids(straight), 0.03)
    return melt(field, shape.nose(points), 0.03)


def _ears(shape: Shape, points: Array, field: Array) -> Array:
    """Return the head with ears."""
    species = shape.species
    x, y, z = species.ear_place
    if species.ear == "pointed":
        tall = (0.78 if species.slit > 0.7 else 0.92) * shape.ears
        return melt(field, _pointed_ear(shape, points, tall), 0.05)
    if species.ear == "hanging":
        turn = rotation("z", 0.25) @ rotation("y", -0.3)
        ear = ellipsoid(points, (x + 0.12, y - 0.42, z + 0.05), (0.13, 0.58, 0.34), turn)
        ear = melt(ear, ellipsoid(points, (x - 0.02, y + 0.05, z), (0.25, 0.14, 0.22)), 0.1)
        return melt(field, ear, 0.06)
    hollow = ellipsoid(points, (x + 0.03, y + 0.02, z + 0.17), (0.19, 0.19, 0.13))
    return melt(field, carve(ellipsoid(points, (x, y, z), (0.30, 0.30, 0.15)), hollow, 0.04), 0.06)


def _pointed_ear(shape: Shape, points: Array, tall: float) -> Array:
    """Return the distance to an upright ear, hollow in front."""
    x, y, z = shape.species.ear_place
    turn = rotation("z", 0.30 + shape.laid_back) @ rotation("x", -0.12)
    local = (points - np.array([x, y - 0.1, z], np.float32)) @ turn.astype(np.float32)
    up = np.clip(local[..., 1] / tall, 0, 1)
    # narrower again where it goes into the skull, or it would stand out beside it
    sunk = np.clip(-local[..., 1] / 0.25, 0, 1)
    wide = 0.36 * (1 - up) ** 0.75 * (1 - 0.6 * sunk) + 0.03
    thick = wide * 0.5 + 0.05
    cone = np.hypot(local[..., 0] / wide, (local[..., 2] + 0.10 * (1 - up)) / thick) - 1
    ear = cone * np.minimum(wide, 0.14) * 0.6
    ear = np.maximum(np.maximum(ear, local[..., 1] - tall), -0.25 - local[..., 1])
    bowl = np.hypot(
        local[..., 0] / (wide * 0.72), (local[..., 2] - 0.14 + 0.05 * up) / (wide * 0.5)
    )
    return carve(ear, (bowl - 1) * wide * 0.4, 0.03)
