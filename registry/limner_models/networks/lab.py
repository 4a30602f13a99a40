"""CIELAB inside networks and losses: color as eyes measure it, with gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from limner_registry.color import FROM_RATIOS, KNEE, SLOPE, TO_RATIOS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FOOT: Final = 0.0031308
"""Linear light below which sRGB is a line."""


def srgb_to_lab(planes: Tensor) -> Tensor:
    """Return CIELAB (D65) of sRGB, both Nx3xHxW; what leaves [0, 1] is clamped first."""
    clamped = planes.float().clamp(0, 1)
    curved = ((clamped.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(clamped > 0.04045, curved, clamped / 12.92)
    ratios = _turned(linear, TO_RATIOS)
    x, y, z = torch.where(ratios > KNEE, _root(ratios), SLOPE * ratios + 4 / 29).unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """Return sRGB clamped to [0, 1] of CIELAB (D65), both Nx3xHxW."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    roots = torch.stack((y + a / 500, y, y - b / 200), dim=1)
    ratios = torch.where(roots > KNEE ** (1 / 3), roots**3, (roots - 4 / 29) / SLOPE)
    linear = _turned(ratios, FROM_RATIOS).clamp(0, 1)
    curved = 1.055 * linear.clamp_min(FOOT) ** (1 / 2.4) - 0.055
    return torch.where(linear > FOOT, curved, 12.92 * linear)


def _root(ratios: Tensor) -> Tensor:
    """Return the cube root, kept away from 0, where it is too steep for a gradient."""
    return ratios.clamp_min(KNEE) ** (1 / 3)


def _turned(planes: Tensor, rows: NDArray[np.float64]) -> Tensor:
    """Return each pixel times a matrix."""
    matrix = planes.new_tensor(rows.tolist())[:, :, None, None]
    return torch.nn.functional.conv2d(planes, matrix)
