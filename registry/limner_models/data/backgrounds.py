"""What stands behind a portrait: parts of photos, or patterns drawn on the spot."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data.filters import blurred, resized, warped
from limner_models.studio.backgrounds import Photos

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

PHOTOS = 0.6
"""Share of photos where there are any."""
LIKE_HAIR = 0.45
"""Share of hair-like streaks among the drawn patterns, some of them laid over photos."""
PLAIN = 0.25
"""Share of backgrounds that are nearly of one color, as walls are."""
DARK = 0.2
"""Share of backgrounds with next to no light: to a network they look like black hair."""
KEPT_SIDE = 480
"""Photos are kept at this many pixels on their short side."""
MAX_PHOTOS = 2000

HAIR_TONES = np.array(
    [(28, 22, 20), (60, 42, 32), (98, 70, 48), (150, 112, 72), (200, 170, 120), (120, 60, 34),
     (190, 188, 186), (130, 128, 126)],
    np.float32,
)  # fmt: skip
"""sRGB of hair: black to blond, red, white and gray."""


@dataclass(frozen=True)
class Backgrounds:
    """Gives backgrounds; the photos are read when the first is asked for."""

    folder: Path | None
    """Photos without people; None draws every background."""

    def __call__(self, rng: np.random.Generator, size: int) -> Floats:
        """Return one background, SxSx3 in linear light, from 0 to 1."""
        if self._photos and rng.random() < PHOTOS:
            picture = _part(self._photos[rng.integers(len(self._photos))], rng, size)
        elif rng.random() < LIKE_HAIR:
            picture = streaks(rng, size)
        else:
            picture = clouds(rng, size)
        if rng.random() < PLAIN:
            picture = _plainer(picture, rng)
        if rng.random() < 0.5:
            # behind a head a lens is out of focus more often than not
            picture = blurred(picture, float(rng.uniform(0.6, size / 32)))
        dimmed = rng.uniform(-3.5, -1) if rng.random() < DARK else rng.normal(0.0, 0.45)
        return linear(picture) * np.float32(np.exp(dimmed))

    @cached_property
    def _photos(self) -> list[NDArray[np.uint8]]:
        if self.folder is None:
            return []
        listed = Photos.listed(self.folder).names[:MAX_PHOTOS]
        read = (cv2.imread(str(self.folder / name), cv2.IMREAD_COLOR) for name in listed)
        return [
            _small(np.asarray(photo[..., ::-1], np.uint8)) for photo in read if photo is not None
        ]


def linear(srgb: Floats) -> Floats:
    """Return 0 to 255 as linear light from 0 to 1, by the quick curve the camera undoes."""
    scaled = srgb * np.float32(1 / 255)
    return np.asarray(scaled * scaled * (np.float32(0.25) * scaled + np.float32(0.75)))


def clouds(rng: np.random.Generator, size: int) -> Floats:
    """Return smooth colors and blotches: noise of a few sizes, summed. SxSx3, 0 to 255."""
    picture = np.full((size, size, 3), rng.uniform(10, 235, 3), np.float32)
    strength = rng.uniform(10, 90)
    for cells in rng.choice([2, 3, 5, 9, 17, 40], 3, replace=False):
        noise = rng.standard_normal((int(cells), int(cells), 3), np.float32)
        if rng.random() < 0.6:  # mostly light and shade, not color
            noise = noise[..., :1] + np.float32(0.25) * noise
        how = cv2.INTER_CUBIC if rng.random() < 0.7 else cv2.INTER_NEAREST
        picture += np.float32(strength / np.sqrt(cells)) * resized(noise, size, how)
    return np.asarray(np.clip(picture, 0, 255))


def streaks(rng: np.random.Generator, size: int) -> Floats:
    """Return what could be taken for hair: fur, wood, curtains, grass. SxSx3, 0 to 255."""
    thin = rng.standard_normal((int(rng.integers(6, 24)), size * 2), np.float32)
    long = resized(thin, size * 2, cv2.INTER_CUBIC)
    long = blurred(long, float(rng.uniform(0.4, 3.0)), 0.6)
    long /= max(float(long.std()), 1e-3)
    bent = np.sin(np.linspace(0, float(rng.uniform(2, 9)), 2 * size, dtype=np.float32))
    rows = np.arange(2 * size, dtype=np.float32)
    bend = np.float32(rng.uniform(0, 14)) * bent
    across = rows[None, :] + bend[:, None]
    down = np.repeat(rows[:, None], 2 * size, 1)
    bowed = cv2.remap(long, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101)
    about = cv2.getRotationMatrix2D((size, size), float(rng.uniform(0, 180)), 1.0)
    turn = np.asarray(about, np.float64) - [[0, 0, size / 2]]
    long = warped(np.asarray(bowed, np.float32), turn, size)
    tones = HAIR_TONES[rng.integers(len(HAIR_TONES), size=2)] * rng.uniform(0.6, 1.3, (2, 1))
    share = 1 / (1 + np.exp(-np.float32(rng.uniform(0.5, 1.6)) * long))[..., None]
    light = resized(rng.uniform(0.6, 1.3, (3, 3)).astype(np.float32), size)
    mixed = share * tones[0].astype(np.float32) + (1 - share) * tones[1].astype(np.float32)
    return np.asarray(np.clip(mixed * light[..., None], 0, 255), np.float32)


def _part(photo: NDArray[np.uint8], rng: np.random.Generator, size: int) -> Floats:
    """Return a random square of a photo at another scale, maybe mirrored."""
    height, width = photo.shape[:2]
    side = int(rng.uniform(0.45, 1.0) * min(height, width))
    top = int(rng.integers(height - side + 1))
    left = int(rng.integers(width - side + 1))
    square = photo[top : top + side, left : left + side]
    if rng.random() < 0.5:
        square = square[:, ::-1]
    how = cv2.INTER_AREA if side > size else cv2.INTER_LINEAR
    part = cv2.resize(square, (size, size), interpolation=how)
    return np.asarray(part, np.float32)


def _plainer(picture: Floats, rng: np.random.Generator) -> Floats:
    """Return the picture pulled towards one color, as a wall in a studio is."""
    wall = rng.uniform(0, 255, 3).astype(np.float32)
    if rng.random() < 0.6:
        wall[:] = rng.choice([wall.mean(), 245.0, 20.0])
    return picture + np.float32(rng.uniform(0.6, 0.97)) * (wall - picture)


def _small(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    factor = KEPT_SIDE / min(photo.shape[:2])
    if factor >= 1:
        return np.ascontiguousarray(photo)
    size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
    return cv2.resize(photo, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
