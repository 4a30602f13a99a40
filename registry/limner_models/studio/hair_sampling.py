"""Which hair a face is drawn with: shares of colors and styles, by age, skin and sex."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.palette import DYED, SHADES
from limner_models.studio.params import Dials, Hair

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.arrays import RGB
    from limner_models.studio.params import Face

DYED_SHARE = 0.10

COLORS: dict[str, tuple[float, float, float]] = {
    "black": (0.09, 6.0, 0.4),
    "soft_black": (0.05, 4.0, 0.4),
    "dark_brown": (0.15, 2.0, 0.5),
    "brown": (0.10, 0.6, 0.5),
    "chestnut": (0.05, 0.3, 0.5),
    "light_brown": (0.06, 0.2, 0.6),
    "auburn": (0.03, 0.2, 0.4),
    "copper": (0.03, 0.1, 0.3),
    "ginger": (0.03, 0.1, 0.3),
    "dark_blond": (0.09, 0.15, 0.7),
    "blond": (0.14, 0.25, 0.8),
    "golden": (0.05, 0.15, 0.5),
    "platinum": (0.06, 0.3, 1.0),
    "steel": (0.02, 1.0, 6.0),
    "gray": (0.04, 1.0, 6.0),
    "silver": (0.05, 0.8, 7.0),
    "white": (0.05, 0.7, 7.0),
}
"""Each natural shade's share, and by how much it changes with dark skin and with old age."""

STYLES: dict[str, tuple[float, float, float]] = {
    "bald": (0.045, 2.2, 0.15),
    "buzz": (0.045, 2.0, 0.25),
    "crop": (0.07, 1.6, 0.4),
    "side_short": (0.08, 1.6, 0.6),
    "slick": (0.06, 1.4, 0.6),
    "quiff": (0.04, 1.6, 0.4),
    "bowl": (0.03, 0.8, 1.0),
    "bob": (0.08, 0.25, 1.6),
    "mid_part": (0.06, 0.4, 1.3),
    "long": (0.09, 0.35, 1.6),
    "long_part": (0.08, 0.25, 1.5),
    "wavy": (0.10, 0.4, 1.5),
    "curly": (0.07, 0.7, 1.3),
    "afro": (0.05, 0.8, 1.0),
    "ponytail": (0.045, 0.3, 1.6),
    "bun": (0.035, 0.25, 1.5),
    "pixie": (0.045, 0.6, 1.3),
    "feathered": (0.05, 0.5, 1.4),
    "shag": (0.05, 0.8, 1.1),
    "coily_short": (0.04, 1.2, 0.8),
    "topfade": (0.04, 1.8, 0.2),
}
"""Each style's share, and by how much it changes for men and for women."""

AGED = frozenset({"bald", "side_short", "slick", "crop", "feathered", "bob", "pixie", "bun"})
"""Styles that old people wear twice as often; long hair they wear half as often."""
YOUTHFUL = frozenset({"long", "long_part", "mid_part", "topfade", "quiff", "shag", "afro"})
MIDDLE_AGED = 0.4
OLD = 0.55


def sample_hair(draws: Generator, face: Face) -> Hair:
    """Return hair for a face."""
    shade = _shade(draws, face)
    factors = {name: row[1] if face.male > 0.5 else row[2] for name, row in STYLES.items()}
    if face.old > OLD:
        for name in AGED:
            factors[name] *= 2
        for name in YOUTHFUL:
            factors[name] *= 0.5
    weights = np.array([STYLES[name][0] * factors[name] for name in STYLES])
    part = draws.choice([0, draws.uniform(0.1, 0.4), -draws.uniform(0.1, 0.4)], p=[0.4, 0.3, 0.3])
    tipped = draws.random() < 0.1
    graying = face.old > MIDDLE_AGED and draws.random() < 0.6
    recede = max(0.0, draws.normal(-0.15 + 0.9 * face.old, 0.75))
    return Hair(
        style=str(draws.choice(list(STYLES), p=weights / weights.sum())),
        albedo=_albedo(draws, shade),
        shade=shade,
        contrast=float(draws.uniform(0.6, 1.3)),
        roots=float(draws.uniform(0.2, 0.7)) * float(draws.random() < 0.35),
        streaks=float(draws.uniform(0.2, 0.6)) * float(draws.random() < 0.22),
        tips=SHADES[str(draws.choice((*DYED, "platinum", "dark_brown")))][1] if tipped else None,
        graying=float(draws.uniform(0, 0.6)) * float(graying),
        part=float(part),
        bangs=bool(draws.random() < 0.26),
        recede=float(recede) * (1.0 if face.male > 0.5 else 0.25),
        line=float(draws.normal(0, 1)),
        roughness=float(draws.uniform(0.22, 0.42)),
        gloss=float(draws.uniform(0.5, 1.5)),
        dials=Dials(*(float(u) for u in draws.random(18))),
        seed=int(draws.integers(1 << 31)),
    )


def _shade(draws: Generator, face: Face) -> str:
    if draws.random() < DYED_SHARE:
        return str(draws.choice(DYED))
    dark, old = face.melanin > 0.55, face.old > OLD
    weights = np.array(
        [
            share * (by_skin if dark else 1) * (by_age if old else 1)
            for share, by_skin, by_age in COLORS.values()
        ]
    )
    return str(draws.choice(list(COLORS), p=weights / weights.sum()))


def _albedo(draws: Generator, shade: str) -> RGB:
    """Return a shade's reflectance, a little lighter or darker, warmer or cooler."""
    base = np.array(SHADES[shade][1])
    brightness, warmth = draws.normal(0, 0.18), draws.normal(0, 0.22)
    varied = base * np.exp(brightness + warmth * np.array([0.10, 0, -0.14]))
    r, g, b = (float(value) for value in np.clip(varied, 0.003, 0.92))
    return r, g, b
