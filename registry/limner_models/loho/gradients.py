"""Gradients that leave others alone: what would change a protected loss is taken out of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

LEAST: Final = 1e-30
"""Length below which a gradient has no direction."""


def orthogonal(gradient: Tensor, protected: Iterable[Tensor]) -> Tensor:
    """Return a gradient without its parts along others, row by row.

    Args:
        gradient: ...xLxW; each of the L rows of W numbers for itself.
        protected: Gradients of the same shape. One without length takes nothing.

    Source: Gram-Schmidt, in double precision, so that what is left is orthogonal to 1e-6 even where
        it is a thousandth of what was there. LOHO does it for one protected gradient.
    """
    left = gradient.double()
    basis: list[Tensor] = []
    for other in protected:
        axis = _without(other.double(), basis)
        length = axis.norm(dim=-1, keepdim=True)
        basis.append(torch.where(length > LEAST, axis / length.clamp_min(LEAST), 0.0))
    return _without(left, basis).to(gradient)


def cosines(one: Tensor, other: Tensor) -> Tensor:
    """Return the cosine of the angle between rows, ...xL of ...xLxW; 0 where a row is zero."""
    dot = (one.double() * other.double()).sum(-1)
    lengths = one.double().norm(dim=-1) * other.double().norm(dim=-1)
    return torch.where(lengths > LEAST, dot / lengths.clamp_min(LEAST), 0.0)


def _without(rows: Tensor, basis: Iterable[Tensor]) -> Tensor:
    """Return rows without their parts along unit rows that are orthogonal to each other."""
    for axis in basis:
        rows = rows - (rows * axis).sum(-1, keepdim=True) * axis
    return rows
