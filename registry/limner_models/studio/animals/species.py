"""What makes a cat a cat: sizes in decimeters around the middle of the skull, and coats."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_models.studio.arrays import RGB

    Triple = tuple[float, float, float]

Coat = Literal["plain", "tabby", "tuxedo", "fox", "muzzle", "tan", "blaze"]


@dataclass(frozen=True)
class Species:
    """One animal's head; points are on its left, x outward, y up, z forward."""

    skull: Triple
    """Radii."""
    muzzle: Triple
    muzzle_radius: float
    bridge: tuple[Triple, Triple]
    """Center and radii, as for all that follow."""
    nose: tuple[Triple, Triple]
    cheek: tuple[Triple, Triple]
    chin: tuple[Triple, Triple]
    ear: Literal["pointed", "hanging", "round"]
    ear_place: Triple
    eye: Triple
    eye_radius: float
    limbus: float
    """Radius of the iris, radians seen from the eyeball's center."""
    pupil: float
    slit: float
    fur: float
    """Length on the cheek."""
    mane: float
    """Length at the neck."""
    whiskers: float
    """Length; 0 for none."""
    coats: Mapping[str, tuple[RGB, Coat]]
    """By their names, in the order of `limner_registry.animals`."""
    irises: tuple[RGB, ...]


SPECIES: Mapping[str, Species] = MappingProxyType(
    {
        "cat": Species(
            skull=(0.90, 0.78, 0.80),
            muzzle=(0.17, -0.36, 0.70),
            muzzle_radius=0.25,
            bridge=((0, -0.12, 0.60), (0.22, 0.30, 0.36)),
            nose=((0, -0.235, 0.93), (0.095, 0.06, 0.06)),
            cheek=((0.46, -0.30, 0.25), (0.44, 0.40, 0.42)),
            chin=((0, -0.56, 0.58), (0.22, 0.15, 0.26)),
            ear="pointed",
            ear_place=(0.52, 0.62, -0.05),
            eye=(0.36, 0.06, 0.60),
            eye_radius=0.185,
            limbus=1.0,
            pupil=0.26,
            slit=0.9,
            fur=0.16,
            mane=0.28,
            whiskers=0.75,
            coats={
                "ginger": ((0.30, 0.17, 0.08), "tabby"),
                "dark tabby": ((0.10, 0.09, 0.085), "tabby"),
                "orange": ((0.45, 0.22, 0.07), "tabby"),
                "black": ((0.012, 0.011, 0.011), "plain"),
                "white": ((0.70, 0.66, 0.60), "plain"),
                "gray": ((0.18, 0.18, 0.19), "plain"),
                "tuxedo": ((0.02, 0.02, 0.02), "tuxedo"),
            },
            irises=((0.45, 0.5, 0.08), (0.55, 0.32, 0.04), (0.15, 0.4, 0.12), (0.12, 0.3, 0.5)),
        ),
        "fox": Species(
            skull=(0.80, 0.70, 0.78),
            muzzle=(0.10, -0.38, 1.0),
            muzzle_radius=0.17,
            bridge=((0, -0.2, 0.80), (0.20, 0.22, 0.55)),
            nose=((0, -0.30, 1.30), (0.10, 0.08, 0.08)),
            cheek=((0.52, -0.32, 0.15), (0.46, 0.36, 0.40)),
            chin=((0, -0.56, 0.80), (0.13, 0.11, 0.36)),
            ear="pointed",
            ear_place=(0.48, 0.62, -0.12),
            eye=(0.36, 0.08, 0.55),
            eye_radius=0.16,
            limbus=0.85,
            pupil=0.35,
            slit=0.6,
            fur=0.22,
            mane=0.45,
            whiskers=0.4,
            coats={
                "red": ((0.50, 0.17, 0.035), "fox"),
                "dark red": ((0.34, 0.12, 0.03), "fox"),
                "arctic": ((0.65, 0.63, 0.60), "plain"),
            },
            irises=((0.4, 0.2, 0.04),),
        ),
        "dog": Species(
            skull=(0.82, 0.76, 0.82),
            muzzle=(0.15, -0.38, 1.0),
            muzzle_radius=0.26,
            bridge=((0, -0.2, 0.78), (0.26, 0.27, 0.52)),
            nose=((0, -0.24, 1.26), (0.15, 0.11, 0.10)),
            cheek=((0.40, -0.35, 0.25), (0.40, 0.36, 0.42)),
            chin=((0, -0.62, 0.80), (0.18, 0.13, 0.38)),
            ear="hanging",
            ear_place=(0.74, 0.32, -0.05),
            eye=(0.34, 0.07, 0.60),
            eye_radius=0.15,
            limbus=0.80,
            pupil=0.45,
            slit=0.0,
            fur=0.18,
            mane=0.3,
            whiskers=0.3,
            coats={
                "brown": ((0.38, 0.21, 0.08), "muzzle"),
                "black and tan": ((0.05, 0.03, 0.02), "tan"),
                "cream": ((0.65, 0.60, 0.50), "plain"),
                "brown and white": ((0.15, 0.07, 0.03), "blaze"),
                "golden": ((0.50, 0.32, 0.14), "plain"),
                "black and white": ((0.02, 0.02, 0.02), "blaze"),
            },
            irises=((0.09, 0.045, 0.018), (0.16, 0.08, 0.03)),
        ),
        "bear": Species(
            skull=(0.98, 0.86, 0.88),
            muzzle=(0.14, -0.36, 0.92),
            muzzle_radius=0.28,
            bridge=((0, -0.2, 0.70), (0.28, 0.28, 0.48)),
            nose=((0, -0.20, 1.20), (0.16, 0.11, 0.10)),
            cheek=((0.50, -0.32, 0.20), (0.46, 0.44, 0.46)),
            chin=((0, -0.60, 0.75), (0.20, 0.15, 0.36)),
            ear="round",
            ear_place=(0.70, 0.66, -0.12),
            eye=(0.34, 0.10, 0.66),
            eye_radius=0.14,
            limbus=1.1,
            pupil=0.5,
            slit=0.0,
            fur=0.24,
            mane=0.3,
            whiskers=0.0,
            coats={
                "brown": ((0.10, 0.05, 0.025), "muzzle"),
                "black": ((0.03, 0.022, 0.018), "tan"),
                "polar": ((0.70, 0.66, 0.56), "plain"),
                "cinnamon": ((0.22, 0.12, 0.05), "muzzle"),
            },
            irises=((0.16, 0.08, 0.03),),
        ),
    }
)
"""Every animal, by its name."""
