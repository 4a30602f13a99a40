"""A head of hair: planted, grown, groomed, colored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from limner_models.studio.arrays import F32, F64, Array, Mask, f32, unit_vectors
from limner_models.studio.assets import CENTER, NECK, Assets, head_point
from limner_models.studio.kernels.grooming import Ripple, arc_lengths, clump, ripple, shake
from limner_models.studio.kernels.growth import Traits, grow, push_out
from limner_models.studio.labels import Label
from limner_models.studio.scalp import Roots, coverage, plant
from limner_models.studio.strands import Finish, Strands
from limner_models.studio.styles import DENSITIES, GROWN, TIED
from limner_models.studio.styles.long import CUTS, FRINGED, with_bangs
from limner_models.studio.styles.plan import Density, Plan
from limner_models.studio.styles.tied import tied

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.kernels.field import Field
    from limner_models.studio.params import Hair

FLYAWAY = 0.03
"""Share of strands that keep out of line."""
ROOT = np.array([0.04, 0.025, 0.016])
"""Albedo that dyed hair grows out to, at most."""
GRAY = np.array([0.45, 0.44, 0.43])
TIPPED = frozenset({"long", "long_part", "wavy", "bob", "mid_part", "ponytail", "curly"})


@dataclass(frozen=True)
class Tint:
    """What varies strands' colors around their head's, whatever that is."""

    lock: F32
    """(n,) normal deviates, the same for all strands of a lock."""
    strand: F32
    """(n,) normal deviates."""
    streaked: Mask
    """(n,) strands that streaks would lighten."""
    grayness: F32
    """(n,) in [0, 1]: strands turn gray in this order."""
    arcs: F32
    """(n, k) decimeters from the root."""

    def color(self, hair: Hair) -> F32:
        """Return the albedo of every point, float32 (n, k, 3) in [0.003, 0.92]."""
        base = np.array(hair.albedo)
        tone = np.exp(hair.contrast * (0.17 * self.lock + 0.08 * self.strand))
        strand = base * tone[:, None]
        if hair.streaks > 0:
            lighter = hair.streaks * np.clip(base * 3 + 0.04, 0, 0.75)
            strand[self.streaked] = strand[self.streaked] * (1 - hair.streaks) + lighter
        strand[self.grayness < hair.graying] = np.maximum(GRAY, base)
        albedo = np.repeat(strand[:, None], self.arcs.shape[1], 1)
        if hair.roots > 0:
            reach = 0.4 + hair.dials.clumps
            share = np.clip(1 - self.arcs / reach, 0, 1)[..., None] * hair.roots
            albedo = albedo * (1 - share) + np.minimum(base, ROOT) * share
        if hair.tips and hair.style in TIPPED:
            along = self.arcs / np.maximum(self.arcs[:, -1:], 1e-3)
            share = np.clip((along - 0.45) / 0.3, 0, 1)[..., None] * 0.9
            albedo = albedo * (1 - share) + np.array(hair.tips) * share * tone[:, None, None]
        # near the scalp strands lie in each other's way
        albedo = albedo * (1 - 0.2 * (1 - np.clip(self.arcs / 0.25, 0, 1)))[..., None]
        return f32(np.clip(albedo, 0.003, 0.92))


@dataclass(frozen=True)
class HeadOfHair:
    """Scalp hair on one head; `strands` is None where there is none."""

    strands: Strands | None
    tint: Tint | None
    scalp: F32
    """(vertices,) how much of the scalp looks like hair, in [0, 1]."""


def grow_hair(
    head: Assets, posed: tuple[F32, F32, F64], field: Field, hair: Hair, size: int
) -> HeadOfHair:
    """Return a head of hair.

    Args:
        head: The mesh at rest.
        posed: Its vertices and normals in the world, and the head's turn.
        field: Distance to the posed mesh.
        hair: Style and color.
        size: Pixels of the picture's side; larger pictures get more, thinner strands.
    """
    dense = coverage(head, hair)
    if not dense.any():
        return HeadOfHair(None, None, dense)
    draws = np.random.default_rng(hair.seed)
    density = DENSITIES.get(hair.style, Density())
    scale = max(0.7, min(2.2, size / 256))
    roots = plant(draws, head, posed, dense, int(density.strands * scale))
    turn = posed[2]
    fly = draws.random(roots.count) < FLYAWAY
    if hair.style in TIED:
        points, plan = tied(roots, hair, field, turn)
        dead: Mask = np.zeros(roots.count, bool)
    else:
        points, plan, dead = _grown(roots, hair, field, turn, fly)
    guides = _guides(roots, plan.clumps)
    groomed = _groom(roots, hair, plan, (points, guides, fly), (field, turn))
    widths = _widths(draws, density, groomed.shape[1], scale, fly)
    widths[dead] = 0
    tint = _tint(draws, roots, guides, arc_lengths(groomed))
    center = head_point(CENTER, turn)
    lock = np.exp(draws.normal(0, 0.38, roots.count))[guides]
    strands = Strands(
        points=groomed,
        widths=f32(widths),
        albedo=tint.color(hair),
        outward=f32(unit_vectors(groomed - center)),
        tilt=f32(draws.normal(0, 1, roots.count)),
        gloss=f32(np.exp(draws.normal(0, 0.28, roots.count)) * lock),
        label=Label.HAIR,
        finish=Finish(hair.roughness, hair.gloss, 0.9),
    )
    share = {"bald": 0.5, "buzz": 0.75}.get(hair.style, 1.0)
    return HeadOfHair(strands, tint, f32(dense * share))


def _grown(roots: Roots, hair: Hair, field: Field, turn: F64, fly: Mask) -> tuple[F32, Plan, Mask]:
    """Return strands that grow freely, their plan, and those to leave out of the face."""
    draws = roots.draws
    plan = GROWN[hair.style](roots, hair)
    bangs: Mask = np.zeros(roots.count, bool)
    if hair.bangs and hair.style in FRINGED:
        plan, bangs = with_bangs(roots, hair, plan)

    def each(values: Array | float) -> F32:
        return f32(np.broadcast_to(values, (roots.count,)))

    further = np.where(fly, 0.06 + 0.1 * draws.random(roots.count), 0)
    traits = Traits(
        length=each(plan.length),
        gravity=each(plan.gravity),
        comb=each(plan.pull),
        comb_reach=each(plan.reach),
        near=each(plan.near),
        far=each(plan.far + further),
        unrest=each(np.where(fly, 2.5, 1) * plan.unrest * 0.7),
        unrest_rate=each(plan.rate),
        cut=each(plan.cut),
        lift=each(plan.lift),
        seed=f32(int(draws.integers(1, 1 << 20)) + fly),
    )
    points = DENSITIES.get(hair.style, Density()).points
    combs = f32(plan.comb @ turn.T)
    strands = grow(field, roots.position, roots.normal, combs, traits, points)
    if hair.style not in CUTS:
        return strands, plan, np.zeros(roots.count, bool)
    return strands, plan, _in_the_face(strands, hair, turn, draws) & ~bangs


def _in_the_face(strands: F32, hair: Hair, turn: F64, draws: Generator) -> Mask:
    """Return which strands fall over the face, where people would push them away."""
    local = (strands - NECK) @ turn + NECK
    covers = 0.36 + 0.10 * hair.dials.turns - 0.2 * (hair.dials.hairline < 0.10)
    x, y, z = np.abs(local[..., 0]), local[..., 1], local[..., 2]
    top = 7.38 if hair.bangs else 7.85
    inside = (z > 0.75) & (x < covers) & (y < top) & (y > 6.2)
    falls: Mask = inside.any(1) & (draws.random(len(strands)) < 0.998)
    return falls


def _guides(roots: Roots, clumps: int) -> Array:
    """Return the strand whose lock each strand belongs to."""
    draws, count = roots.draws, roots.count
    chosen = draws.choice(count, max(8, min(clumps, count // 8)), replace=False)
    jittered = roots.rest + draws.normal(0, 0.015, (count, 3))
    return np.asarray(chosen[cKDTree(roots.rest[chosen]).query(jittered)[1]], np.int32)


def _groom(
    roots: Roots,
    hair: Hair,
    plan: Plan,
    strands: tuple[F32, Array, Mask],
    world: tuple[Field, F64],
) -> F32:
    """Return strands in locks, waved, curled and unruly, none inside the head."""
    points, guides, _ = strands
    field, turn = world
    draws, count = roots.draws, roots.count
    if plan.clump > 0:
        points = clump(points, guides, _lock_pull(roots, hair, plan, strands))
    arcs = arc_lengths(points)
    if plan.wave > 0 or plan.curl > 0:
        phase = draws.uniform(0, 2 * np.pi, count)[guides] + draws.normal(0, 0.25, count)
        rate = (1 + 0.25 * draws.normal(0, 1, count))[guides]
        size = (1 + 0.3 * draws.normal(0, 1, count))[guides]
        hand = np.sign(draws.normal(0, 1, count))[guides] if plan.curl > 0 else np.ones(count)
        turns = plan.curl_rate if plan.curl > 0 else plan.wave_rate
        ripples = Ripple(
            phase=f32(phase),
            rate=f32(rate * hand * turns),
            wave=f32(np.full(count, plan.wave)),
            curl=f32(plan.curl * size),
            frizz=f32(np.zeros(count)),
        )
        ramp = np.float32(0.25 if plan.curl > 0 else 0.5)
        points = ripple(points, arcs, f32(head_point(CENTER, turn)), ripples, ramp)
    if plan.flick:
        points = _flick(points, head_point(CENTER, turn), plan.flick)
    if points.shape[1] > 8:
        frizz = plan.frizz * (1 + 1.5 * draws.random(count, np.float32) ** 4)
        knots = draws.standard_normal((count, max(4, points.shape[1] // 4 + 3), 3), np.float32)
        shake(points, arcs, f32(frizz), knots)
    push_out(field, points, np.float32(0.012))
    return points


def _lock_pull(roots: Roots, hair: Hair, plan: Plan, strands: tuple[F32, Array, Mask]) -> F32:
    """Return how strongly each strand keeps to its lock: not across partings, not the odd ones."""
    points, guides, fly = strands
    total = arc_lengths(points)[:, -1]
    alike = np.abs(total / np.maximum(total[guides], 1e-3) - 1) < 0.35
    close = ((roots.rest[guides] - roots.rest) ** 2).sum(1) < 0.06
    side = roots.local[:, 0] > hair.part
    same_side = (side == side[guides]) | (roots.top < 0.5) | (hair.style == "ponytail")
    strength = plan.clump * (0.75 + 0.5 * roots.draws.random(roots.count))[guides]
    return f32(np.clip(strength, 0, 0.97) * (alike & close & same_side & ~fly))


def _flick(points: F32, center: Array, size: float) -> F32:
    """Return strands whose last third bends away from the head."""
    out = unit_vectors(points - center)
    out[..., 1] = 0
    end = np.clip((np.linspace(0, 1, points.shape[1]) - 0.65) / 0.35, 0, 1) ** 2
    return f32(points + out * (size * end)[None, :, None])


def _widths(draws: Generator, density: Density, points: int, scale: float, fly: Mask) -> Array:
    """Return strands' widths, (n, points) decimeters, thinner toward the tips."""
    count = len(fly)
    width = density.width * (13000 * scale / count) / scale
    taper = 1 - 0.55 * np.linspace(0, 1, points) ** 3
    each = (0.7 + 0.6 * draws.random(count)) * np.where(fly, 0.45, 1)
    return np.asarray(width * taper * each[:, None])


def _tint(draws: Generator, roots: Roots, guides: Array, arcs: F32) -> Tint:
    count = roots.count
    return Tint(
        lock=f32(draws.normal(0, 1, count))[guides],
        strand=f32(draws.normal(0, 1, count)),
        streaked=(draws.random(count) < 0.3)[guides],
        grayness=f32(draws.random(count)),
        arcs=arcs,
    )
