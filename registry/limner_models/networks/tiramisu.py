"""FC-DenseNet, the "Tiramisu": blocks in which every layer sees all layers before it.

Its encoder and its decoder stand alone, so that other encoders can feed the same decoder.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

GROUP = 8
"""Channels that are normalized together; every width here is a multiple of it."""


class DenseLayer(nn.Module):
    """Makes `growth` new maps from all maps so far: convolve, normalize, cut below zero."""

    def __init__(self, taken: int, growth: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(taken, growth, 3, padding=1, bias=False)
        self.norm = nn.GroupNorm(growth // GROUP, growth)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxGxHxW, the new maps alone."""
        return torch.relu(self.norm(self.conv(features)))


class DenseBlock(nn.Module):
    """Some dense layers in a row; answers with the new maps, and with what it took if asked to.

    Source: Jegou et al., The One Hundred Layers Tiramisu, CVPRW 2017. Theirs normalizes all maps
        again before every layer; ours each map once, when it is made, which takes half the time.
        Group instead of batch normalization: their network needs a batch's own statistics when it
        is used, which would let the photos of a batch change each other's answers. No dropout.
    """

    def __init__(self, taken: int, layers: int, growth: int, *, keeps: bool = False) -> None:
        super().__init__()
        self.keeps = keeps
        self.layers = nn.ModuleList(
            DenseLayer(taken + index * growth, growth) for index in range(layers)
        )
        self.channels = layers * growth + (taken if keeps else 0)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxCxHxW with C as `channels` says."""
        maps = [features]
        for layer in self.layers:
            maps.append(layer(torch.cat(maps, 1)))
        return torch.cat(maps if self.keeps else maps[1:], 1)


class TransitionDown(nn.Module):
    """Halves height and width: mix the channels, normalize, keep the largest of four."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1, bias=False)
        self.norm = nn.GroupNorm(channels // GROUP, channels)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxCxH/2xW/2."""
        return torch.relu(self.norm(nn.functional.max_pool2d(self.conv(features), 2)))


class DenseEncoder(nn.Module):
    """The way down: gives features at strides 2, 4, 8, 16 and 32 of an Nx3xHxW image.

    Theirs begins at full size, where three quarters of the work would go; ours at stride 2.
    """

    def __init__(
        self, first: int = 32, layers: Sequence[int] = (2, 3, 4, 4, 4), growth: int = 16
    ) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, first, 3, stride=2, padding=1, bias=False)
        blocks, downs, taken = [], [], first
        for count in layers:
            blocks.append(DenseBlock(taken, count, growth, keeps=True))
            taken = blocks[-1].channels
            downs.append(TransitionDown(taken))
        self.blocks = nn.ModuleList(blocks)
        self.downs = nn.ModuleList(downs[:-1])
        self.channels = tuple(block.channels for block in blocks)
        """Of the features, from the finest."""

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features, finest first."""
        taps = [self.blocks[0](self.stem(image))]
        for down, block in zip(self.downs, list(self.blocks)[1:], strict=True):
            taps.append(block(down(taps[-1])))
        return taps


class DenseDecoder(nn.Module):
    """The way up: from an encoder's features to maps of the image's own size.

    Only the new maps of a block go on upwards, as in the original; the image itself joins at the
    end, so that strands one pixel wide can be followed.
    """

    def __init__(
        self,
        channels: Sequence[int],
        outputs: int,
        layers: Sequence[int] = (2, 3, 4, 4, 4),
        growth: int = 16,
        last: int = 1,
    ) -> None:
        """Build for an encoder.

        Args:
            channels: Of the encoder's features, from the finest.
            outputs: Maps to answer with.
            layers: In the dense block at each of the encoder's strides, from the finest.
            growth: New maps a layer makes.
            last: Layers at the image's own size, of half the growth.
        """
        super().__init__()
        blocks = [DenseBlock(channels[-1], layers[-1], growth)]
        for skipped, count in zip(channels[-2::-1], layers[-2::-1], strict=True):
            blocks.append(DenseBlock(skipped + blocks[-1].channels, count, growth))
        self.blocks = nn.ModuleList(blocks)
        self.ups = nn.ModuleList(
            TransitionUp(below.channels, below.channels) for below, _ in pairwise(blocks)
        )
        half = growth // 2
        self.last_up = TransitionUp(blocks[-1].channels, 2 * half)
        self.image = nn.Conv2d(3, half, 3, padding=1, bias=False)
        self.last = DenseBlock(3 * half, last, half, keeps=True)
        self.head = nn.Conv2d(self.last.channels, outputs, 1)

    def forward(self, image: Tensor, taps: Sequence[Tensor]) -> Tensor:
        """Return Nx`outputs`xHxW, unbounded."""
        maps = self.blocks[0](taps[-1])
        for up, block, tap in zip(self.ups, list(self.blocks)[1:], taps[-2::-1], strict=True):
            maps = block(torch.cat([up(maps), tap], 1))
        last = self.last(torch.cat([self.last_up(maps), self.image(image)], 1))
        answer: Tensor = self.head(last)
        return answer


class TransitionUp(nn.Module):
    """Doubles height and width by a transposed convolution."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(taken, given, 3, 2, padding=1, output_padding=1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxGx2Hx2W."""
        grown: Tensor = self.conv(features)
        return grown
