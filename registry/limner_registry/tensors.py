"""Named arrays: what a network takes and gives, of which type, how large, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

DType = Literal["uint8", "int16", "float32"]

FREE = -1
"""A size that every call chooses; Triton writes it so, too."""


@dataclass(frozen=True)
class Tensor:
    """One named array of a model's input or output, the batch axis left out."""

    name: str
    dtype: DType
    shape: tuple[int, ...]
    """Sizes after the batch axis; FREE where a call chooses."""
    meaning: str
    """What the values are: unit, range, color space."""

    def holds(self, shape: Sequence[int]) -> bool:
        """Return whether an array's sizes after the batch axis are such as this tensor has."""
        return len(shape) == len(self.shape) and all(
            wanted in {FREE, size} for size, wanted in zip(shape, self.shape, strict=True)
        )
