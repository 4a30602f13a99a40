"""Pairs of a photo's part and the same part of its illustration, chosen for their lines."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from limner_models.data import portraits
from limner_models.data.camera import Camera, develop
from limner_models.data.illustration import illustrated
from limner_models.errors import MaterialDamaged
from limner_models.studio.backgrounds import Photos
from limner_registry.styles import STYLES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds
    from limner_models.data.illustration import Illustration

    Bytes = NDArray[np.uint8]
    Sample = dict[str, NDArray[Any]]

HELD_OUT = 8
"""Every how manieth photo of a folder is never trained on."""
ALIKE = 12.0
"""Of 255, root mean square: photos that differ by less once tiny are the same one, cut or saved
again; folders of wallpapers are full of them."""
KEPT_BYTES = 1 << 30
"""Of photos kept in memory; further ones are read again each time."""

LINED = 0.08
"""Share of a crop that is line, at which it counts as one with lines."""
ACCEPTED_WITH, ACCEPTED_WITHOUT = 0.3, 0.6
"""What a random number must exceed for a crop with lines to be kept, and for one without.

Source: JP7469738B2, S240 to S248.
"""

DRAWN = 0.3
"""Share of portraits of the studio among the pictures."""
REDUCED = 0.2
"""Share of pictures that are made as small as a crop before they are processed.

