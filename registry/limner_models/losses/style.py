"""What an illustration is held to beside its pixels: contents, style, and smoothness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

STYLE_WEIGHTS: Final = (0.1, 0.2, 0.4, 0.8, 1.6)
"""Of the layers of a loss network, from the finest; shorter lists begin with the first."""


def gram(features: Tensor) -> Tensor:
    """Return how features go together: NxCxC of NxCxHxW, divided by C, H and W.

    Source: Gatys, Ecker and Bethge, Image Style Transfer Using Convolutional Neural Networks,
        CVPR 2016.
    """
    _, channels, height, width = features.shape
    flat = features.flatten(2).float()
    return flat @ flat.transpose(1, 2) / (channels * height * width)


def content_difference(one: Tensor, other: Tensor) -> Tensor:
    """Return the mean square by which features differ, as a share of the mean square there."""
    return (one.float() - other.float()).square().mean() / (other.float().square().mean() + 1e-6)


def style_difference(one: Sequence[Tensor], other: Sequence[Tensor]) -> Tensor:
    """Return how far two pictures' Gram matrices differ, by shares of the second's own.

    Args:
        one: Features of some layers, finest first, at most five.
        other: Of what is to be matched.
    """
    total = torch.zeros((), device=one[0].device)
    for weight, mine, wanted in zip(STYLE_WEIGHTS, one, other, strict=False):
        goal = gram(wanted)
        error = (gram(mine) - goal).square().mean((1, 2))
        total = total + weight * (error / (goal.square().mean((1, 2)) + 1e-8)).mean()
    return total


def total_variation(planes: Tensor) -> Tensor:
    """Return the mean length of steps between neighbors of NxCxHxW."""
    across = (planes[..., :, 1:] - planes[..., :, :-1]).abs().mean()
    down = (planes[..., 1:, :] - planes[..., :-1, :]).abs().mean()
    return across + down
