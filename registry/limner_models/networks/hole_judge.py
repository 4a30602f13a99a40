"""The judge of painted holes while a hair remover trains; it is never served."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

STRIDE = 8
"""Pixels to one of the patches that are judged."""


class HoleJudge(nn.Module):
    """Says of every patch of a picture how true it looks, told where it was painted.

    Source: the spectral-normalized PatchGAN of Yu et al., Free-Form Image Inpainting with Gated
        Convolution, ICCV 2019; of four layers in place of six.
    """

    def __init__(self, width: int = 32) -> None:
        """Build it for pictures of at least 32 px a side.

        Args:
            width: Channels of the first layer; twice and four times as many follow.
        """
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(4, width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * width, 4 * width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(4 * width, 1, 3, 1, 1)),
        )

    def forward(self, planes: Tensor, hole: Tensor) -> Tensor:
        """Return a score for each patch, Nx1xhxw, a side STRIDE times smaller.

        Args:
            planes: Nx3xHxW sRGB in [0, 1].
            hole: Nx1xHxW, 1 where it was painted, else 0.
        """
        scores: Tensor = self.layers(torch.cat((2 * planes - 1, hole), 1))
        return scores
