"""What a style decides about every strand before it grows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from limner_models.studio.arrays import Array
    from limner_models.studio.scalp import Roots

ENDLESS = -99.0
"""Height of a cut that no hair reaches."""


@dataclass(frozen=True)
class Plan:
    """How strands grow and fall; arrays are (n,) or numbers that hold for all strands."""

    comb: Array
    """(n, 3): combing directions in the head's frame."""
    length: Array | float = 1.0
    """Decimeters."""
    gravity: Array | float = 3.0
    pull: Array | float = 2.0
    """How strongly strands follow the comb."""
    reach: Array | float = 0.6
    """Decimeters along which they do."""
    near: Array | float = 0.02
    """Clearance from the skin at the root."""
    far: Array | float = 0.1
    """Clearance further out: the volume."""
    unrest: Array | float = 0.6
    rate: Array | float = 1.5
    cut: Array | float = ENDLESS
    """Height at which scissors cut, decimeters in the world."""
    lift: Array | float = 0.35
    clump: float = 0.45
    """How tightly strands keep to their lock, in [0, 1]."""
    clumps: int = 500
    wave: float = 0.0
    """Amplitude, decimeters."""
    wave_rate: float = 1.0
    """Waves per decimeter."""
    curl: float = 0.0
    """Radius, decimeters."""
    curl_rate: float = 1.0
    frizz: float = 0.012
    flick: float = 0.0
    """How far tips bend away from the head, decimeters; inward below 0."""


@dataclass(frozen=True)
class Density:
    """How many strands a style needs, how finely bent and how wide."""

    strands: int = 13000
    points: int = 26
    width: float = 0.0065
    """Decimeters at 13000 strands: thicker than hair, so that fewer cover the head."""


def layers(roots: Roots) -> Array:
    """Return how far out in the volume each strand lies, in [0, 1], most of them deep."""
    return roots.draws.random(roots.count) ** 1.5


def blend(one: Array, other: Array, share: Array) -> Array:
    """Return directions between two by a share per strand."""
    return np.asarray(one * (1 - share[:, None]) + other * share[:, None])


def swept(roots: Roots, part: float, forward: float) -> Array:
    """Return the directions of hair combed away from a parting."""
    side = roots.parted(part)
    down = -0.25 - 0.4 * (1 - roots.top)
    return roots.toward(side, down, -0.25 + forward - 0.5 * roots.back)


def uneven(roots: Roots, deviation: float) -> Array:
    """Return how much each strand's end differs, normal."""
    return np.asarray(roots.draws.normal(0, deviation, roots.count))
