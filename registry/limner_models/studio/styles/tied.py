"""Styles held by a tie: strands follow the skull to one point, then fall or wind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import f32, unit_vectors
from limner_models.studio.assets import CENTER, head_point
from limner_models.studio.kernels.growth import Traits, grow, push_out
from limner_models.studio.styles.plan import Plan, layers

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, F64, Array
    from limner_models.studio.kernels.field import Field
    from limner_models.studio.params import Hair
    from limner_models.studio.scalp import Roots

TO_TIE = 18
"""Points from the root to the tie."""
BEYOND = 17
"""Points of the tail or the bun, the tie's own included."""


def tied(roots: Roots, hair: Hair, field: Field, turn: F64) -> tuple[F32, Plan]:
    """Return the strands, float32 (n, 34, 3), and what grooming they still need."""
    tie = head_point(CENTER + _tie(hair), turn)
    center = head_point(CENTER, turn)
    layer = layers(roots)
    path = _over_skull(
        roots, field, (center, tie), (0.03 + 0.06 * hair.dials.volume) * (0.3 + 0.7 * layer)
    )
    out = unit_vectors(tie - center)
    if hair.style == "bun":
        beyond = _bun(roots, hair, tie, out)
        plan = Plan(np.zeros((roots.count, 3)), clump=0.0)
    else:
        beyond = _tail(roots, hair, (path[:, -1], out, turn, layer), field)
        plan = Plan(
            np.zeros((roots.count, 3)), clump=0.3, wave=0.05 * hair.dials.waves, wave_rate=0.8
        )
    return f32(np.concatenate([path, beyond[:, 1:]], 1)), plan


def _tie(hair: Hair) -> Array:
    """Return where the hair is tied, relative to the middle of the skull at rest."""
    dials = hair.dials
    if hair.style == "bun" and dials.tie > 0.5:
        return np.array([0, 1.02, -0.35 + 0.3 * dials.sweep])
    return np.array([0, 0.25 + 0.55 * dials.sides, -1.02 + 0.1 * dials.tie])


def _over_skull(roots: Roots, field: Field, span: tuple[Array, Array], loose: Array) -> F32:
    """Return paths along great circles around the skull's middle to the tie."""
    center, tie = span
    share = np.linspace(0, 1, TO_TIE)[None, :, None]
    start, end = roots.position - center, tie - center
    near, far = np.linalg.norm(start, axis=1)[:, None, None], np.linalg.norm(end)
    first = unit_vectors(start)[:, None]
    last = unit_vectors(np.broadcast_to(end, start.shape))[:, None]
    angle = np.arccos(np.clip((first * last).sum(-1, keepdims=True), -1, 1)) + 1e-4
    way = np.sin((1 - share) * angle) * first + np.sin(share * angle) * last
    path = f32(center + way / np.sin(angle) * (near * (1 - share) + far * share))
    push_out(field, path, np.float32(0.015))
    rise = loose[:, None, None] * np.sin(np.pi * np.clip(share * 1.1, 0, 1)) + 0.01
    path = path + unit_vectors(path - center) * rise
    path[:, 0] = roots.position
    gathered = np.clip((share - 0.75) / 0.25, 0, 1) ** 2
    around = tie + roots.draws.normal(0, 0.05, (roots.count, 1, 3))
    return f32(path * (1 - gathered) + around * gathered)


def _tail(roots: Roots, hair: Hair, start: tuple[F32, Array, F64, Array], field: Field) -> F32:
    """Return what falls from the tie."""
    tie, out, turn, layer = start
    draws, count = roots.draws, roots.count
    away = unit_vectors(out + np.array([0, 0.2, 0]) @ turn.T)
    ones = np.ones(count, np.float32)
    traits = Traits(
        length=f32((1.2 + 1.8 * hair.dials.length) * (0.7 + 0.3 * draws.random(count))),
        gravity=4.5 * ones,
        comb=0 * ones,
        comb_reach=ones,
        near=0.05 * ones,
        far=f32(0.05 + 0.25 * layer),
        unrest=1.2 * ones,
        unrest_rate=1.2 * ones,
        cut=-99 * ones,
        lift=ones,
        seed=float(draws.integers(1, 1 << 20)) * ones,
    )
    first = f32(away + draws.normal(0, 0.22, (count, 3)))
    return grow(field, f32(tie), first, np.zeros_like(first), Traits(*map(f32, traits)), BEYOND)


def _bun(roots: Roots, hair: Hair, tie: Array, out: Array) -> F32:
    """Return strands wound around a ball beyond the tie."""
    draws, count = roots.draws, roots.count
    radius = 0.28 + 0.2 * hair.dials.length
    middle = tie + out * radius * 0.75
    axis = unit_vectors(draws.normal(0, 1, (count, 3)) * 0.5 + out)
    one = unit_vectors(np.cross(axis, [0.3, 0.8, 0.5]))
    other = np.cross(axis, one)
    angle = draws.uniform(0, 2 * np.pi, count)[:, None] + np.linspace(0, 3.5, BEYOND)
    latitude = draws.uniform(-0.9, 0.9, count)[:, None]
    ring = (radius * np.sqrt(1 - latitude**2))[..., None]
    ball = np.cos(angle)[..., None] * ring * one[:, None]
    ball = ball + np.sin(angle)[..., None] * ring * other[:, None]
    ball = ball + (latitude * radius * 0.8)[..., None] * axis[:, None]
    return f32(middle + ball * (0.85 + 0.2 * draws.random((count, 1, 1))))
