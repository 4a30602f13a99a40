"""Where an animal's eyes and mouth are in a picture: what tells whether an expression came over."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from limner_models.networks.dye_generator import to_planes
from limner_models.networks.face_unets import UNet

SIDE: Final = 128
"""Pixels a side of the pictures it looks at."""
WIDTHS: Final = (16, 32, 48, 64, 64)


class AnimalKeypoints(nn.Module):
    """Finds points, each as the mean of a map of where it may be.

    Source: Nibali et al., Numerical Coordinate Regression with Convolutional Neural Networks,
        2018; the maps come from a U-Net.
    """

    def __init__(self, count: int) -> None:
        """Build it untrained.

        Args:
            count: Points it finds.
        """
        super().__init__()
        self.net = UNet(3, count, WIDTHS)

    def forward(self, image: Tensor) -> Tensor:
        """Return NxKx2 float32, shares of the side, for Nx128x128x3 uint8 sRGB."""
        return middles(self.scores(to_planes(image)))

    def scores(self, planes: Tensor) -> Tensor:
        """Return NxKxHxW, unbounded, for Nx3xHxW sRGB in [0, 1]."""
        scores: Tensor = self.net(2 * planes - 1)
        return scores


def middles(scores: Tensor) -> Tensor:
    """Return where NxKxHxW scores say that points are, NxKx2, shares of the sides."""
    count, points, height, width = scores.shape
    share = scores.flatten(2).float().softmax(2).view(count, points, height, width)
    across = (torch.arange(width, device=scores.device) + 0.5) / width
    down = (torch.arange(height, device=scores.device) + 0.5) / height
    return torch.stack(((share.sum(2) * across).sum(2), (share.sum(3) * down).sum(2)), 2)
