"""VGG's convolutions and LPIPS's weights of them: what published losses compare pictures by."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

WIDTHS: Final = {
    16: (64, 64, 0, 128, 128, 0, 256, 256, 256, 0, 512, 512, 512, 0, 512, 512, 512),
    19: (64, 64, 0, 128, 128, 0, *[256] * 4, 0, *[512] * 4, 0, *[512] * 4),
}
"""Channels of the convolutions by a network's depth; 0 halves the picture."""
LEVELS: Final = (64, 128, 256, 512, 512)
"""Channels of the five levels that LPIPS compares."""


class Vgg(nn.Module):
    """VGG16's or VGG19's layers up to the last rectifier, or the first of them; no classifier.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
        Recognition, ICLR 2015; names as torchvision's `features`.
    """

    def __init__(self, depth: int, count: int | None = None) -> None:
        """Build it untrained.

        Args:
            depth: 16 or 19.
            count: How many of its layers are built, from the first; None builds all.

        Raises:
            ValueError: There is no VGG of that depth.
        """
        super().__init__()
        if depth not in WIDTHS:
            raise ValueError(f"there is no VGG{depth}, but VGG16 and VGG19")
        self.features = nn.Sequential(*islice(_layers(WIDTHS[depth]), count))

    def forward(self, planes: Tensor) -> Tensor:
        """Return Nx512xhxw for Nx3xHxW, normalized as ImageNet's; sixteen pixels make one."""
        seen: Tensor = self.features(planes)
        return seen


class LpipsWeights(nn.Module):
    """How much each channel of VGG16's five levels counts where pictures are compared.

    Source: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
        CVPR 2018; names as in its version 0.1.
    """

    def __init__(self) -> None:
        """Build it untrained."""
        super().__init__()
        for index, channels in enumerate(LEVELS):
            layer = nn.Conv2d(channels, 1, 1, bias=False)
            # the published name has a dropout before it
            self.add_module(f"lin{index}", nn.ModuleDict({"model": nn.ModuleDict({"1": layer})}))

    def forward(self, differences: Tensor) -> Tensor:
        """Return Nx5, the weighted sum over each level, for squared differences, Nx1472."""
        rows = differences.split(LEVELS, 1)
        sums = [
            row @ getattr(self, f"lin{index}")["model"]["1"].weight.flatten()
            for index, row in enumerate(rows)
        ]
        return torch.stack(sums, 1)


def _layers(widths: Iterable[int]) -> Iterator[nn.Module]:
    """Build layers one by one, so that none is made, nor chance drawn for it, in vain."""
    taken = 3
    for given in widths:
        if given:
            yield nn.Conv2d(taken, given, 3, padding=1)
            yield nn.ReLU()
            taken = given
        else:
            yield nn.MaxPool2d(2)
