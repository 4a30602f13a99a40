"""Color reduction: the few colors that a picture's pixels gather around."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_registry.color import lab_to_srgb, srgb_to_lab

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_registry.styles import Style

    Floats = NDArray[np.float32]

SAMPLES = 20_000
"""Pixels that are looked at."""
ROUNDS = 12
"""Of moving centers to their pixels; later ones move them by less than an eye sees."""


def palette_of(colors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return the colors that a picture's own gather around, by k-means.

    Args:
        colors: NxC float32, N at least 1; CIELAB where distances are to be what eyes see.
        count: How many are wanted, at least 1.
        rng: Decides which pixels are looked at and where the centers begin.

    Returns:
        KxC float32 in order of the first channel; K is `count`, or the number of different
        colors among those looked at where that is less.

    Source: Lloyd, Least squares quantization in PCM, 1982; begun as in Arthur and Vassilvitskii,
        k-means++, SODA 2007.
    """
    if len(colors) > SAMPLES:
        colors = colors[rng.choice(len(colors), SAMPLES, replace=False)]
    centers = _spread(colors, count, rng)
    for _ in range(ROUNDS):
        nearest = nearest_of(colors, centers)
        sizes = np.bincount(nearest, minlength=len(centers))
        sums = [np.bincount(nearest, colors[:, c], len(centers)) for c in range(colors.shape[1])]
        moved = np.stack(sums, 1) / np.maximum(sizes, 1)[:, None]
        centers = np.where(sizes[:, None] > 0, moved, centers).astype(np.float32)
    return np.ascontiguousarray(centers[np.argsort(centers[:, 0], kind="stable")])


def nearest_of(colors: Floats, centers: Floats) -> NDArray[np.intp]:
    """Return the index of the center nearest to each color, N of K."""
    # |x - c|^2 less |x|^2, which is the same for all centers
    distances = (centers * centers).sum(1) - 2 * (colors @ centers.T)
    nearest: NDArray[np.intp] = distances.argmin(1)
    return nearest


def toned(palette: Floats, style: Style) -> Floats:
    """Return colors as a style lays them on: its chroma, lifted towards its paper.

    Args:
        palette: Kx3 CIELAB, as found in a photo.
        style: Whose colors they become.

    Returns:
        Kx3 float32 sRGB in [0, 1].
    """
    tinted = palette * np.array([1, style.chroma, style.chroma], np.float32)
    paper = srgb_to_lab(np.array(style.paper, np.float32))
    return lab_to_srgb(tinted + np.float32(style.lift) * (paper - tinted))


def _spread(colors: Floats, count: int, rng: np.random.Generator) -> Floats:
    """Return colors to begin from: each is drawn the likelier the farther from those before."""
    centers = [colors[rng.integers(len(colors))]]
    distances = ((colors - centers[0]) ** 2).sum(1)
    while len(centers) < count and distances.max() > 0:
        odds = np.cumsum(distances, dtype=np.float64)
        drawn = int(np.searchsorted(odds, rng.random() * odds[-1], side="right"))
        centers.append(colors[min(drawn, len(colors) - 1)])
        distances = np.minimum(distances, ((colors - centers[-1]) ** 2).sum(1))
    return np.stack(centers)
