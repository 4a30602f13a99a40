"""Glasses: frames as thick strands around the eyes, dark lenses as strands side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.labels import Label
from limner_models.studio.strands import Strands, plain_strands

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, F64, Array
    from limner_models.studio.assets import Assets
    from limner_models.studio.params import Params

WIRES = {"thin": 0.018, "thick": 0.055, "sun": 0.05}
"""Width of the frame, decimeters."""
AHEAD = 0.16
"""How far lenses stand before the eyes, decimeters."""
STEPS = 64


class Lens(NamedTuple):
    """The outline of a lens: half its width and height, and how square it is."""

    width: float
    height: float
    power: float


def glasses(params: Params, head: Assets, vertices: F32, turn: F64) -> list[Strands]:
    """Return the glasses of a face; none for most."""
    kind = params.outfit.glasses
    if kind == "none":
        return []
    draws = np.random.default_rng(params.face.identity + 7)
    dark = draws.random() < 0.6
    color = np.array([0.003, 0.003, 0.004]) if dark else np.array(params.outfit.accent) * 0.25
    width = 0.25 + 0.05 * draws.random()
    lens = Lens(width, width * draws.uniform(0.65, 1.0), draws.uniform(2, 4.5))
    right, up, forward = np.asarray(turn).T
    marks = head.landmarks
    eyes = [
        vertices[marks[f"eye_top_{side}"]] * 0.5 + vertices[marks[f"eye_bottom_{side}"]] * 0.5
        for side in "lr"
    ]
    frame = _frame(
        head, vertices, lens, [eye + forward * AHEAD for eye in eyes], (right, up, forward)
    )
    parts = [plain_strands(frame, WIRES[kind], color, forward, Label.ACCESSORY, 1.0)]
    if kind == "sun":
        pane = _panes(lens, [eye + forward * 0.15 - up * 0.03 for eye in eyes], right, up)
        tint = np.full(3, 0.003)
        parts.append(
            plain_strands(pane, lens.height * 2.3 / 26, tint, forward, Label.ACCESSORY, 0.6)
        )
    return parts


def _frame(
    head: Assets, vertices: F32, lens: Lens, eyes: list[Array], axes: tuple[Array, Array, Array]
) -> Array:
    """Return rims, bridge and temples, (5, STEPS, 3)."""
    right, up, forward = axes
    angle = np.linspace(0, 2 * np.pi, STEPS)
    c, s = np.cos(angle), np.sin(angle)
    round_ = (np.abs(c) ** lens.power + np.abs(s) ** lens.power) ** (-1 / lens.power)
    outline = np.outer(c * round_ * lens.width, right) + np.outer(s * round_ * lens.height, up)
    curves = [eye - up * 0.03 + outline for eye in eyes]
    share = np.linspace(0, 1, STEPS)[:, None]
    arch = np.sin(np.pi * share)
    inner = (eyes[0] - right * lens.width) * (1 - share) + (eyes[1] + right * lens.width) * share
    curves.append(inner + up * 0.04 * arch + forward * 0.03 * arch)
    for eye, side in zip(eyes, (1, -1), strict=True):
        outermost = head.rest[:, 0] * side + 0.5 * head.rest[:, 1]
        ear = vertices[np.argmax(np.where(head.regions["ears"] > 0.5, outermost, -99))]
        hinge = eye + right * side * lens.width
        curves.append(hinge * (1 - share) + (ear + right * side * 0.03 + up * 0.05) * share)
    return np.stack(curves)


def _panes(lens: Lens, centers: list[Array], right: Array, up: Array) -> Array:
    """Return rows of strands that fill both lenses."""
    rows = []
    for center in centers:
        for height in np.linspace(-0.97, 0.97, 26):
            half = lens.width * (1 - abs(height) ** lens.power) ** (1 / lens.power)
            across = np.outer(np.linspace(-half, half, STEPS), right)
            rows.append(center + across + height * lens.height * up)
    return np.stack(rows)
