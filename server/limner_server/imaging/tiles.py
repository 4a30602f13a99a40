"""How a picture is cut into tiles: each kept once, with what a network must see around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

Box: TypeAlias = tuple[slice, slice]
"""Rows and columns."""


@dataclass(frozen=True)
class Tile:
    """One part of a picture that is asked at once."""

    core: Box
    """What is kept of the answer, in the picture."""
    seen: Box
    """What is asked, in the picture with its frame: the core and its margin, as far as there is
    any."""
    kept: Box
    """Where the core lies in what is seen."""


def plan_tiles(height: int, width: int, edge: int, margin: int, frame: int = 0) -> tuple[Tile, ...]:
    """Return tiles whose cores cover a picture, every pixel once, row by row.

    Where edge, margin and frame are multiples of a network's stride, so is every seen part's
    origin.

    Args:
        height: Of the picture in pixels, at least 1.
        width: Of the picture in pixels, at least 1.
        edge: Of a core in pixels, at least 1; the last of a row or column has what is left.
        margin: Pixels seen beyond a core on each side, at least 0.
        frame: Pixels there are beyond the picture on each side, at least 0.
    """
    rows = [_span(start, edge, margin, height, frame) for start in range(0, height, edge)]
    columns = [_span(start, edge, margin, width, frame) for start in range(0, width, edge)]
    return tuple(
        Tile((down.core, across.core), (down.seen, across.seen), (down.kept, across.kept))
        for down in rows
        for across in columns
    )


class _Span(NamedTuple):
    """A tile along one axis."""

    core: slice
    seen: slice
    kept: slice


def _span(start: int, edge: int, margin: int, extent: int, frame: int) -> _Span:
    stop = min(start + edge, extent)
    first = max(0, start + frame - margin)
    last = min(extent + 2 * frame, stop + frame + margin)
    inset = start + frame - first
    return _Span(slice(start, stop), slice(first, last), slice(inset, inset + stop - start))
