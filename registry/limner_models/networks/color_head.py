"""How the colors of a converted face are to change, cell by cell, to fit where it is laid in."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.compositing import UNCHANGED

EMPTY: Final = 1e-3
"""Share of all cells below which a face counts as not found."""

GAINS: Final = (0.5, 2.0)
"""Least and most that the guess of the colors changes contrast by."""

NEAR: Final = 2
"""Cells around each that count for the local light."""


class ColorHead(nn.Module):
    """Says how the converted face's colors change, cell by cell.

    It starts from maps that change nothing, and is shown a guess: the map that gives the face's
    skin the mean and deviation of the original's.
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
        """Return Nx12xhxw maps.

        Args:
            fused: NxCxhxw features.
            converted: Nx3xhxw, mean sRGB of each cell.
            original: Nx3xhxw.
            share_f: Nx2xhxw, how much of a cell is face and bare skin.
            share_b: The same in the original.
        """
        share_f, share_b = share_f.detach(), share_b.detach()
        gain, offset = _guess(converted, original, share_f[:, 1:], share_b[:, 1:])
        toned = converted * gain + offset
        light = _local(original, share_b[:, :1]) - _local(toned, share_f[:, :1])
        told = (fused.float(), converted, original, toned, light, share_f, share_b)
        maps = functional.relu(self.enter(torch.cat(told, 1)))
        maps = self.leave(functional.relu(self.again(maps))).float()
        return self.unchanged + maps[:, :12] + maps[:, 12:] * _far(gain, offset)


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
    """Return the mean of the cells around each under a share; 0 where there is none of it."""
    side = 2 * NEAR + 1
    both = torch.cat((planes * share, share), 1)
    near = functional.avg_pool2d(both, side, stride=1, padding=NEAR)
    return near[:, :-1] / (near[:, -1:] + 0.02)
