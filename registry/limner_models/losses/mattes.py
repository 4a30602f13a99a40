"""How far an alpha is from the true one, where the trimap leaves it open."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

LEVELS: Final = 5
"""Of the Laplacian pyramid; the coarsest sees 16 pixels as one."""

LEAK: Final = 0.1
"""Slope of an alpha's error where it leaves [0, 1] on the side that is right."""


def unknown_error(alpha: Tensor, true: Tensor, unknown: Tensor) -> Tensor:
    """Return the mean absolute error over the unknown pixels, a scalar.

    Args:
        alpha: Nx1xHxW as the network answers, before it is clamped.
        true: Nx1xHxW in [0, 1].
        unknown: Nx1xHxW, 1 where the trimap does not know, else 0.
    """
    return ((softly_clamped(alpha) - true).abs() * unknown).sum() / unknown.sum().clamp_min(1)


def composition_error(alpha: Tensor, true: Tensor, unknown: Tensor, contrast: Tensor) -> Tensor:
    """Return how far the photo composed again with this alpha is from the photo, a scalar.

    With I = a F + (1 - a) B exactly, that is the alpha's error times the distance of F and B.

    Args:
        alpha: Nx1xHxW as the network answers.
        true: Nx1xHxW in [0, 1].
        unknown: Nx1xHxW, 1 where the trimap does not know, else 0.
        contrast: Nx1xHxW: mean absolute difference of hair's and background's light, in [0, 1].
    """
    return unknown_error(alpha * contrast, true * contrast, unknown)


def pyramid_error(alpha: Tensor, true: Tensor, unknown: Tensor) -> Tensor:
    """Return the error of an alpha's details at all sizes, a scalar.

    Args:
        alpha: Nx1xHxW as the network answers; H and W multiples of 16.
        true: Nx1xHxW in [0, 1].
        unknown: Nx1xHxW, 1 where the trimap does not know; elsewhere nothing counts.

    Source: Forte and Pitie, F, B, Alpha Matting, arXiv 2003.07711: a Laplacian pyramid of five
        levels, each weighted by the area that its pixels stand for.
    """
    error = (softly_clamped(alpha) - true) * unknown
    total = error.new_zeros(())
    for level in range(LEVELS - 1):
        smaller = functional.avg_pool2d(error, 2)
        detail = error - functional.interpolate(smaller, scale_factor=2, mode="bilinear")
        total = total + 4**level * detail.abs().sum()
        error = smaller
    total = total + 4 ** (LEVELS - 1) * error.abs().sum()
    return total / unknown.sum().clamp_min(1)


def softly_clamped(alpha: Tensor) -> Tensor:
    """Return an alpha that leaves [0, 1] by no more than a tenth of what it did."""
    inside = alpha.clamp(0, 1)
    return inside + LEAK * (alpha - inside)


def to_unknown(trimap: Tensor) -> Tensor:
    """Return Nx1xHxW float, 1 where an NxHxW uint8 trimap is neither outside nor inside."""
    return ((trimap > 64) & (trimap < 192))[:, None].to(torch.float32)
