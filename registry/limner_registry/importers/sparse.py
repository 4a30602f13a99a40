"""Sparse constants of a .tflite file made dense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Dense:
    """A level of the storage that keeps every index from 0 up to `size`."""

    size: int

    def expand(self, parents: Integers) -> tuple[Integers, Integers, Integers]:
        """Return, for each child: its parent's row, its index in this level, its position."""
        rows = np.repeat(np.arange(len(parents)), self.size)
        indices = np.tile(np.arange(self.size), len(parents))
        return rows, indices, parents[rows] * self.size + indices


@dataclass(frozen=True)
class Compressed:
    """A level that keeps some indices: those of parent p lie in [segments[p], segments[p + 1])."""

    segments: Integers
    indices: Integers

    def expand(self, parents: Integers) -> tuple[Integers, Integers, Integers]:
        """Return, for each child: its parent's row, its index in this level, its position."""
        starts, counts = self.segments[parents], np.diff(self.segments)[parents]
        if (counts < 0).any() or counts.sum() > len(self.indices):
            raise ValueError("the segments of a sparse tensor do not rise")
        rows = np.repeat(np.arange(len(parents)), counts)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
        positions = starts[rows] + within
        return rows, self.indices[positions], positions


def densify(
    values: npt.NDArray[Any],
    shape: Sequence[int],
    order: Sequence[int],
    blocks: Sequence[int],
    levels: Sequence[Dense | Compressed],
) -> npt.NDArray[Any]:
    """Return the dense form of a tensor stored by levels, each below the one before it.

    Args:
        values: What is stored, in the order of the last level's positions.
        shape: Sizes of the dense tensor.
        order: For each level the axis it walks: below `len(shape)` an axis of the tensor, else
            `len(shape) + k` the inside of block k.
        blocks: For each block the axis that it cuts into pieces.
        levels: How each level keeps its indices.

    Raises:
        ValueError: The parts do not fit each other.
        IndexError: An index lies outside the tensor.
    """
    rank = len(shape)
    if sorted(order) != list(range(rank + len(blocks))) or len(levels) != len(order):
        raise ValueError("a sparse tensor does not walk each of its axes once")
    pieces = [1] * rank
    for axis, level in zip(order, levels, strict=True):
        if axis >= rank:
            if not isinstance(level, Dense):
                raise ValueError("the inside of a block must be dense")
            pieces[blocks[axis - rank]] = level.size
    positions = np.zeros(1, np.int64)
    places = np.zeros((rank, 1), np.int64)
    for axis, level in zip(order, levels, strict=True):
        if isinstance(level, Dense) and len(positions) * level.size > np.prod(shape):
            raise ValueError("a sparse tensor keeps more values than it has room for")
        rows, indices, positions = level.expand(positions)
        places = places[:, rows]
        target, scale = (axis, pieces[axis]) if axis < rank else (blocks[axis - rank], 1)
        places[target] += indices * scale
    if len(positions) != len(values):
        raise ValueError(f"a sparse tensor places {len(positions)} of its {len(values)} values")
    if (places < 0).any():
        raise IndexError("an index of a sparse tensor is negative")
    dense = np.zeros(shape, values.dtype)
    dense[tuple(places)] = values[positions]
    return dense
