"""What a composer's answers make of two photos, to the pixel as the server lays them down."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

FACE, SCENE, TRANSITION = range(3)
"""Of a composer's masks."""

COPIED: Final = 0.99
"""Share of scene above which a pixel is the original's own."""

CELLS: Final = 16
"""Color maps a side of a crop, whatever its size: light changes slowly over a face."""

UNCHANGED: Final = (1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0)
"""The color map that leaves colors as they are."""


def composited(
    original: Tensor, converted: Tensor, masks: Tensor, colors: Tensor, ring: Tensor
) -> Tensor:
    """Return the converted face in the original, Nx3xHxW sRGB, about [0, 1].

    Args:
        original: Nx3xHxW sRGB in [0, 1].
        converted: Nx3xHxW sRGB in [0, 1].
        masks: Nx3xHxW, shares of face, scene and transition; they sum to 1.
        colors: Nx12xhxw, affine maps of sRGB, three rows of four, spread evenly over the crop.
        ring: Nx3xHxW sRGB, what a transition shows.

    Returns:
        The original itself, to the bit, where more than COPIED is scene.
    """
    face, scene, transition = masks.split(1, dim=1)
    maps = functional.interpolate(
        colors, size=converted.shape[2:], mode="bilinear", align_corners=False
    )
    mixed = face * recolored(converted, maps) + scene * original + transition * ring
    return torch.where(scene > COPIED, original, mixed)


def recolored(planes: Tensor, maps: Tensor) -> Tensor:
    """Return each pixel, Nx3xHxW, under its own affine map, Nx12xHxW."""
    red, green, blue = planes.split(1, dim=1)
    rows = (maps[:, start : start + 4] for start in (0, 4, 8))
    return torch.cat(
        [
            row[:, 0:1] * red + row[:, 1:2] * green + row[:, 2:3] * blue + row[:, 3:4]
            for row in rows
        ],
        dim=1,
    )
