"""CIELAB inside networks and losses: color as eyes measure it, with gradients."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

TO_XYZ: Final = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""Linear sRGB to CIE XYZ under D65, IEC 61966-2-1."""

FROM_XYZ: Final = (
    (3.2404542, -1.5371385, -0.4985314),
    (-0.9692660, 1.8760108, 0.0415560),
    (0.0556434, -0.2040259, 1.0572252),
)

WHITE: Final = (0.95047, 1.0, 1.08883)
"""D65, of the 2 degree observer."""

KNEE: Final = 216 / 24389
SLOPE: Final = 24389 / 27
"""Where CIELAB leaves the cube root for a line, and that line: CIE 15, exact fractions."""

FOOT: Final = 0.0031308
"""Linear light below which sRGB is a line."""


def srgb_to_lab(planes: Tensor) -> Tensor:
    """Return CIELAB (D65) of sRGB, both Nx3xHxW; what leaves [0, 1] is clamped first."""
    clamped = planes.float().clamp(0, 1)
    curved = ((clamped.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    linear = torch.where(clamped > 0.04045, curved, clamped / 12.92)
    xyz = _turned(linear, TO_XYZ) / linear.new_tensor(WHITE).view(1, 3, 1, 1)
    x, y, z = torch.where(xyz > KNEE, _root(xyz), (SLOPE * xyz + 16) / 116).unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), dim=1)


def lab_to_srgb(lab: Tensor) -> Tensor:
    """Return sRGB clamped to [0, 1] of CIELAB (D65), both Nx3xHxW."""
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    roots = torch.stack((y + a / 500, y, y - b / 200), dim=1)
    xyz = torch.where(roots > KNEE ** (1 / 3), roots**3, (116 * roots - 16) / SLOPE)
    linear = _turned(xyz * xyz.new_tensor(WHITE).view(1, 3, 1, 1), FROM_XYZ).clamp(0, 1)
    curved = 1.055 * linear.clamp_min(FOOT) ** (1 / 2.4) - 0.055
    return torch.where(linear > FOOT, curved, 12.92 * linear)


def _root(xyz: Tensor) -> Tensor:
    """Return the cube root, kept away from 0, where it is too steep for a gradient."""
    return xyz.clamp_min(KNEE) ** (1 / 3)


def _turned(planes: Tensor, rows: tuple[tuple[float, ...], ...]) -> Tensor:
    """Return each pixel times a matrix."""
    matrix = planes.new_tensor(rows)[:, :, None, None]
    return torch.nn.functional.conv2d(planes, matrix)
