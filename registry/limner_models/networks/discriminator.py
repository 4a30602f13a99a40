"""The judge of dyed hair while generators train; it is never served."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from limner_models.networks.dye_generator import LAB_SCALE


class Discriminator(nn.Module):
    """Says of every patch how true its hair looks, told what color it is said to have.

    Source: the PatchGAN of Isola et al., Image-to-Image Translation with Conditional Adversarial
        Networks, CVPR 2017. The color as three more planes is ours.
    """

    def __init__(self, width: int = 32) -> None:
        """Build it for pictures of at least 32 px a side.

        Args:
            width: Channels of the first layer; twice and four times as many follow.
        """
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(6, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False),
            nn.InstanceNorm2d(2 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, 1, 1, bias=False),
            nn.InstanceNorm2d(4 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 4, 1, 1),
        )
        self.register_buffer("scale", torch.tensor(LAB_SCALE), persistent=False)

    def forward(self, planes: Tensor, said: Tensor) -> Tensor:
        """Return a score for each patch, Nx1xhxw.

        Args:
            planes: Nx3xHxW sRGB in [0, 1], all but the hair gray.
            said: Nx3 CIELAB that the hair is said to have.
        """
        color = (said / self.scale)[:, :, None, None].expand(-1, -1, *planes.shape[2:])
        scores: Tensor = self.layers(torch.cat((2 * planes - 1, color), dim=1))
        return scores
