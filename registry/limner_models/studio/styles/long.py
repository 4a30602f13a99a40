"""Styles that hang: from the chin to below the shoulders."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import unit_vectors
from limner_models.studio.styles.plan import Plan, layers, swept, uneven

if TYPE_CHECKING:
    from limner_models.studio.arrays import Array
    from limner_models.studio.params import Dials, Hair
    from limner_models.studio.scalp import Roots


@dataclass(frozen=True)
class Cut:
    """What sets one hanging style apart from the others."""

    length: float
    """Decimeters, before the dials."""
    height: float
    """Of the cut, decimeters in the world."""
    height_dial: float
    ragged: float
    """Deviation of the cut's height."""
    clump: float
    clumps: int = 800


CUTS = {
    "bob": Cut(1.9, 6.40, 0.35, 0.05, 0.25),
    "mid_part": Cut(2.2, 6.1, 0.4, 0.12, 0.25),
    "long": Cut(3.4, 5.0, 0.9, 0.07, 0.28),
    "long_part": Cut(3.7, 4.7, 1.0, 0.16, 0.30),
    "wavy": Cut(3.1, 5.2, 0.9, 0.16, 0.55, 220),
    "shag": Cut(2.2, 6.0, 0.5, 0.16, 0.50, 260),
    "curly": Cut(2.8, 5.6, 0.9, 0.16, 0.85, 330),
}
TUCKED = 0.35
"""Share of people who tuck such hair behind their ears."""
OVER_SHOULDER = 0.25
"""Share of people who wear long hair over one shoulder."""


def hanging(roots: Roots, hair: Hair) -> Plan:
    """Return the plan of any style in `CUTS`."""
    dials, cut = hair.dials, CUTS[hair.style]
    part = 0.0 if hair.style == "mid_part" else hair.part
    comb, pull, reach = _combed(roots, hair, part)
    layer = layers(roots)
    length = cut.length * (0.8 + 0.4 * dials.length)
    plan = Plan(
        comb,
        length=length * (1 - 0.12 * roots.draws.random(roots.count)),
        gravity=4 + 2 * dials.weight,
        pull=pull,
        reach=reach,
        near=0.015 + 0.03 * layer,
        far=0.05 + (0.10 + 0.14 * dials.volume) * layer,
        unrest=0.4 + 0.5 * dials.mess,
        rate=1.2,
        cut=cut.height + cut.height_dial * dials.cut + uneven(roots, cut.ragged),
        lift=0.3 + 0.35 * dials.lift,
        clump=cut.clump * (0.6 + 0.8 * dials.clumps),
        clumps=cut.clumps,
        flick=_flick(hair.style, dials),
    )
    return _texture(roots, hair, plan, length)


def _flick(style: str, dials: Dials) -> float:
    if style in {"bob", "mid_part"}:
        return -0.16 * dials.turns
    return 0.16 * (dials.turns - 0.5) if style in {"long", "long_part", "shag"} else 0.0


def _combed(roots: Roots, hair: Hair, part: float) -> tuple[Array, Array, Array]:
    """Return combing directions with their strength and reach."""
    dials = hair.dials
    forward = 0.35 * (dials.sweep - 0.5)
    comb = swept(roots, part, forward)
    pull = np.full(roots.count, 2 + 2 * dials.weight)
    reach = np.full(roots.count, 0.35 + 0.4 * dials.sides)
    z, side = roots.local[:, 2], roots.parted(part)
    front = np.clip((z - 0.45) / 0.4, 0, 1) * np.clip((roots.elevation - 15) / 20, 0, 1)
    aside = roots.toward(side * 1.2, 0, -0.9)
    comb = unit_vectors(comb + aside * front[:, None] * 0.6)
    pull, reach = pull + 1.5 * front, reach + 0.35 * front
    if dials.tuck < TUCKED:
        share = np.clip((roots.azimuth - 10) / 50, 0, 1)
        comb = unit_vectors(comb + roots.toward(0, -0.2, -1.2) * share[:, None])
        pull, reach = np.full(roots.count, 3.5), np.full(roots.count, 1.0)
    elif dials.shoulder < OVER_SHOULDER and hair.style in {"long", "long_part", "wavy"}:
        way = 1.0 if dials.shoulder < OVER_SHOULDER / 2 else -1.0
        share = 0.8 * np.clip((roots.azimuth - 70) / 60, 0, 1)
        comb = unit_vectors(comb + roots.toward(way * 1.4, -0.1, 0.5) * share[:, None])
        reach = reach + 0.8 * share
    return comb, pull, reach


def _texture(roots: Roots, hair: Hair, plan: Plan, length: float) -> Plan:
    """Return the plan with the waves, layers or curls of its style."""
    dials = hair.dials
    if hair.style == "shag":
        ragged = length * (0.35 + 0.65 * roots.draws.random(roots.count))
        return replace(plan, length=ragged, wave=0.05, wave_rate=0.9)
    if hair.style == "wavy":
        wave, rate = 0.06 + 0.09 * dials.waves, 0.5 + 0.6 * dials.turns
        return replace(plan, wave=wave, wave_rate=rate, far=plan.far + 0.08)
    if hair.style == "curly":
        return replace(
            plan,
            curl=0.06 + 0.08 * dials.waves,
            curl_rate=1.1 + 1.5 * dials.turns,
            length=np.asarray(plan.length) * 1.25,
            far=plan.far + 0.12 + 0.12 * dials.volume,
            lift=0.9,
            gravity=2.2,
            unrest=1.2,
            frizz=0.03,
        )
    # straight hair is never wholly straight
    return replace(plan, wave=0.035 * dials.waves**2, wave_rate=0.3 + 0.3 * dials.turns)


FRINGED = frozenset({*CUTS, "pixie", "bowl", "side_short"})
"""Styles that bangs go with."""


def with_bangs(roots: Roots, hair: Hair, plan: Plan) -> tuple[Plan, Array]:
    """Return the plan with hair combed onto the forehead, and which strands that is."""
    dials, draws = hair.dials, roots.draws
    x, z = roots.local[:, 0], roots.local[:, 2]
    over = (z > 0.45) & (np.abs(x) < 0.48 + 0.1 * dials.clumps) & (roots.elevation > 10)
    bangs = over & (roots.elevation < 72) & (draws.random(roots.count) < 0.85)
    down = roots.toward(x * 0.5 + 0.5 * (dials.fringe_side - 0.5), -0.4, 1)
    low = 7.50 + 0.3 * dials.fringe_low - 0.25 * np.clip(np.abs(x) - 0.3, 0, 1)

    def chosen(ours: Array | float, other: Array | float) -> Array:
        return np.where(bangs, ours, other)

    changed = replace(
        plan,
        comb=np.where(bangs[:, None], down, plan.comb),
        cut=chosen(low + uneven(roots, 0.04), plan.cut),
        length=chosen(np.minimum(plan.length, 1.35), plan.length),
        lift=chosen(0.5, plan.lift),
        far=chosen(0.05 + 0.05 * layers(roots), plan.far),
        gravity=chosen(3.5, plan.gravity),
        pull=chosen(2.0, plan.pull),
        reach=chosen(0.4, plan.reach),
    )
    return changed, bangs
