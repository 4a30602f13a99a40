"""How far a drawn animal is from the one that stands where the person stood."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from limner_models.networks.told import spots

if TYPE_CHECKING:
    from collections.abc import Sequence


class Drawn(NamedTuple):
    """A picture with an alpha, sRGB not premultiplied, each in [0, 1]."""

    color: Tensor
    """Nx3xHxW."""
    alpha: Tensor
    """Nx1xHxW."""

    @classmethod
    def of_bytes(cls, picture: Tensor) -> Drawn:
        """Return NxHxWx4 uint8 as planes."""
        planes = picture.permute(0, 3, 1, 2).float() / 255
        return cls(planes[:, :3], planes[:, 3:])

    @classmethod
    def of_logits(cls, logits: Tensor) -> Drawn:
        """Return what Nx4xHxW logits stand for."""
        planes = logits.float().sigmoid()
        return cls(planes[:, :3], planes[:, 3:])

    def over(self, behind: Tensor) -> Tensor:
        """Return the picture before another, Nx3xHxW or one that spreads to it."""
        return self.alpha * self.color + (1 - self.alpha) * behind

    def smaller(self, side: int) -> Drawn:
        """Return the picture at a side that its own is a multiple of."""
        factor = self.alpha.shape[-1] // side
        if factor == 1:
            return self
        alpha = functional.avg_pool2d(self.alpha, factor)
        color = functional.avg_pool2d(self.alpha * self.color, factor)
        return Drawn(color / alpha.clamp_min(1e-3), alpha)

    def planes(self) -> Tensor:
        """Return what a judge sees: the picture before gray, and its alpha, Nx4xHxW."""
        return torch.cat((self.over(self.color.new_tensor(0.5)), self.alpha), 1)


def drawing_error(
    one: Drawn, other: Drawn, behind: Tensor, weights: Tensor | float = 1.0
) -> Tensor:
    """Return how far two pictures are apart before plain colors Nx3x1x1, a scalar.

    Args:
        one: A picture.
        other: A picture.
        behind: Nx3x1x1 sRGB.
        weights: Nx1xHxW, how much each pixel counts.
    """
    return (weights * (one.over(behind) - other.over(behind)).abs()).mean()


def focused(keys: Tensor, side: int, much: float, wide: float) -> Tensor:
    """Return weights of 1, and more around some points, Nx1xSxS.

    Args:
        keys: NxKx2, shares of the side.
        side: Pixels a side, S.
        much: What is added there.
        wide: How far it reaches, a deviation in shares of the side.
    """
    return 1 + much * spots(keys, side, wide * side).amax(1, keepdim=True)


def evening(shown: Drawn, usual: float, most: float) -> Tensor:
    """Return how much more a dark picture counts for its differences to weigh as much, Nx1x1x1.

    Args:
        shown: What is to be drawn.
        usual: Mean of sRGB in [0, 1] from which on a picture counts once.
        most: How often it counts at most.
    """
    area = shown.alpha.sum((1, 2, 3), keepdim=True)
    light = (shown.alpha * shown.color).sum((1, 2, 3), keepdim=True) / (3 * area).clamp_min(1)
    return usual / light.clamp(usual / most, usual)


def outline_error(one: Drawn, other: Drawn) -> Tensor:
    """Return how far alphas are apart, a scalar."""
    return (one.alpha - other.alpha).abs().mean()


def steps_error(one: Drawn, other: Drawn, behind: Tensor) -> Tensor:
    """Return how differently two pictures change from pixel to pixel, a scalar."""
    error = one.over(behind) - other.over(behind)
    across = (error[..., 1:] - error[..., :-1]).abs().mean()
    return across + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()


def place_error(place: Tensor, true: Tensor, known: Tensor) -> Tensor:
    """Return how far off the unrolled head pixels are taken to lie, a scalar.

    Args:
        place: Nx2xHxW.
        true: Nx2xHxW.
        known: NxHxW, 1 where the truth is known, else 0.
    """
    return ((place - true).abs().sum(1) * known).sum() / known.sum().clamp_min(1)


def astray(found: Tensor, true: Tensor, eyes: Sequence[int]) -> Tensor:
    """Return how far points, NxKx2, lie from the true ones, NxK, in distances of two eyes.

    Args:
        found: Where they were found.
        true: Where they are.
        eyes: The outer corners' places among the points.
    """
    one, other = eyes
    apart = (true[:, one] - true[:, other]).norm(dim=-1, keepdim=True)
    return (found - true).norm(dim=-1) / apart.clamp_min(1e-3)
