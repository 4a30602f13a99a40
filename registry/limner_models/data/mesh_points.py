"""Where the served face mesh finds points of a drawn face: not quite where the studio has them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.animals import TOLD, onto
from limner_registry.face_template import five_of_studio, mapped

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.animals import Animal
    from limner_registry.face_template import Matrix, Points

    Point = tuple[float, float]

MESH: Final = MappingProxyType(
    {
        "eye_outer": (-0.002, -0.020),
        "eye_inner": (-0.014, 0.018),
        "brow0": (0.060, -0.056),
        "brow3": (0.107, 0.036),
        "nostril": (-0.062, 0.180),
        "mouth": (0.008, 0.027),
        "pupil": (0.0, 0.030),
        "nose_bridge": (0.0, -0.206),
        "nose_tip": (0.0, 0.036),
        "lip_top": (0.0, 0.031),
        "lip_bottom": (0.0, 0.007),
        "chin": (0.0, 0.017),
    }
)
"""How much farther out and down the served face mesh finds points than the studio has them, in
distances of the eyes: medians over 46 drawn people."""
LIDS: Final = (0.57, 0.109)
"""How far open it finds eyes, against their width: so many times as far, and so much more."""


def as_mesh(points: Mapping[str, Point]) -> dict[str, Point]:
    """Return an upright person's points about where the served face mesh would find them."""
    eyes = five_of_studio(points)[:2]
    apart = float(np.hypot(*(eyes[1] - eyes[0])))
    found = dict(points)
    for name, (x, y) in points.items():
        side = -1 if "_r" in name else 1 if "_l" in name else 0
        stem = name.replace("_r", "").replace("_l", "") if side else name
        out, down = MESH.get(stem, (0.0, 0.0))
        found[name] = (x + side * out * apart, y + down * apart)
    for side_name in ("r", "l"):
        outer, inner, top, bottom = (
            np.array(points[f"eye_{part}_{side_name}"])
            for part in ("outer", "inner", "top", "bottom")
        )
        wide, middle = float(np.hypot(*(outer - inner))), (top + bottom) / 2
        way = (bottom - top) / max(float(np.hypot(*(bottom - top))), 1e-6)
        half = (LIDS[0] * float(np.hypot(*(bottom - top))) + LIDS[1] * wide) / 2
        found[f"eye_top_{side_name}"] = _point(middle - half * way)
        found[f"eye_bottom_{side_name}"] = _point(middle + half * way)
    return found


def told_of(points: Mapping[str, Point], animal: Animal, side: int) -> tuple[Matrix, Points]:
    """Return how a person comes to an animal's crop, and what is told of it there.

    Args:
        points: Of an upright person, as the studio has them.
        animal: Whose crop.
        side: Pixels a side of the crop.

    Returns:
        The map from the person's pixels to the crop's; and 23x2, TOLD, shares of the side.
    """
    found = as_mesh(points)
    matrix = onto(five_of_studio(found), animal, side)
    told = mapped(np.array([found[name] for name in TOLD]), matrix)
    return matrix, (told + 0.5) / side


def _point(place: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Point:
    return float(place[0]), float(place[1])
