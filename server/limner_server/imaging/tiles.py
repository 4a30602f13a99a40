"""How a picture is cut into tiles: each kept once, with what a network must see around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

Box: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Tile:
    """One part of a picture that is asked at once."""

    core: Box
    """What is kept of the answer."""
    seen: Box
    """What is asked: the core and its margin, cut at the picture's borders."""

    @property
    def kept(self) -> Box:
        """Where the core lies in what is seen."""
        (rows, columns), (top, left) = self.core, (span.start for span in self.seen)
        return (
            slice(rows.start - top, rows.stop - top),
            slice(columns.start - left, columns.stop - left),
        )


def plan_tiles(height: int, width: int, edge: int, margin: int) -> tuple[Tile, ...]:
    """Return tiles whose cores cover a picture, every pixel once, row by row.

    Where edge and margin are multiples of a network's stride, so is every seen part's origin.

    Args:
        height: Of the picture in pixels, at least 1.
        width: Of the picture in pixels, at least 1.
        edge: Of a core in pixels, at least 1; the last of a row or column has what is left.
        margin: Pixels seen beyond a core on each side, at least 0.
    """
    return tuple(
        Tile((rows, columns), (_around(rows, margin, height), _around(columns, margin, width)))
        for rows in _spans(height, edge)
        for columns in _spans(width, edge)
    )


def _spans(extent: int, edge: int) -> list[slice]:
    return [slice(start, min(start + edge, extent)) for start in range(0, extent, edge)]


def _around(span: slice, margin: int, extent: int) -> slice:
    return slice(max(0, span.start - margin), min(extent, span.stop + margin))
