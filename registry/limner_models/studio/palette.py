"""Colors of hair, dyes and cloth, as linear reflectances of a single strand or thread."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_models.studio.arrays import RGB

SHADES: Mapping[str, tuple[str, RGB]] = MappingProxyType(
    {
        "black": ("black", (0.008, 0.007, 0.007)),
        "soft_black": ("black", (0.015, 0.011, 0.009)),
        "dark_brown": ("brown", (0.030, 0.017, 0.010)),
        "brown": ("brown", (0.080, 0.043, 0.023)),
        "chestnut": ("brown", (0.120, 0.060, 0.032)),
        "light_brown": ("brown", (0.190, 0.112, 0.062)),
        "auburn": ("red", (0.150, 0.044, 0.018)),
        "copper": ("red", (0.330, 0.098, 0.028)),
        "ginger": ("red", (0.480, 0.190, 0.062)),
        "dark_blond": ("blond", (0.380, 0.255, 0.135)),
        "blond": ("blond", (0.660, 0.475, 0.250)),
        "golden": ("blond", (0.740, 0.500, 0.210)),
        "platinum": ("blond", (0.880, 0.790, 0.600)),
        "steel": ("gray", (0.200, 0.198, 0.200)),
        "gray": ("gray", (0.440, 0.430, 0.420)),
        "silver": ("gray", (0.660, 0.650, 0.635)),
        "white": ("gray", (0.900, 0.885, 0.850)),
        "navy": ("blue", (0.014, 0.042, 0.220)),
        "blue": ("blue", (0.032, 0.110, 0.480)),
        "sky": ("blue", (0.180, 0.400, 0.760)),
        "magenta": ("pink", (0.480, 0.040, 0.240)),
        "pink": ("pink", (0.760, 0.170, 0.370)),
        "rose": ("pink", (0.860, 0.430, 0.520)),
        "green": ("other", (0.050, 0.320, 0.140)),
        "purple": ("other", (0.220, 0.060, 0.420)),
        "teal": ("other", (0.030, 0.300, 0.340)),
        "orange": ("other", (0.700, 0.220, 0.040)),
    }
)
"""Each shade's class of color (those of the dye bank, or other) and its reflectance."""

NATURAL = tuple(
    name for name, (kind, _) in SHADES.items() if kind in {"black", "brown", "red", "blond", "gray"}
)
"""Shades that grow."""
DYED = tuple(name for name in SHADES if name not in NATURAL)
"""Shades that come from a bottle."""

TEXTURES: tuple[RGB, ...] = (
    (0.16, 0.07, 0.03),
    (0.30, 0.15, 0.06),
    (0.06, 0.03, 0.018),
    (0.45, 0.28, 0.12),
    (0.60, 0.48, 0.28),
    (0.02, 0.018, 0.016),
    (0.35, 0.05, 0.03),
    (0.75, 0.70, 0.60),
    (0.10, 0.10, 0.11),
    (0.05, 0.09, 0.20),
    (0.50, 0.38, 0.20),
    (0.08, 0.16, 0.08),
    (0.25, 0.22, 0.20),
)
"""Wood, curtains, leather and walls: many of them as brown as hair."""

SKINS: tuple[RGB, ...] = (
    (0.82, 0.50, 0.36),
    (0.70, 0.385, 0.24),
    (0.51, 0.255, 0.14),
    (0.28, 0.13, 0.068),
    (0.115, 0.052, 0.029),
)
"""From the least to the most melanin."""

LIPSTICKS: tuple[RGB, ...] = (
    (0.36, 0.032, 0.04),
    (0.40, 0.096, 0.128),
    (0.224, 0.024, 0.056),
    (0.44, 0.16, 0.16),
)

IRISES: tuple[RGB, ...] = (
    (0.05, 0.025, 0.012),
    (0.09, 0.05, 0.02),
    (0.14, 0.11, 0.05),
    (0.10, 0.16, 0.10),
    (0.12, 0.20, 0.32),
    (0.20, 0.25, 0.30),
)


def shades_of(kind: str) -> tuple[str, ...]:
    """Return the names of the shades of one class of color.

    Raises:
        KeyError: No shade is of that class; the message lists the classes.
    """
    names = tuple(name for name, (of, _) in SHADES.items() if of == kind)
    if not names:
        kinds = ", ".join(sorted({of for of, _ in SHADES.values()}))
        raise KeyError(f"no shade is {kind!r}; there are {kinds}")
    return names
