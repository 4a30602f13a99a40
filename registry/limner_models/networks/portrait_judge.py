"""The judge of drawn portraits while their generator trains; it is never served."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from limner_models.networks.style_layers import SLOPE

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTHS: Final = (32, 64, 128, 256)
"""Channels at half the side and each time half as many pixels."""


class PortraitJudge(nn.Module):
    """Says of whole pictures how true they look; it sees how much those of a batch differ.

    Source: Karras et al., Progressive Growing of GANs, ICLR 2018, for the deviation over a batch.
    """

    def __init__(self, side: int, widths: Sequence[int] = WIDTHS) -> None:
        """Build it for pictures of `side` pixels, with these channels at half of them and on."""
        super().__init__()
        befores = (3, *widths[:-1])
        layers: list[nn.Module] = []
        for before, after in zip(befores, widths, strict=True):
            layers += [nn.Conv2d(before, after, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        self.layers = nn.Sequential(*layers)
        last = widths[-1]
        self.mix = nn.Sequential(nn.Conv2d(last + 1, last, 4, 2, 1), nn.LeakyReLU(SLOPE))
        self.leave = nn.Linear(last * (side >> len(widths) + 1) ** 2, 1)

    def forward(self, planes: Tensor) -> Tensor:
        """Return a score for each picture, N, for Nx3xSxS sRGB in [-1, 1]."""
        seen = self.layers(planes)
        varied = (seen.float().var(0, correction=0) + 1e-8).sqrt().mean()
        varied = varied.to(seen.dtype).expand(len(seen), 1, *seen.shape[2:])
        scores: Tensor = self.leave(self.mix(torch.cat((seen, varied), 1)).flatten(1))[:, 0]
        return scores
