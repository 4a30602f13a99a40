"""Styles that keep clear of the shoulders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.assets import CENTER
from limner_models.studio.styles.plan import ENDLESS, Plan, blend, layers, swept, uneven

if TYPE_CHECKING:
    from limner_models.studio.params import Hair
    from limner_models.studio.scalp import Roots


def buzz(roots: Roots, hair: Hair) -> Plan:
    """Return a few millimeters, straight out."""
    length = 0.04 + 0.09 * hair.dials.length
    return Plan(
        roots.whorl, length=length, lift=1.2, gravity=0, near=0, far=0.01, unrest=1.0, clump=0
    )


def bald(roots: Roots, hair: Hair) -> Plan:
    """Return what is left around a bald head."""
    length = 0.08 + 0.5 * hair.dials.length**3
    comb = roots.toward(roots.local[:, 0] * 0.2, -0.6, -0.6)
    return Plan(comb, length=length, gravity=2, clump=0.3, far=0.03)


def crop(roots: Roots, hair: Hair) -> Plan:
    """Return an even short cut, brushed forward or up."""
    return _cropped(roots, hair, 0.12 + 0.15 * hair.dials.sides)


def topfade(roots: Roots, hair: Hair) -> Plan:
    """Return a short cut whose sides fade to the skin."""
    return _cropped(roots, hair, 0.04 + 0.08 * hair.dials.sides)


def _cropped(roots: Roots, hair: Hair, sides: float) -> Plan:
    dials, short = hair.dials, roots.sides
    top = 0.18 + 0.35 * dials.length
    curled = dials.waves < 0.3
    return Plan(
        roots.whorl * (1 if dials.sweep < 0.6 else -0.6),
        length=top * (1 - short) + sides * short,
        lift=(0.5 + 0.8 * dials.lift) * (1 - 0.6 * short),
        gravity=1.5,
        pull=1.0,
        far=0.02 + 0.06 * (1 - short),
        unrest=1 + 2 * dials.mess,
        clump=0.55,
        clumps=700,
        curl=0.05 + 0.05 * dials.turns if curled else 0.0,
        curl_rate=2.5 + 2 * dials.volume,
    )


def side_short(roots: Roots, hair: Hair) -> Plan:
    """Return a gentleman's cut with a side parting."""
    dials, short = hair.dials, roots.sides
    part = hair.part or 0.25
    ahead = roots.toward(0, 0, 0.5 if dials.sweep < 0.5 else -0.5)
    top = swept(roots, part, 0.35 * (dials.sweep - 0.5)) * 0.9 + ahead * 0.5
    return Plan(
        blend(top, roots.toward(0, -1, -0.4), short),
        length=(0.5 + 0.5 * dials.length) * (1 - short) + (0.12 + 0.25 * dials.sides) * short,
        lift=(0.5 + 0.5 * dials.lift) * (1 - 0.6 * short),
        gravity=2.5,
        far=0.04 + 0.10 * dials.volume * (1 - short),
        unrest=1.2,
        clump=0.5,
    )


def slick(roots: Roots, hair: Hair) -> Plan:
    """Return hair combed straight back."""
    dials, short, front = hair.dials, roots.sides, roots.front
    return Plan(
        roots.toward(roots.local[:, 0] * 0.3, 0.1 - 0.8 * short, -1.0),
        length=(0.7 + 0.5 * dials.length) * (1 - short) + (0.35 + 0.5 * dials.sides) * short,
        lift=(0.35 + 0.5 * dials.lift) * front,
        gravity=1.5,
        pull=4.0,
        reach=2.0,
        far=0.04 + 0.1 * dials.volume * front,
        unrest=0.7,
        clump=0.5,
    )


