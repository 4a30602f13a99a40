"""How light is distributed: the setups of photographers, and what happens without one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.draws import pick, rgb, seed_of
from limner_models.studio.params import Lamp, Light

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.arrays import RGB


def _toward(azimuth: float, elevation: float) -> tuple[float, float, float]:
    a, e = math.radians(azimuth), math.radians(elevation)
    return math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)


def _warm(temperature: float, strength: float) -> RGB:
    return rgb(np.array([1 + 0.25 * temperature, 1, 1 - 0.3 * temperature]) * strength)


LIGHTS = {"soft": 0.28, "studio": 0.23, "sun": 0.14, "window": 0.16, "rim": 0.13, "dim": 0.06}


def sample_light(draws: Generator) -> Light:
    """Return a light: soft, in a studio, in the sun, by a window, from behind, or dim."""
    kind = pick(draws, LIGHTS)
    side = float(draws.choice([-1, 1]))
    lamps, ambient = _lamps(draws, kind, side)
    top = np.array(_warm(draws.normal(-0.1, 0.3), draws.uniform(0.4, 1.0)))
    bottom = np.array(_warm(draws.normal(0.2, 0.3), draws.uniform(0.15, 0.55)))
    if kind == "sun":
        top = np.array([0.55, 0.75, 1.0]) * draws.uniform(0.6, 1)
    if draws.random() < 0.08:
        colored = rgb(draws.random(3) ** 2 * 2)
        lamps.append(Lamp(_toward(draws.uniform(-180, 180), draws.uniform(0, 40)), colored, 0.2))
    return Light(
        kind=kind,
        lamps=tuple(lamps),
        top=rgb(top * ambient),
        bottom=rgb(bottom * ambient),
        side=side * 0.5 if kind == "window" else float(draws.normal(0, 0.35)),
        seed=seed_of(draws),
    )


def _lamps(draws: Generator, kind: str, side: float) -> tuple[list[Lamp], float]:
    """Return the lamps of a setup and how strong its surroundings are."""
    u = draws.uniform
    warmth = float(draws.normal(0, 0.35))

    def lamp(azimuth: float, elevation: float, color: RGB, spread: float) -> Lamp:
        return Lamp(_toward(azimuth, elevation), color, spread)

    if kind == "soft":
        return [lamp(side * u(0, 70), u(15, 65), _warm(warmth, u(0.3, 1.0)), 0.35)], 1.0
    if kind == "studio":
        key = lamp(side * u(20, 60), u(15, 50), _warm(warmth / 2, u(1.2, 2.2)), 0.22)
        fill = lamp(-side * u(20, 70), u(0, 30), _warm(warmth / 2, u(0.2, 0.8)), 0.3)
        color = _warm(draws.normal(0, 0.4), u(0.6, 2.2))
        rim = lamp(-side * u(120, 165), u(20, 55), color, 0.2)
        return [key, fill, rim] if draws.random() < 0.6 else [key, fill], 0.35
    if kind == "sun":
        color = _warm(0.25 + 0.2 * draws.random(), u(1.5, 2.8))
        return [lamp(side * u(0, 150), u(25, 75), color, 0.06)], 0.55
    if kind == "window":
        color = _warm(draws.normal(-0.2, 0.3), u(1.2, 2.2))
        return [lamp(side * u(45, 100), u(0, 40), color, 0.35)], 0.4
    if kind == "rim":
        rim = lamp(side * u(115, 180), u(10, 55), _warm(warmth, u(2, 5)), 0.2)
        front = lamp(-side * u(0, 60), u(10, 50), _warm(warmth, u(0.3, 1)), 0.3)
        return [rim, front], 0.5
    return [lamp(side * u(0, 90), u(0, 60), _warm(u(0, 0.8), u(0.5, 1.5)), 0.3)], 0.3
