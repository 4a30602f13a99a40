"""Where a face's named points lie on the mesh; left is the person's left, the viewer's right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, Array

SIDES = (("l", 1), ("r", -1))
PAIRED = {
    "eye_outer": (0.455, 7.275, 1.27),
    "eye_inner": (0.165, 7.265, 1.33),
    "eye_top": (0.308, 7.33, 1.40),
    "eye_bottom": (0.308, 7.225, 1.39),
    "jaw_{}0": (0.72, 7.2, 0.55),
    "jaw_{}1": (0.70, 6.9, 0.6),
    "jaw_{}2": (0.62, 6.6, 0.7),
    "jaw_{}3": (0.45, 6.4, 1.0),
    "jaw_{}4": (0.22, 6.27, 1.25),
    "ear": (0.82, 7.15, 0.25),
    "temple": (0.68, 7.5, 0.85),
}
"""Points near which a vertex is taken, on the person's left; {} is the side."""
BROWS = ((0.13, 7.45), (0.25, 7.51), (0.38, 7.53), (0.50, 7.49))


def _named(stem: str, side: str) -> str:
    return stem.format(side) if "{}" in stem else f"{stem}_{side}"


LANDMARKS = tuple(
    sorted(
        ["chin", "crown", "forehead", "lip_bottom", "lip_top", "mouth_l", "mouth_r"]
        + ["nose_bridge", "nose_mid", "nose_tip", "nostril_l", "nostril_r", "pupil_l", "pupil_r"]
        + [f"brow_{side}{k}" for side, _ in SIDES for k in range(len(BROWS))]
        + [_named(stem, side) for stem in PAIRED for side, _ in SIDES]
    )
)
"""The 44 landmarks in the order of a portrait's array."""


def find_landmarks(rest: F32, body: Array, regions: dict[str, F32]) -> dict[str, int]:
    """Return the vertex of each landmark but the pupils, which move.

    Args:
        rest: (n, 3) float32, the head at rest.
        body: Vertices of the skin.
        regions: Shares of vertices, by name.
    """
    points = rest[body]
    front = body[(points[:, 2] > 0.6) & (points[:, 1] > 6)]

    def nearest(x: float, y: float, z: float) -> int:
        return int(body[np.argmin(((points - (x, y, z)) ** 2).sum(1))])

    def foremost(x: float, y: float) -> int:
        distance = (rest[front, 0] - x) ** 2 + (rest[front, 1] - y) ** 2
        close = front[distance < max(0.0016, distance.min() * 1.001)]
        return int(close[np.argmax(rest[close, 2])])

    tip = _nose_tip(rest, front)
    found = _lips(rest, body[regions["lips"][body] > 0.5])
    found |= {"nose_tip": tip, "nose_bridge": foremost(0, 7.28), "nose_mid": foremost(0, 7.12)}
    found |= {"chin": nearest(0, 6.22, 1.4), "forehead": foremost(0, 7.85)}
    found["crown"] = nearest(0, 8.5, 0.2)
    for side, sign in SIDES:
        found[f"nostril_{side}"] = nearest(sign * 0.19, rest[tip, 1], rest[tip, 2] - 0.22)
        for k, (x, y) in enumerate(BROWS):
            found[f"brow_{side}{k}"] = foremost(sign * x, y)
        for stem, (x, y, z) in PAIRED.items():
            found[_named(stem, side)] = nearest(sign * x, y, z)
    return found


def _nose_tip(rest: F32, front: Array) -> int:
    x, y = rest[front, 0], rest[front, 1]
    middle = front[(np.abs(x) < 0.02) & (y > 6.7) & (y < 7.2)]
    return int(middle[np.argmax(rest[middle, 2])])


def _lips(rest: F32, lips: Array) -> dict[str, int]:
    middle = lips[np.abs(rest[lips, 0]) < 0.03]
    return {
        "mouth_l": int(lips[np.argmax(rest[lips, 0])]),
        "mouth_r": int(lips[np.argmin(rest[lips, 0])]),
        "lip_top": int(middle[np.argmax(rest[middle, 1])]),
        "lip_bottom": int(middle[np.argmin(rest[middle, 1])]),
    }
