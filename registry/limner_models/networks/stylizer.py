"""The stylizer: three resolutions side by side, their norms frozen by a thumbnail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.dye_generator import doubled, to_planes
from limner_registry.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Callable

WIDTH: Final = 16
"""Channels at full resolution, as published; twice as many at the others."""
STRIDE: Final = 4
"""Tiles begin at multiples of it, so that the coarse branches see the same pixels in any tile."""
REACH: Final = 24
"""Pixels that a tile must know beyond what is kept of it, a multiple of STRIDE."""
LARGEST: Final = 32767
"""What a field of 1 is answered as."""
TINY: Final = 1e-4
"""Added to variances; what hardly varies is not blown up."""

Norm = tuple[Tensor, Tensor]
"""A scale and a shift for every channel, NxCx1x1."""


class Stylizer(nn.Module):
    """Draws fields: the colors of a photo without its texture, and where lines go.

    Every instance norm takes its mean and variance from the thumbnail, never from the tile: a
    tile is drawn as the whole photo would be, whatever its size.

    Source: Li, Ye and Li, Photorealistic Style Transfer for Video and Images, 2019, for full
        resolution kept beside a half and a quarter; Chen et al., Towards Ultra-Resolution
        Neural Style Transfer via Thumbnail Instance Normalization, AAAI 2022, for the norms;
        Dumoulin et al., A Learned Representation for Artistic Style, ICLR 2017, for many styles
        in one network. Plain blocks stand for their bottlenecks, and norms in the coarse
        branches alone, from which full resolution learns of the whole: on a processor that is
        four times as fast.
    """

    def __init__(self, width: int = WIDTH) -> None:
        super().__init__()
        fine, coarse = width, 2 * width
        self.enter = nn.Conv2d(3, fine, 3, padding=1)
        self.to_half = Normed(fine, coarse, stride=2)
        self.at_half = Block(coarse)
        self.to_quarter = Normed(coarse, coarse, stride=2)
        self.at_quarter = Block(coarse)
        self.from_quarter = nn.Conv2d(coarse, coarse, 1)
        self.at_half_again = Block(coarse)
        self.from_half = nn.Conv2d(coarse, fine, 1)
        self.fine = nn.ModuleList(nn.Conv2d(fine, fine, 3, padding=1) for _ in range(3))
        self.fields = nn.Conv2d(fine, 4, 3, padding=1)
        nn.init.normal_(self.fields.weight, std=0.01)

    def forward(self, tile: Tensor, thumbnail: Tensor, style: Tensor) -> Tensor:
        """Answer the contract of `stylizer`.

        Args:
            tile: NxHxWx3 uint8 sRGB, H and W multiples of 4.
            thumbnail: NxHxWx3 uint8 sRGB of the whole photo, sides multiples of 4.
            style: Nx1 uint8, indices into STYLES.

        Returns:
            NxHxWx4 int16, LARGEST times a value in [0, 1].
        """
        norms = self.norms(to_planes(thumbnail), style[:, 0].long())
        fields = self.draw(to_planes(tile), norms).clamp(0, 1)
        return (fields.permute(0, 2, 3, 1) * LARGEST + 0.5).to(torch.int16)

    def norms(self, thumbnail: Tensor, style: Tensor) -> list[Norm]:
        """Return every norm's scale and shift for a photo.

        Args:
            thumbnail: Nx3xHxW float sRGB in [0, 1].
            style: N int64.
        """
        found: list[Norm] = []

        def measure(norm: FrozenNorm, planes: Tensor) -> Tensor:
            found.append(norm.measured(planes, style))
            return norm.applied(planes, found[-1])

        self._coarse(self._entered(thumbnail), measure)
        return found

    def draw(self, tile: Tensor, norms: list[Norm]) -> Tensor:
        """Return Nx4xHxW: sRGB, then line; about [0, 1], not clamped.

        Args:
            tile: Nx3xHxW float sRGB in [0, 1].
            norms: As measured on the thumbnail.
        """
        left = iter(norms)
        entered = self._entered(tile)
        half = self._coarse(entered, lambda norm, planes: norm.applied(planes, next(left)))
        first, second, third = self.fine
        fine = functional.relu(first(entered) + doubled(self.from_half(half)))
        fine = functional.relu(fine + third(functional.relu(second(fine))))
        return self.fields(fine) + functional.pad(tile, (0, 0, 0, 0, 0, 1))

    def _entered(self, planes: Tensor) -> Tensor:
        return functional.relu(self.enter(2 * planes - 1))

    def _coarse(self, entered: Tensor, norm: Apply) -> Tensor:
        """Return what half and quarter resolution make of it, at half."""
        half = self.to_half(entered, norm)
        quarter = self.at_quarter(self.to_quarter(half, norm), norm)
        both = self.at_half(half, norm) + doubled(self.from_quarter(quarter))
        again: Tensor = self.at_half_again(functional.relu(both), norm)
        return again


class FrozenNorm(nn.Module):
    """An instance norm whose mean and variance are measured on another picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(len(STYLES), channels))
        self.shift = nn.Parameter(torch.zeros(len(STYLES), channels))

    def measured(self, planes: Tensor, style: Tensor) -> Norm:
        """Return what brings these NxCxHxW planes to the style's mean and deviation."""
        mean = planes.mean((2, 3), keepdim=True)
        variance = (planes - mean).square().mean((2, 3), keepdim=True)
        scale = self.scale[style][:, :, None, None] * torch.rsqrt(variance + TINY)
        return scale, self.shift[style][:, :, None, None] - mean * scale

    @staticmethod
    def applied(planes: Tensor, norm: Norm) -> Tensor:
        """Return NxCxHxW planes, scaled and shifted."""
        scale, shift = norm
        return planes * scale + shift


if TYPE_CHECKING:
    Apply = Callable[[FrozenNorm, Tensor], Tensor]


class Normed(nn.Module):
    """A 3x3 convolution, its norm, and a rectifier."""

    def __init__(self, entering: int, leaving: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(entering, leaving, 3, stride, padding=1)
        self.norm = FrozenNorm(leaving)

    def forward(self, planes: Tensor, norm: Apply) -> Tensor:
        """Return NxCxHxW, a stride smaller."""
        return functional.relu(norm(self.norm, self.conv(planes)))


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Normed(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, planes: Tensor, norm: Apply) -> Tensor:
        """Return NxCxHxW of the same size."""
        return functional.relu(planes + self.second(self.first(planes, norm)))
