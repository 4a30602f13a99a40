"""Patterns of fur: where on the head which color grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.arrays import Array, f32
from limner_models.studio.kernels.noise import noise_at

if TYPE_CHECKING:
    from limner_models.studio.animals.shape import Shape
    from limner_models.studio.animals.species import Coat

WHITE = np.array([0.72, 0.69, 0.63])
TAN = np.array([0.30, 0.14, 0.05])


class Marks(NamedTuple):
    """Shares of points in [0, 1] that markings are put together from."""

    muzzle: Array
    chest: Array


def coat_color(shape: Shape, coat: Coat, base: Array, points: Array, seed: int) -> Array:
    """Return the color of fur, linear (n, 3), at points (n, 3) of the head at rest."""
    x, y, z = points.T
    beside = np.abs(x)
    muzzle = 1.4 - np.sqrt(
        (x / 0.34) ** 2 + ((y + 0.45) / 0.26) ** 2 + ((z - 0.8 * shape.long) / 0.55) ** 2
    )
    chest = np.clip((-0.95 - y) / 0.4, 0, 1) * np.clip((z + 0.2) / 0.4, 0, 1)
    marks = Marks(np.clip(muzzle * 2, 0, 1), chest * np.clip((0.7 - beside) / 0.3, 0, 1))
    color = np.tile(base, (len(points), 1))
    if coat == "tabby":
        color = _tabby(shape, color, points, marks, seed)
    elif coat == "tuxedo":
        blaze = np.clip((0.10 - 0.1 * y - beside) / 0.06, 0, 1) * (y < 0.2) * (z > 0.3)
        color = _over(color, WHITE, marks.muzzle + marks.chest + blaze)
    elif coat == "fox":
        jowl = np.clip((-0.22 - y) / 0.15, 0, 1) * np.clip((beside - 0.28) / 0.15, 0, 1)
        jowl = jowl * np.clip((z + 0.1) / 0.3, 0, 1)
        color = _over(color, WHITE, marks.muzzle * (y < -0.33) + marks.chest + jowl)
        color = _over(color, np.full(3, 0.015), (y - 0.95) / 0.2)
    elif coat == "muzzle":
        color = _over(color, np.clip(base * 2.6 + 0.05, 0, 0.6), marks.muzzle * 0.6)
    elif coat == "tan":
        ex, ey, _ = shape.species.eye
        brow = 1.2 * np.exp(-(((beside - ex) / 0.1) ** 2 + ((y - ey - 0.26) / 0.08) ** 2))
        color = _over(color, TAN, marks.muzzle + brow)
    elif coat == "blaze":
        wavy = 0.05 * noise_at(f32(points), 3.0, seed + 4)
        blaze = np.clip((0.16 - beside + wavy) / 0.05, 0, 1) * (z > 0.1) * (y < 0.6)
        color = _over(color, WHITE, blaze + marks.muzzle + marks.chest)
    uneven = 1 + 0.15 * noise_at(f32(points), 6.0, seed + 7)
    return np.clip(color * uneven[:, None], 0.006, 0.85)  # type: ignore[no-any-return]


def _over(color: Array, other: Array, share: Array) -> Array:
    part = np.clip(share, 0, 1)[:, None]
    return color * (1 - part) + other * part  # type: ignore[no-any-return]


def _tabby(shape: Shape, color: Array, points: Array, marks: Marks, seed: int) -> Array:
    """Return stripes around the head, a letter M on the forehead, pale eyes and muzzle."""
    x, y, z = points.T
    beside = np.abs(x)
    around = np.abs(np.arctan2(x, z + 0.2))
    rings = np.sin(11 * around + 3 * y + 1.5 * noise_at(f32(points), 2.0, seed + 1))
    stripes = 0.7 * rings + 0.3 * np.sin(9 * y + 2 * noise_at(f32(points), 3.0, seed + 2))
    forehead = np.clip((y - 0.25) / 0.2, 0, 1) * np.clip((0.45 - beside) / 0.2, 0, 1)
    stripes = stripes * (1 - forehead) + forehead * np.sin(beside * 26 + y * 2 + 1)
    color = color * (1 - 0.72 * np.clip(stripes * 2.2 - 0.3, 0, 1))[:, None]
    color = _over(color, WHITE * 0.8, marks.muzzle * 0.8 + marks.chest * 0.5)
    ex, ey, _ = shape.species.eye
    lids = 0.35 * np.exp(-(((beside - ex) / 0.3) ** 2 + ((y - ey) / 0.26) ** 2))
    return _over(color, WHITE * 0.55, lids)
