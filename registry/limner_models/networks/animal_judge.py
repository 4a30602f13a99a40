"""The judge of drawn animals while an animalizer trains; it is never served."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class AnimalJudge(nn.Module):
    """Says of every patch how true it looks, told what it is said to be.

    Source: PatchGAN as in Isola et al., CVPR 2017; told of kinds as in Miyato and Koyama, cGANs
        with Projection Discriminator, ICLR 2018, with their spectral norms.
    """

    def __init__(self, kinds: int, planes: int = 4, width: int = 32) -> None:
        """Build it for pictures of at least 32 px a side.

        Args:
            kinds: How many there are.
            planes: Of a picture.
            width: Channels of the first layer; twice and four times as many follow.
        """
        super().__init__()
        self.layers = nn.Sequential(
            spectral_norm(nn.Conv2d(planes, width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
            spectral_norm(nn.Conv2d(2 * width, 4 * width, 4, 2, 1)),
            nn.LeakyReLU(0.2),
        )
        self.leave = spectral_norm(nn.Conv2d(4 * width, 1, 3, 1, 1))
        self.kinds = nn.Embedding(kinds, 4 * width)
        nn.init.normal_(self.kinds.weight, std=0.02)

    def forward(self, planes: Tensor, kind: Tensor) -> Tensor:
        """Return a score for each patch, Nxhxw.

        Args:
            planes: NxCxHxW in [0, 1].
            kind: N int64.
        """
        seen = self.layers(2 * planes - 1)
        fits = (seen * self.kinds(kind)[:, :, None, None]).sum(1)
        scores: Tensor = self.leave(seen)[:, 0] + fits
        return scores


def hinged(true: Tensor, false: Tensor) -> Tensor:
    """Return how badly a judge tells what is true from what is false, a scalar.

    Source: Lim and Ye, Geometric GAN, 2017.
    """
    return torch.relu(1 - true.float()).mean() + torch.relu(1 + false.float()).mean()