Source: JP7469738B2, S260 to S275: lines then are as wide as in a whole picture made small.
"""
LARGEST, SMALLEST = 1200, 320
"""Pixels a side of the others."""
THUMBNAIL = 192
"""Pixels a side of what the norms are measured on."""
COLORS = max(style.colors for style in STYLES)
TRIES = 50
"""Crops looked at before one is taken as it is."""


@dataclass(frozen=True)
class Pairs:
    """Composes crops of photos with the same crops of their illustrations.

    A batch holds `tile` and `drawn` (NxSxSx3 uint8 sRGB), `smooth` (the same, smoothed), `line`
    (NxSxS uint8 of 255), `thumbnail` (NxTxTx3 uint8), `style` (Nx1 uint8) and `palette` (NxKx3
    float32 CIELAB; short ones repeat their last color).
    """

    photos: tuple[Path, ...]
    """May be none."""
    heads: tuple[Path, ...]
    """Layered portraits; may be none where there are photos."""
    backgrounds: Backgrounds
    """What is behind heads."""
    batch: int
    """A multiple of `crops`."""
    size: int = 160
    """Pixels a side of a crop."""
    crops: int = 4
    """Of each picture."""

    def __call__(self, rng: np.random.Generator) -> Sample:
        """Return one batch."""
        samples = [
            sample for _ in range(self.batch // self.crops) for sample in self._of_one_picture(rng)
        ]
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def _of_one_picture(self, rng: np.random.Generator) -> list[Sample]:
        picture = self._picture(rng)
        number = int(rng.integers(len(STYLES)))
        drawn = illustrated(picture, STYLES[number], rng)
        thumbnail = cv2.resize(picture, (THUMBNAIL, THUMBNAIL), interpolation=cv2.INTER_AREA)
        palette = np.pad(drawn.palette, ((0, COLORS - len(drawn.palette)), (0, 0)), mode="edge")
        whole: Sample = {
            "thumbnail": np.asarray(thumbnail, np.uint8),
            "style": np.array([number], np.uint8),
            "palette": palette,
        }
        places = (place_of_crop(drawn.line, self.size, rng) for _ in range(self.crops))
        return [{**whole, **self._crop(picture, drawn, *place)} for place in places]

    def _crop(self, picture: Bytes, drawn: Illustration, top: int, left: int) -> Sample:
        part = np.s_[top : top + self.size, left : left + self.size]
        return {
            "tile": picture[part],
            "drawn": drawn.picture[part],
            "smooth": (drawn.smooth[part] * 255 + 0.5).astype(np.uint8),
            "line": (drawn.line[part] * 255 + 0.5).astype(np.uint8),
        }

    def _picture(self, rng: np.random.Generator) -> Bytes:
        """Return a square picture, a part of a photo or a head before a background."""
        small = rng.random() < REDUCED
        side = self.size if small else int(rng.integers(SMALLEST, LARGEST + 1))
        if self.heads and (not self.photos or rng.random() < DRAWN):
            return self.head(rng, min(side, 640))
        photo = self._photo(int(rng.integers(len(self.photos))))
        height, width = photo.shape[:2]
        edge = int(rng.uniform(0.6, 1.0) * min(height, width))
        top, left = (int(rng.integers(room + 1)) for room in (height - edge, width - edge))
        square = photo[top : top + edge, left : left + edge]
        side = max(self.size, min(side, round(1.5 * edge)))
        how = cv2.INTER_AREA if side < edge else cv2.INTER_CUBIC
        fitted = np.asarray(cv2.resize(square, (side, side), interpolation=how), np.uint8)
        return np.ascontiguousarray(fitted[:, :: rng.choice([-1, 1])])

    def head(self, rng: np.random.Generator, side: int) -> Bytes:
        """Return a head before a background as a camera takes it, `side` pixels square."""
        portrait = portraits.read(self.heads[int(rng.integers(len(self.heads)))])
        size = portrait.coverage.shape[0]
        light = portrait.foreground + (1 - portrait.coverage[..., None]) * self.backgrounds(
            rng, size
        )
        photo = develop(light, Camera.draw(rng), rng)
        how = cv2.INTER_AREA if side < size else cv2.INTER_CUBIC
        return np.asarray(cv2.resize(photo, (side, side), interpolation=how), np.uint8)

    def _photo(self, index: int) -> Bytes:
        if index in self._kept:
            return self._kept[index]
        read = _read(self.photos[index], cv2.IMREAD_COLOR)
        scale = min(1.0, 1.5 * LARGEST / min(read.shape[:2]))
        size = (round(read.shape[1] * scale), round(read.shape[0] * scale))
        small = np.asarray(cv2.resize(read, size, interpolation=cv2.INTER_AREA), np.uint8)
        photo = np.ascontiguousarray(small[..., ::-1])
        if sum(kept.nbytes for kept in self._kept.values()) + photo.nbytes <= KEPT_BYTES:
            self._kept[index] = photo
        return photo

    @cached_property
    def _kept(self) -> dict[int, Bytes]:
        return {}


def place_of_crop(
    line: NDArray[np.float32], size: int, rng: np.random.Generator
) -> tuple[int, int]:
    """Return top and left of a random crop; those with lines are taken more often.

    Args:
        line: HxW in [0, 1], how much of a pixel is line; at least `size` a side.
        size: Pixels a side of the crop.
        rng: Decides.
    """
    height, width = line.shape
    top = left = 0
    for _ in range(TRIES):
        top, left = (int(rng.integers(side - size + 1)) for side in (height, width))
        lined = float(line[top : top + size, left : left + size].mean()) >= LINED
        if rng.random() > (ACCEPTED_WITH if lined else ACCEPTED_WITHOUT):
            break
    return top, left


def photos_in(folder: Path | None, *, held_out: bool) -> tuple[Path, ...]:
    """Return the photos of a folder that are trained on, or those that are not.

    Those held out look like none of those trained on.

    Raises:
        MaterialDamaged: A photo cannot be read.
    """
    if folder is None:
        return ()
    photos = [folder / name for name in Photos.listed(folder).names]
    left_out = photos[::HELD_OUT]
    trained = tuple(photo for photo in photos if photo not in left_out)
    if not held_out:
        return trained
    known = np.stack([_tiny(photo) for photo in trained]) if trained else np.empty((0, 1, 1, 1))
    return tuple(
        photo
        for photo in left_out
        if (((known - _tiny(photo)) ** 2).mean((1, 2, 3)) >= ALIKE**2).all()
    )


def _tiny(photo: Path) -> NDArray[np.float32]:
    """Return 16x16x3 float32 of 255: what a photo looks like from afar."""
    read = _read(photo, cv2.IMREAD_REDUCED_COLOR_8)
    return np.asarray(cv2.resize(read, (16, 16), interpolation=cv2.INTER_AREA), np.float32)


def _read(photo: Path, how: int) -> Bytes:
    """Return a photo as OpenCV has it, HxWx3 uint8, blue first."""
    read = cv2.imread(str(photo), how)
    if read is None:
        raise MaterialDamaged(f"{photo} cannot be read")
    return np.asarray(read, np.uint8)
