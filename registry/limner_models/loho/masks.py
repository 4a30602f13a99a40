"""Where each of the three portraits decides: masks, widened and narrowed by a cross."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

BAND: Final = 5 / 256
"""How far hair is widened and narrowed, in sides of the picture."""
LEAST: Final = 4
"""Pixels of a mask below which nothing is compared under it."""


@dataclass(frozen=True, eq=False)
class Zones:
    """What is held to whom; each 1x1xSxS of 0 and 1."""

    face: Tensor
    """The person's face, where the wished hair does not come near."""
    hair: Tensor
    """Surely within the wished hair."""
    ring: Tensor
    """Around the wished hair's outline: left to what the generator knows of portraits."""


def zones_of(face: Tensor, hair: Tensor) -> Zones:
    """Return the zones of a person's face and a shape's hair, each 1x1xSxS of 0 and 1."""
    radius = band_of(hair.shape[-1])
    wide, narrow = dilated(hair, radius), eroded(hair, radius)
    return Zones(face * (1 - wide), narrow, wide - narrow)


def band_of(side: int) -> int:
    """Return the pixels by which hair is widened and narrowed in a picture of a side, at least 1.

    The published 5 are meant for a picture of 256.
    """
    return max(1, round(BAND * side))


def dilated(mask: Tensor, radius: int) -> Tensor:
    """Return a mask, Nx1xHxW, with all within `radius` steps up, down, left and right of it."""
    for _ in range(radius):
        mask = torch.maximum(
            functional.max_pool2d(mask, (3, 1), 1, (1, 0)),
            functional.max_pool2d(mask, (1, 3), 1, (0, 1)),
        )
    return mask


def eroded(mask: Tensor, radius: int) -> Tensor:
    """Return a mask, Nx1xHxW, without all within `radius` steps of its outside.

    Beyond the picture nothing is outside: hair that is cut by it goes on there.
    """
    return 1 - dilated(1 - mask, radius)


def at_levels(mask: Tensor, levels: Sequence[Tensor]) -> list[Tensor]:
    """Return a mask, 1x1xSxS, at the sizes of features, each taken of the one before.

    Where less than LEAST pixels are left, it is empty: thin hair vanishes in coarse features, and a
    mean over nothing is no number.
    """
    taken = []
    for features in levels:
        mask = functional.interpolate(mask, features.shape[-2:])
        taken.append(mask * (mask.sum() >= LEAST))
    return taken


def overlap(one: Tensor, other: Tensor) -> float:
    """Return the intersection of two masks over their union, in [0, 1]; 1 where both are empty."""
    union = torch.maximum(one, other).sum()
    return float(torch.minimum(one, other).sum() / union) if union > 0 else 1.0
