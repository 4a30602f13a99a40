"""How the colors of a converted face are to change, cell by cell, to fit where it is laid in."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.compositing import CELLS, UNCHANGED

EMPTY: Final = 1e-3
"""Share of all cells below which a face counts as not found."""

GAINS: Final = (0.5, 2.0)
"""Least and most that the guess of the colors changes contrast by."""

NEAR: Final = 3
"""Cells around each that are averaged, twice over, into what is light and not face."""


class ColorHead(nn.Module):
    """Says how the converted face's colors change, cell by cell.

    It sees faces in CELLS x CELLS cells, as large at any size of the crop. It starts from maps
    that change nothing, and is shown a guess: the map that gives the face's skin the mean and
    deviation of the original's, and then its light.
    """

    def __init__(self, entering: int, width: int = 64) -> None:
        super().__init__()
        self.enter = nn.Conv2d(entering + 16, width, 3, padding=1)
        self.again = nn.Conv2d(width, width, 3, padding=1)
        self.leave = nn.Conv2d(width, 13, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        self.register_buffer("unchanged", torch.tensor(UNCHANGED)[:, None, None], persistent=False)

    def forward(
        self, fused: Tensor, converted: Tensor, original: Tensor, share_f: Tensor, share_b: Tensor
    ) -> Tensor:
        """Return Nx12xCELLSxCELLS maps.

        Args:
            fused: NxCxhxw features.
            converted: Nx3xhxw, mean sRGB of each cell.
            original: Nx3xhxw.
            share_f: Nx2xhxw, how much of a cell is face and bare skin.
            share_b: The same in the original.
        """
        parts = (fused, converted, original, share_f.detach(), share_b.detach())
        fused, converted, original, share_f, share_b = (in_cells(part) for part in parts)
        skin_f, skin_b = share_f[:, 1:], share_b[:, 1:]
        gain, offset = _guess(converted, original, skin_f, skin_b)
        toned = converted * gain + offset
        light = _local(original, skin_b) - _local(toned, skin_f)
        told = (fused, converted, original, toned, light, share_f, share_b)
        maps = functional.relu(self.enter(torch.cat(told, 1)))
        maps = self.leave(functional.relu(self.again(maps))).float()
        return self.unchanged + maps[:, :12] + maps[:, 12:] * _far(gain, offset + light)


def in_cells(planes: Tensor) -> Tensor:
    """Return NxCxHxW at CELLS x CELLS, float32."""
    size = (CELLS, CELLS)
    return functional.interpolate(planes.float(), size=size, mode="bilinear", align_corners=False)


def moments(planes: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and standard deviation under a share, each NxCx1x1 float32.

    Args:
        planes: NxCxHxW.
        share: Nx1xHxW in [0, 1]; where it is nearly empty, everything counts.
    """
    planes, share = planes.float(), share.float()
    empty = share.mean((2, 3), keepdim=True) < EMPTY
    share = torch.where(empty, torch.ones_like(share), share)
    weight = share / (share.sum((2, 3), keepdim=True) + 1e-6)
    mean = (planes * weight).sum((2, 3), keepdim=True)
    variance = ((planes - mean).square() * weight).sum((2, 3), keepdim=True)
    return mean, (variance + 1e-5).sqrt()


def _guess(
    converted: Tensor, original: Tensor, skin_f: Tensor, skin_b: Tensor
) -> tuple[Tensor, Tensor]:
    """Return what brings the converted skin's mean and deviation to the original's, Nx3xhxw."""
    mean_f, spread_f = moments(converted, skin_f)
    mean_b, spread_b = moments(original, skin_b)
    gain = ((spread_b + 0.02) / (spread_f + 0.02)).clamp(*GAINS)
    offset = mean_b - gain * mean_f
    return gain.expand_as(converted), offset.expand_as(converted)


def _far(gain: Tensor, offset: Tensor) -> Tensor:
    """Return how far a gain and an offset of each channel are from changing nothing, Nx12xhxw."""
    more, nothing = gain - 1, torch.zeros_like(gain[:, :1])
    red, green, blue = (more[:, channel : channel + 1] for channel in range(3))
    shifts = [offset[:, channel : channel + 1] for channel in range(3)]
    rows = (
        (red, nothing, nothing, shifts[0]),
        (nothing, green, nothing, shifts[1]),
        (nothing, nothing, blue, shifts[2]),
    )
    return torch.cat([each for row in rows for each in row], 1)


def _local(planes: Tensor, share: Tensor) -> Tensor:
    """Return the mean of what is near under a share; where there is none of it, the whole one's."""
    side = 2 * NEAR + 1
    near = torch.cat((planes * share, share), 1)
    for _ in range(2):
        near = functional.avg_pool2d(near, side, stride=1, padding=NEAR)
    mean, _ = moments(planes, share)
    return (near[:, :-1] + 1e-2 * mean) / (near[:, -1:] + 1e-2)
