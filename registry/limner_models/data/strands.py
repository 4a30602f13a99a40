"""Bundles of strands drawn as curves: hair whose light and share of each pixel are exact."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data.backgrounds import HAIR_TONES, linear

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FINER = 4
"""Strands are drawn at this many times the size, then averaged over areas."""

POINTS = 14
"""Of a curve; straight pieces lie between."""


@dataclass(frozen=True, eq=False)
class Strands:
    """Hair in front of nothing."""

    light: Floats
    """SxSx3, linear light, premultiplied by alpha."""
    alpha: Floats
    """SxS in [0, 1]: share of a pixel that shows hair."""


def draw_strands(rng: np.random.Generator, size: int) -> Strands:
    """Return a few bundles that grow from one side of the picture.

    Args:
        rng: Decides everything.
        size: Pixels a side.

    Source: cubic Bezier curves around a guide, as in the synthetic hair of Sengupta et al. and
        others; drawn at four times the size and averaged, so that alpha is an area.
    """
    wide = size * FINER
    color = np.zeros((wide, wide, 3), np.uint8)
    mask = np.zeros((wide, wide), np.uint8)
    tone = HAIR_TONES[rng.integers(len(HAIR_TONES))] * rng.uniform(0.5, 1.2)
    tone = np.clip(tone * np.exp(rng.normal(0, 0.12, 3)), 4, 250)
    root, toward = _side(rng)
    for _ in range(int(rng.integers(3, 9))):
        guide = _guide(rng, root, toward)
        strands = _bundle(rng, guide, int(rng.integers(15, 140)))
        for strand in strands:
            shade = np.clip(tone * np.exp(rng.normal(0, 0.22)), 2, 254)
            _draw(color, mask, strand * wide, shade, int(rng.integers(1, 5)))
    if rng.random() < 0.75:
        _fill(color, mask, _guide(rng, root, toward) * wide, tone, rng)
    area = cv2.INTER_AREA
    alpha = cv2.resize(mask, (size, size), interpolation=area).astype(np.float32) / 255
    light = cv2.resize(linear(color.astype(np.float32)), (size, size), interpolation=area)
    return Strands(np.asarray(light, np.float32), alpha)


def _side(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return a point at the border of the unit square, and the way to its middle."""
    angle = rng.uniform(0, 2 * np.pi)
    out = np.array([np.cos(angle), np.sin(angle)])
    root = 0.5 + out * rng.uniform(0.3, 0.7)
    return root.astype(np.float32), -out.astype(np.float32)


def _guide(rng: np.random.Generator, root: Floats, toward: Floats) -> Floats:
    """Return a curve of the unit square, POINTSx2."""
    across = np.array([-toward[1], toward[0]])
    start = root + across * rng.normal(0, 0.3)
    turned = toward + across * rng.normal(0, 0.8)
    reach = rng.uniform(0.4, 1.2)
    ends = start + turned * reach + across * rng.normal(0, 0.15)
    first = start + toward * reach * 0.33 + across * rng.normal(0, 0.15)
    second = start + turned * reach * 0.66 + across * rng.normal(0, 0.2)
    return _bezier(np.stack([start, first, second, ends]))


def _bezier(control: NDArray[np.float64]) -> Floats:
    t = np.linspace(0, 1, POINTS)[:, None]
    weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
    curve = sum(weight * point for weight, point in zip(weights, control, strict=True))
    return np.asarray(curve, np.float32)


def _bundle(rng: np.random.Generator, guide: Floats, count: int) -> list[Floats]:
    """Return curves that leave a guide the more, the farther from the root."""
    t = np.linspace(0, 1, POINTS, dtype=np.float32)[:, None]
    width, frizz = rng.uniform(0.01, 0.12), rng.uniform(0, 0.02)
    waves = rng.uniform(0, 0.02) * np.sin(t * rng.uniform(4, 25) + rng.uniform(0, 6))
    spread = rng.normal(0, width, (count, 1, 2)) * rng.uniform(0.3, 1.6, (count, 1, 1))
    away = spread * (0.5 + 0.8 * t) + waves
    rough = frizz * np.cumsum(rng.normal(0, 1, (count, POINTS, 2)), 1) / np.sqrt(POINTS)
    return [*(guide + away + rough).astype(np.float32)]


def _draw(
    color: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    points: Floats,
    shade: NDArray[np.float64],
    thickness: int,
) -> None:
    """Lay one strand over what is there."""
    line = [np.round(points).astype(np.int32)]
    cv2.polylines(color, line, isClosed=False, color=shade.tolist(), thickness=thickness)
    cv2.polylines(mask, line, isClosed=False, color=(255,), thickness=thickness)


def _fill(
    color: NDArray[np.uint8],
    mask: NDArray[np.uint8],
    guide: Floats,
    tone: NDArray[np.float64],
    rng: np.random.Generator,
) -> None:
    """Lay a dense lock over what is there, so that some hair is surely hair."""
    side = color.shape[0]
    for _ in range(140):
        away = rng.normal(0, 0.05 * side, 2) + rng.normal(0, 0.004 * side, (POINTS, 2))
        shade = np.clip(tone * np.exp(rng.normal(0, 0.2)), 2, 254)
        _draw(color, mask, guide + away.astype(np.float32), shade, int(rng.integers(3, 8)))
