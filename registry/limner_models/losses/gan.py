"""What generator and discriminator play for, and what the discriminator is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

GRAY: Final = 0.5
"""What a discriminator sees where there is no hair."""

SHIFT: Final = 0.125
"""Share of the side that a picture is moved by at most before it is judged."""

HOLE: Final = 0.4
"""Share of the side that is cut out before a picture is judged."""


def judged_true(scores: Tensor) -> Tensor:
    """Return the least-squares loss of scores that should say 1.

    Source: Mao et al., Least Squares Generative Adversarial Networks, ICCV 2017.
    """
    return ((scores.float() - 1) ** 2).mean()


def judged_false(scores: Tensor) -> Tensor:
    """Return the least-squares loss of scores that should say 0."""
    return (scores.float() ** 2).mean()


def hair_alone(planes: Tensor, alpha: Tensor) -> Tensor:
    """Return Nx3xHxW sRGB with all but the hair in gray, so that only hair is judged.

    Args:
        planes: Nx3xHxW sRGB in [0, 1].
        alpha: Nx1xHxW in [0, 1].
    """
    return alpha * planes + (1 - alpha) * GRAY


def moved_and_cut(planes: Tensor) -> Tensor:
    """Return the pictures, each shifted and with a square hole, differentiably.

    Color is left alone: it is what a dye is judged by.

    Args:
        planes: Nx3xHxW sRGB in [0, 1], square.

    Source: Zhao et al., Differentiable Augmentation for Data-Efficient GAN Training, NeurIPS
        2020; without its changes of color.
    """
    count, _, side, _ = planes.shape
    reach = round(side * SHIFT)
    wide = functional.pad(planes, (reach, reach, reach, reach), value=GRAY)
    hole = round(side * HOLE)
    cut = []
    for picture in wide:
        x, y = torch.randint(0, 2 * reach + 1, (2,)).tolist()
        left, top = torch.randint(0, side - hole + 1, (2,)).tolist()
        keep = torch.ones_like(picture[:1, :side, :side])
        keep[:, top : top + hole, left : left + hole] = 0
        cut.append(picture[:, y : y + side, x : x + side] * keep + GRAY * (1 - keep))
    return torch.stack(cut) if count else planes


def taken_for_true(scores: Tensor) -> Tensor:
    """Return the logistic loss of whoever wants these scores to be high, a scalar.

    Source: Goodfellow et al., Generative Adversarial Nets, 2014; its form that never saturates.
    """
    return functional.softplus(-scores.float()).mean()


def told_apart(true: Tensor, false: Tensor) -> Tensor:
    """Return the logistic loss of who scores true pictures high and false ones low, a scalar."""
    return taken_for_true(true) + taken_for_true(-false)


def steepness(judge: Callable[[Tensor], Tensor], true: Tensor) -> Tensor:
    """Return the mean square of a judge's gradient on true pictures, a scalar to descend.

    Args:
        judge: Scores pictures.
        true: Nx3xHxW.

    Source: Mescheder et al., Which Training Methods for GANs do actually Converge, ICML 2018.
    """
    seen = true.detach().requires_grad_(requires_grad=True)
    (slope,) = torch.autograd.grad(judge(seen).sum(), seen, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean()
