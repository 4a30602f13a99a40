"""What a picture is held to: features under masks, their means, their Gram matrices, plain noise.

A mask that is empty holds to nothing: its loss is zero, without a gradient.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch.nn import functional

from limner_models.loho.masks import LEAST, at_levels

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from torch import Tensor

EPSILON: Final = 1e-10
UNSURE: Final = 1e-3
"""No pixel is taken for likelier than 1 less this, nor for less likely than this."""
COARSEST: Final = 8
"""Pixels a side of the smallest noise that is looked at for patterns, where it has as many."""


def difference(
    seen: Sequence[Tensor], wanted: Sequence[Tensor], weights: Sequence[Tensor], mask: Tensor
) -> Tensor:
    """Return how far two pictures' features differ under a mask, summed over levels.

    Args:
        seen: 1xCxHxW for each level, the finest first.
        wanted: The same of what is to be met.
        weights: Of the channels of each level, C numbers, at least 0.
        mask: 1x1xSxS of 0 and 1.

    Source: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
        CVPR 2018, its mean taken under a mask.
    """
    total = mask.new_zeros(())
    levels = zip(seen, wanted, weights, at_levels(mask, seen), strict=True)
    for one, other, weight, within in levels:
        if (area := within.sum()) > 0:
            gap = (unit(one) - unit(other)).square() * weight[:, None, None]
            total = total + (gap.sum(1, keepdim=True) * within).sum() / area
    return total


def mask_difference(likely: Tensor, hair: Tensor, ring: Tensor) -> Tensor:
    """Return how unlike the wished hair's mask a picture's is: the mean cross-entropy.

    Args:
        likely: 1x1xSxS in [0, 1], how likely the picture's pixels are hair.
        hair: 1x1xSxS of 0 and 1, where hair is wished.
        ring: 1x1xSxS of 0 and 1, where either will do.

    Source: Zhu et al., Barbershop, SIGGRAPH Asia 2021, for hair and all else.
    """
    surely = likely.clamp(UNSURE, 1 - UNSURE)
    errors = functional.binary_cross_entropy(surely, hair, reduction="none")
    return mean_under(errors, 1 - ring)[0]


def unit(features: Tensor) -> Tensor:
    """Return features, NxCxHxW, with a length of 1 over the channels of each pixel."""
    return features * torch.rsqrt(features.square().sum(1, keepdim=True) + EPSILON)


def mean_under(features: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of each channel, C numbers, of 1xCxHxW under 1x1xHxW that is not empty."""
    return (features * mask).sum((0, 2, 3)) / (mask.sum() + 1e-8)


def appearance_difference(
    seen: Tensor, mask: Tensor, wanted: Tensor, wanted_mask: Tensor
) -> Tensor:
    """Return how far the mean finest features under two masks differ, in the mean square.

    Args:
        seen: 1xCxHxW.
        mask: 1x1xSxS of 0 and 1, over the picture they are of.
        wanted: 1xCxHxW of what is to be met.
        wanted_mask: 1x1xSxS, likewise.
    """
    (mine,), (theirs,) = at_levels(mask, [seen]), at_levels(wanted_mask, [wanted])
    if mine.sum() < LEAST or theirs.sum() < LEAST:
        return mask.new_zeros(())
    return (mean_under(wanted, theirs) - mean_under(seen, mine)).square().mean()


def style_difference(
    seen: Sequence[Tensor],
    mask: Tensor,
    wanted: Sequence[Tensor],
    wanted_mask: Tensor,
    *,
    by_area: bool = True,
) -> Tensor:
    """Return how far the Gram matrices of features under two masks differ: the levels' mean.

    Args:
        seen: 1xCxHxW for each level, the finest first.
        mask: 1x1xSxS of 0 and 1, over the picture they are of.
        wanted: Of what is to be met.
        wanted_mask: 1x1xSxS, likewise.
        by_area: Whether a Gram matrix is divided by the pixels under its mask, so that the same
            strands count the same however much hair there is; else by all of the picture's, as
            published.
    """
    total = mask.new_zeros(())
    mine, theirs = at_levels(mask, seen), at_levels(wanted_mask, wanted)
    for one, within, other, there in zip(seen, mine, wanted, theirs, strict=True):
        if within.sum() > 0 and there.sum() > 0:
            gap = gram(other, there, by_area=by_area) - gram(one, within, by_area=by_area)
            total = total + gap.square().mean()
    return total / len(seen)


def gram(features: Tensor, mask: Tensor, *, by_area: bool) -> Tensor:
    """Return how channels go together under a mask: CxC of 1xCxHxW and 1x1xHxW."""
    _, channels, height, width = features.shape
    flat = (features * mask)[0].flatten(1)
    pixels = mask.sum() if by_area else height * width
    product: Tensor = flat @ flat.T / (channels * pixels)
    return product


def noise_patterns(noises: Iterable[Tensor]) -> Tensor:
    """Return how much neighbors in noise go together, of each map and of it made smaller.

    Args:
        noises: 1x1xRxR each, R a power of 2.

    Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020,
        appendix D.
    """
    total = torch.zeros(())
    for noise in noises:
        plane = noise
        total = total.to(plane)
        while True:
            for axis in (2, 3):
                total = total + (plane * plane.roll(1, axis)).mean().square()
            if plane.shape[-1] <= COARSEST:
                break
            plane = functional.avg_pool2d(plane, 2)
    return total
