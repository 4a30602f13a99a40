"""Lays colors and lines on at a photo's own size, from fields drawn at a smaller one."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo

SOFTNESS: Final = 10.0
"""Difference of squared distances in CIELAB over which one color gives way to the next, where
fields are as large as the photo."""


@dataclass(frozen=True, eq=False)
class Paint:
    """What is laid on."""

    centers: Floats
    """Kx3 CIELAB, K at least 1: the photo's own colors."""
    tones: Floats
    """Kx3 sRGB in [0, 1]: what they are laid on as."""
    ink: tuple[float, float, float]
    """Of lines, sRGB in [0, 1]."""
    cover: float
    """How much of what lies beneath a full line covers, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Laid:
    """A picture, and how much of each color is in it."""

    picture: Photo
    counts: NDArray[np.int64]
    """Pixels by color, K."""


def lay_on(
    photo: Photo,
    fields: NDArray[np.int16],
    paint: Paint,
    strength: float,
    is_over: Callable[[], bool] = lambda: False,
) -> Laid:
    """Return a photo as flat colors with lines of ink over them.

    Each pixel gets the tone of the center nearest to its smoothed color. Where two are as near,
    their tones mix over about a pixel of the photo, whatever the fields' size.

    Args:
        photo: HxWx3 uint8, sRGB.
        fields: hxwx4 int16, h <= H and w <= W, 32767 times a value in [0, 1]: smoothed sRGB, then
            how much of a pixel is line.
        paint: What is laid on.
        strength: How much of it, in [0, 1]; 0 leaves the photo.
        is_over: Asked before each strip; once it is true, the rest is not worth any work and
            holds anything.
    """
    from limner_server.imaging.drawing_loops import lay_rows  # noqa: PLC0415, see loops.warm

    (height, width), (high, wide) = photo.shape[:2], fields.shape[:2]
    softness = SOFTNESS * max(high, wide) / max(height, width)
    colors = np.asarray(paint.centers, np.float32), np.asarray(paint.tones, np.float32)
    packed = (*colors, np.array(paint.ink, np.float32), float(paint.cover))
    x = _places(0, width, width, wide)
    drawn = np.empty_like(photo)
    counts, counting = np.zeros(len(paint.centers), np.int64), threading.Lock()

    def lay_strip(strip: slice) -> None:
        if is_over():
            return
        y = _places(strip.start, strip.stop, height, high)
        top, bottom = int(y[0]), min(int(y[-1]) + 2, high)
        met, before = np.zeros_like(counts), np.ascontiguousarray(photo[strip])
        places = (y - np.float32(top), x)
        near = np.ascontiguousarray(fields[top:bottom])
        lay_rows(before, near, places, packed, (softness, float(strength)), drawn[strip], met)
        with counting:
            counts[:] += met

    each_strip(0, height, lay_strip)
    return Laid(drawn, counts)


def _places(start: int, stop: int, extent: int, smaller: int) -> Floats:
    """Return where pixels lie between the middles of something smaller's."""
    places = (np.arange(start, stop) + 0.5) * (smaller / extent) - 0.5
    kept: Floats = np.clip(places, 0, smaller - 1).astype(np.float32)
    return kept
