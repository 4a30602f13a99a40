"""What a person's points say, as networks are told it: by numbers, and by maps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from limner_registry.animals import TOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

APART: Final = (
    *(("eye_top_r", "eye_bottom_r"), ("eye_top_l", "eye_bottom_l"), ("lip_top", "lip_bottom")),
    *(("pupil_r", "eye_inner_r"), ("pupil_l", "eye_inner_l"), ("pupil_r", "eye_outer_r")),
    *(("pupil_l", "eye_outer_l"), ("mouth_r", "mouth_l"), ("brow_r0", "eye_inner_r")),
    *(("brow_l0", "eye_inner_l"), ("nose_tip", "nose_bridge"), ("nose_tip", "chin")),
)
"""Points whose distances say what a face does: small against where they lie."""
NEAR: Final = (60.0, 60.0, *(12.0,) * 10)
"""Factors on those distances, to make them about as large as the rest; lids are never far apart."""

AJAR: Final = (0.32, 0.20)
"""How far apart lids are found, in widths of the eye, that by each measure are not shut at all."""
SHUT: Final = 0.12
"""How far apart those are found that are wholly shut."""

NUMBERS: Final = 2 * len(TOLD) + 2 * len(APART)
"""How many numbers say all of it."""


def numbers(points: Tensor) -> Tensor:
    """Return what points say, NxK: where they are and how far apart, about in [-1, 1]."""
    pairs = _pairs(APART)
    apart = points[:, pairs[0]] - points[:, pairs[1]]
    near = torch.tensor(NEAR, device=points.device)[:, None] * apart
    return torch.cat((4 * (points - 0.5).flatten(1), near.flatten(1)), 1)


def shut(points: Tensor) -> Tensor:
    """Return how far the right and the left eye's lids are closed by each of AJAR, Nx2x2 in [0, 1].

    Args:
        points: Nx23x2, shares of the side.
    """
    ajar = torch.tensor(AJAR, device=points.device)
    return ((ajar - gaping(points, eyes_among([*TOLD]))[:, :, None]) / (ajar - SHUT)).clamp(0, 1)


def eyes_among(names: Sequence[str]) -> list[list[int]]:
    """Return the outer and inner corner, the top and the bottom of the right and the left eye."""
    parts = ("outer", "inner", "top", "bottom")
    return [[names.index(f"eye_{part}_{side}") for part in parts] for side in "rl"]


def gaping(points: Tensor, eyes: Sequence[Sequence[int]]) -> Tensor:
    """Return how far apart lids are against their width, NxE.

    Args:
        points: NxKx2.
        eyes: The outer and inner corner, the top and the bottom of each among the points.
    """
    outer, inner, top, bottom = (list(which) for which in zip(*eyes, strict=True))
    wide = (points[:, outer] - points[:, inner]).norm(dim=-1).clamp_min(1e-4)
    return (points[:, top] - points[:, bottom]).norm(dim=-1) / wide


def spots(points: Tensor, side: int, wide: float = 1.0) -> Tensor:
    """Return a soft spot for each point, NxKxSxS for NxKx2 shares of the side.

    Args:
        points: NxKx2, shares of the side.
        side: Pixels a side, S.
        wide: A spot's deviation in pixels.
    """
    middle = (torch.arange(side, device=points.device, dtype=points.dtype) + 0.5) / side
    near = torch.exp(-(((points[..., None] - middle) * (side / wide)) ** 2) / 2)
    return near[:, :, 1, :, None] * near[:, :, 0, None, :]


def _pairs(names: Sequence[tuple[str, str]]) -> tuple[list[int], list[int]]:
    known = list(TOLD)
    one, other = zip(*((known.index(a), known.index(b)) for a, b in names), strict=True)
    return list(one), list(other)
