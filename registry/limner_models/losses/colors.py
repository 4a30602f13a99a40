"""How far dyed hair is from the color asked for, and its strands from what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def mean_lab(lab: Tensor, alpha: Tensor) -> Tensor:
    """Return the mean color under an alpha, Nx3.

    Args:
        lab: Nx3xHxW CIELAB.
        alpha: Nx1xHxW in [0, 1]; where it holds nothing the mean is 0.
    """
    weight = alpha.sum(dim=(2, 3)).clamp_min(1e-6)
    return (lab * alpha).sum(dim=(2, 3)) / weight


def color_moment(lab: Tensor, wanted: Tensor, alpha: Tensor) -> Tensor:
    """Return how far the mean color under an alpha is from the one wanted, a scalar.

    Args:
        lab: Nx3xHxW CIELAB.
        wanted: Nx3 CIELAB.
        alpha: Nx1xHxW in [0, 1].
    """
    return (mean_lab(lab, alpha) - wanted).abs().mean() / 100


def gradient_structure(lightness: Tensor, true: Tensor, alpha: Tensor) -> Tensor:
    """Return how differently two lightnesses rise and fall under an alpha, a scalar.

    Args:
        lightness: Nx1xHxW, L of CIELAB.
        true: Nx1xHxW, that of a picture with the strands as they shall be.
        alpha: Nx1xHxW in [0, 1].
    """
    error = lightness - true
    across = (error[..., 1:] - error[..., :-1]).abs() * alpha[..., 1:]
    down = (error[..., 1:, :] - error[..., :-1, :]).abs() * alpha[..., 1:, :]
    return (across.sum() + down.sum()) / (alpha.sum().clamp_min(1) * 100)


def scaled_structure(lightness: Tensor, source: Tensor, alpha: Tensor) -> Tensor:
    """Return how differently two lightnesses rise and fall once their contrasts are equal.

    For pictures whose true strands are known only before the dye.

    Args:
        lightness: Nx1xHxW, L of CIELAB after the dye.
        source: Nx1xHxW, L before it.
        alpha: Nx1xHxW in [0, 1].
    """
    ratio = _deviation(lightness.detach(), alpha) / _deviation(source, alpha).clamp_min(1)
    return gradient_structure(lightness, source * ratio.clamp(0.25, 4), alpha)


def _deviation(lightness: Tensor, alpha: Tensor) -> Tensor:
    """Return the standard deviation under an alpha, Nx1x1x1."""
    weight = alpha.sum(dim=(2, 3), keepdim=True).clamp_min(1e-6)
    mean = (lightness * alpha).sum(dim=(2, 3), keepdim=True) / weight
    spread = ((lightness - mean) ** 2 * alpha).sum(dim=(2, 3), keepdim=True) / weight
    return spread.clamp_min(1e-6).sqrt()
