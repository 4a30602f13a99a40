"""Pairs for whoever dyes: one head in two shades, photographed twice by the same camera."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from limner_models.data import portraits
from limner_models.data.camera import Camera, develop
from limner_models.data.crops import crop_at, cropped
from limner_models.data.hair_color import SURE, hair_color
from limner_models.data.lamp import Lamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

MARGIN = 0.15
"""Share of the hair's box that the server adds on every side."""

KEPT_SIDE = 192
"""Heads are kept in memory at no more than this many pixels a side."""

FEWEST_SURE = 60
"""Pixels; with fewer there is no saying what color the hair has."""

DARKEST = 5.0
"""CIELAB lightness that at least one of two shades must reach; below, nothing can be learned."""

TILT = 6.0
"""Standard deviation of a crop's turn, in degrees."""

SAME = 0.1
"""Share of pairs whose two pictures are one: what is wanted is there already."""


@dataclass(frozen=True, eq=False)
class Head:
    """A square around the hair of one portrait, SxS, in every shade it was drawn in."""

    looks: Mapping[str, NDArray[np.float16]]
    """Linear light, premultiplied by coverage, SxSx3, by shade; `drawn` is the portrait itself."""
    coverage: Photo
    """Share of a pixel that shows the person, of 255."""
    hair: Photo
    """Share that shows hair, of 255."""

    @property
    def side(self) -> int:
        return int(self.hair.shape[0])


@dataclass(frozen=True)
class Recolored:
    """Composes pairs with everything known about them.

    `before`, `after`: NxSxSx3 uint8 sRGB; `alpha`: NxSxS uint8 of 255, share of hair;
    `found`, `wanted`: Nx3 float32, the mean CIELAB of the hair in either.
    """

    files: tuple[Path, ...]
    """Layered portraits with shades."""
    backgrounds: Backgrounds
    batch: int
    size: int = 128

    def __call__(self, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Return one batch of pairs."""
        pairs = [self.pair(rng) for _ in range(self.batch)]
        return {name: np.stack([pair[name] for pair in pairs]) for name in pairs[0]}

    def pair(self, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Return one pair; heads that show too little hair are passed over."""
        while True:
            head = self.head(int(rng.integers(len(self.files))))
            if head is None:
                continue
            names = sorted(head.looks)
            old, new = rng.choice(names, 2, replace=False)
            pair = self.photographed(head, (old, old if rng.random() < SAME else new), rng)
            if pair is not None:
                return pair

    def photographed(
        self, head: Head, shades: tuple[str, str], rng: np.random.Generator
    ) -> dict[str, NDArray[Any]] | None:
        """Return a head before and after, or None where too little hair can be seen."""
        layers = _placed(head, shades, _place(head, self.size, rng), self.size)
        alpha = layers[..., -1]
        if np.count_nonzero(alpha > SURE) < FEWEST_SURE:
            return None
        behind = (1 - layers[..., -2:-1]) * self.backgrounds(rng, self.size)
        lamp, camera, grain = Lamp.draw(rng), _camera(rng), int(rng.integers(1 << 31))
        photos = [
            develop(
                lamp.on(layers[..., start : start + 3], alpha) + behind,
                camera,
                np.random.default_rng(grain),
            )
            for start in (0, 3)
        ]
        found, wanted = (hair_color(photo, alpha) for photo in photos)
        if max(found[0], wanted[0]) < DARKEST:
            return None
        return {
            "before": photos[0],
            "after": photos[1],
            "alpha": (alpha * 255 + 0.5).astype(np.uint8),
            "found": found,
            "wanted": wanted,
        }

    def head(self, index: int) -> Head | None:
        """Return the head of a file, kept in memory once read; None if it has no hair."""
        if index not in self._heads:
            self._heads[index] = read_head(self.files[index])
        return self._heads[index]

    @cached_property
    def _heads(self) -> dict[int, Head | None]:
        return {}


def read_head(path: Path) -> Head | None:
    """Read a portrait and all its shades, cut to the hair's square; None if it has no hair."""
    portrait = portraits.read(path, "*")
    box = hair_square(portrait.hair)
    if box is None:
        return None
    side = min(KEPT_SIDE, box[0].stop - box[0].start)

    def cut(array: Floats) -> Floats:
        how = cv2.INTER_AREA if side < array[box].shape[0] else cv2.INTER_LINEAR
        return np.asarray(cv2.resize(array[box], (side, side), interpolation=how), np.float32)

    looks = {"drawn": portrait.foreground, **portrait.shades}
    return Head(
        {name: cut(light).astype(np.float16) for name, light in looks.items()},
        (cut(portrait.coverage) * 255 + 0.5).astype(np.uint8),
        (cut(portrait.hair) * 255 + 0.5).astype(np.uint8),
    )


def hair_square(alpha: Floats) -> tuple[slice, slice] | None:
    """Return rows and columns of a square around the hair, as the server cuts it.

    Args:
        alpha: SxS in [0, 1]. None is returned where nearly no pixel is sure.
    """
    rows, columns = np.nonzero(alpha > 0.5)
    if len(rows) < FEWEST_SURE:
        return None
    spans = [(int(place.min()), int(place.max()) + 1) for place in (rows, columns)]
    longest = max(stop - start for start, stop in spans)
    side = min(alpha.shape[0], round(longest * (1 + 2 * MARGIN)))
    low = [min(max(0, (start + stop - side) // 2), alpha.shape[0] - side) for start, stop in spans]
    return slice(low[0], low[0] + side), slice(low[1], low[1] + side)


def _place(head: Head, size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the map from a head to a crop: all of the hair, or a part seen twice as large."""
    scale = size / head.side * float(rng.uniform(0.85, 2.0))
    rows, columns = np.nonzero(head.hair > 127)
    pick = int(rng.integers(len(rows)))
    # the more is left out, the nearer to hair the middle must be
    near = float(np.clip(scale * head.side / size - 1, 0, 1))
    middle = near * np.array([columns[pick], rows[pick]]) + (1 - near) * head.side / 2
    middle = middle + rng.normal(0, 0.04 * head.side, 2)
    return crop_at(middle, scale, size, rng, TILT)


def _placed(head: Head, shades: tuple[str, str], place: NDArray[np.float64], size: int) -> Floats:
    """Return both looks, coverage and hair of a crop, SxSx8 in [0, ...]."""
    shares = np.dstack([head.coverage, head.hair]).astype(np.float32) / 255
    lights = [head.looks[shade].astype(np.float32) for shade in shades]
    return cropped(np.dstack([*lights, shares]), place, size)


def _camera(rng: np.random.Generator) -> Camera:
    """Return a camera that keeps color: without it there is no dye to learn."""
    camera = Camera.draw(rng)
    return replace(camera, saturation=float(np.clip(camera.saturation, 0.6, 1.6)))
