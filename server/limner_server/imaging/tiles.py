"""Square tiles over what is unknown: cut for a network, and its answers laid together again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo, Plane

    Pixels = TypeVar("Pixels", Photo, Plane)

OVERLAP: Final = 64
"""Pixels that neighboring tiles share at least: the network sees less well at an edge."""

MARGIN: Final = 8
"""Pixels along a tile's edge whose answer counts for nothing where another tile has one."""


@dataclass(frozen=True)
class Tile:
    """A square of an image; may reach over its lower and right edge if the image is smaller."""

    top: int
    left: int
    side: int

    def cut(self, image: Pixels) -> Pixels:
        """Return the tile's pixels; beyond the image lies its mirror image."""
        piece = image[self.top : self.top + self.side, self.left : self.left + self.side]
        below, beyond = self.side - piece.shape[0], self.side - piece.shape[1]
        if not below and not beyond:
            return piece
        widths = [(0, below), (0, beyond)] + [(0, 0)] * (image.ndim - 2)
        return np.pad(piece, widths, mode="symmetric")


def tiles_over(unknown: Flags, side: int) -> list[Tile]:
    """Return tiles that together hold every unknown pixel, as few as a regular grid allows.

    Args:
        unknown: HxW bool with at least one true.
        side: Of a tile in pixels, above twice OVERLAP.
    """
    rows, columns = (np.flatnonzero(unknown.any(axis)) for axis in (1, 0))
    height, width = unknown.shape
    tops = _starts(int(rows[0]), int(rows[-1]) + 1, height, side)
    lefts = _starts(int(columns[0]), int(columns[-1]) + 1, width, side)
    return [
        Tile(top, left, side)
        for top in tops
        for left in lefts
        if unknown[top : top + side, left : left + side].any()
    ]


def laid_together(seen: Sequence[tuple[Tile, Floats]], height: int, width: int) -> Matte:
    """Return the tiles' answers as one image; where tiles overlap they fade into each other.

    Args:
        seen: Tiles, and the answer for each, side x side float32.
        height: Of the image in pixels.
        width: Of the image in pixels.

    Returns:
        HxW float32; 0 where no tile is.
    """
    total = np.zeros((height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    for tile, answer in seen:
        place = slice(tile.top, tile.top + tile.side), slice(tile.left, tile.left + tile.side)
        high, wide = total[place].shape
        share = _faded(tile.side)[:high, :wide]
        total[place] += share * answer[:high, :wide]
        weight[place] += share
    whole: Matte = total / np.maximum(weight, 1e-9)
    return whole


def _starts(low: int, high: int, extent: int, side: int) -> list[int]:
    """Return where tiles begin that cover [low, high) of an extent and overlap enough."""
    if extent <= side:
        return [0]
    if high - low <= side:
        middle = (low + high - side) // 2
        return [min(max(0, middle), extent - side)]
    count = -(-(high - low - OVERLAP) // (side - OVERLAP))
    steps = np.linspace(low, high - side, count)
    return [int(start) for start in np.rint(steps)]


def _faded(side: int) -> Floats:
    """Return how much a tile's pixels count: wholly in its middle, next to nothing at its edge."""
    places = np.arange(side, dtype=np.float32) + 0.5
    away = np.minimum(places, side - places) - MARGIN
    ramp = np.clip(away / (OVERLAP - MARGIN), 1e-4, 1)
    return np.outer(ramp, ramp).astype(np.float32)