def quiff(roots: Roots, hair: Hair) -> Plan:
    """Return a forelock that stands up, sides short."""
    dials, short = hair.dials, roots.sides
    top = roots.toward(hair.part * 0.8, 0.5, -0.4)
    forelock = 0.5 + 0.5 * np.clip(roots.local[:, 2] + 0.6, 0, 1)
    length = (0.5 + 0.35 * dials.length) * (1 - short) * forelock
    return Plan(
        blend(top, roots.toward(0, -1, -0.3), short),
        length=length + (0.08 + 0.12 * dials.sides) * short,
        lift=1.6 * roots.front + 0.5,
        gravity=0.8,
        pull=1.2,
        far=0.03 + 0.12 * roots.front,
        unrest=1.2,
        clump=0.6,
        clumps=350,
    )


def bowl(roots: Roots, hair: Hair) -> Plan:
    """Return hair cut at one height all around, higher in front."""
    dials = hair.dials
    rim = CENTER[1] + 0.02 + 0.18 * dials.cut + uneven(roots, 0.02)
    rim = rim - (0.25 + 0.3 * dials.sides) * np.clip((roots.azimuth - 40) / 40, 0, 1)
    return Plan(
        roots.whorl,
        length=1.1 + 0.4 * dials.length,
        cut=rim - 0.2 * roots.back,
        far=0.05 + 0.12 * layers(roots),
        unrest=0.5,
        clump=0.4,
    )


def pixie(roots: Roots, hair: Hair) -> Plan:
    """Return a short cut, longer on top, brushed to a side."""
    dials, short = hair.dials, roots.sides
    length = (0.55 + 0.35 * dials.length) * (1 - 0.55 * roots.back) * (1 - 0.3 * short)
    return Plan(
        roots.whorl * 0.7 + swept(roots, hair.part, 0.35 * (dials.sweep - 0.5)) * 0.6,
        length=length,
        lift=0.5,
        gravity=2,
        far=0.05 + 0.1 * layers(roots),
        unrest=1.6,
        clump=0.6,
        clumps=380,
    )


def feathered(roots: Roots, hair: Hair) -> Plan:
    """Return short layered hair set in loose waves away from the face."""
    dials = hair.dials
    layer = layers(roots)
    away = roots.toward(roots.local[:, 0] * 1.2, 0.1, -0.8)
    comb = blend(roots.whorl, away, np.clip(roots.front + 0.3, 0, 1))
    nape = CENTER[1] - 0.75 - 0.3 * dials.cut + uneven(roots, 0.08)
    return Plan(
        comb + 0.5 * swept(roots, hair.part, 0.0),
        length=(0.55 + 0.5 * dials.length) * (1 - 0.3 * roots.back) * (0.8 + 0.3 * layer),
        gravity=2.4,
        pull=2.2,
        far=0.08 + (0.10 + 0.2 * dials.volume) * layer,
        unrest=1.1,
        cut=nape,
        lift=0.45 + 0.45 * dials.lift,
        clump=0.6,
        clumps=320,
        curl=0.03 + 0.05 * dials.waves,
        curl_rate=0.5 + 0.6 * dials.turns,
    )


def afro(roots: Roots, hair: Hair) -> Plan:
    """Return a round cloud of tight curls."""
    return _coils(roots, hair, 0.35 + 1.0 * hair.dials.length)


def coily_short(roots: Roots, hair: Hair) -> Plan:
    """Return tight curls near the scalp."""
    return _coils(roots, hair, 0.12 + 0.15 * hair.dials.length)


def _coils(roots: Roots, hair: Hair, radius: float) -> Plan:
    dials = hair.dials
    even = roots.draws.random(roots.count) ** 0.5
    sags = dials.weight < 0.35 and radius > 0.3
    return Plan(
        np.zeros((roots.count, 3)),
        length=radius * (0.75 + 0.25 * even),
        gravity=1.1 if sags else 0.25 * radius,
        pull=0,
        far=0.02,
        unrest=1.5,
        cut=ENDLESS,
        lift=1.0,
        clump=0.55,
        clumps=1500,
        curl=0.045,
        curl_rate=5 + 3 * dials.turns,
        frizz=0.035,
    )
