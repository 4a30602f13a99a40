"""The hair remover: what a hole hides is painted from what surrounds it and where the skull is."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.composer import places
from limner_models.networks.dye_generator import to_planes

WIDTHS: Final = (16, 48, 96)
"""Channels at a half, a quarter and an eighth of full size."""

DILATIONS: Final = (1, 2, 4, 8, 2, 1)
"""Of the convolutions at an eighth of full size."""

ATTENDED: Final = 32
"""Channels by which places are compared."""

MARGIN: Final = 2
"""Pixels around the hole whose colors are not spread into it, since hair may show in them, and at
either side of the skull's outline, which may be off."""

LEVELS: Final = 9
"""Of the pyramid of colors at most: the coarsest of a picture of 256 px is one color."""

HIDDEN: Final = 8.0
"""How much less a place is attended to when all of it is in the hole, in logits."""


class HairRemover(nn.Module):
    """Paints a hole in a picture of a head: bald head and background, as they go on.

    Source: Yu et al., Free-Form Image Inpainting with Gated Convolution, ICCV 2019. Theirs paints
        twice, coarsely and finely, by fifteen times the computation; ours is told where the skull
        is, begins with the face's colors spread within it and the others' beyond, changes these,
        and attends to what is not in the hole at an eighth of full size alone.
    """

    def __init__(self, widths: tuple[int, int, int] = WIDTHS) -> None:
        """Build one with so many channels at a half, a quarter and an eighth of full size."""
        super().__init__()
        half, quarter, eighth = widths
        self.to_half = Gated(5, half, kernel=5, stride=2)
        self.to_quarter = Gated(half, quarter, stride=2)
        self.quarter = Gated(quarter, quarter)
        self.to_eighth = Gated(quarter + 2, eighth, stride=2)
        self.middle = nn.ModuleList(Gated(eighth, eighth, dilation=reach) for reach in DILATIONS)
        self.attention = Attention(eighth)
        self.from_eighth = nn.Conv2d(eighth, quarter, 1)
        self.up_quarter = Gated(2 * quarter, quarter)
        self.from_quarter = nn.Conv2d(quarter, half, 1)
        self.up_half = Gated(2 * half, half)
        self.leave = nn.Conv2d(half, 12, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, image: Tensor, hole: Tensor, skull: Tensor) -> Tensor:
        """Answer the contract of `hair_remover`.

        Args:
            image: NxHxWx3 uint8 sRGB, H and W multiples of 8.
            hole: NxHxW uint8; what is 128 or more is painted.
            skull: NxHxW uint8, how much of each pixel is skull or face, of 255.

        Returns:
            NxHxWx3 uint8 sRGB; bit-identical to `image` outside the hole.
        """
        inside = hole >= 128
        share = skull[:, None].float() / 255
        painted = self.paint(to_planes(image), inside[:, None].float(), share)
        pixels = (painted.clamp(0, 1) * 255 + 0.5).permute(0, 2, 3, 1).to(torch.uint8)
        return torch.where(inside[..., None], pixels, image)

    def paint(self, planes: Tensor, hole: Tensor, skull: Tensor) -> Tensor:
        """Return a picture of what is beneath, everywhere; outside the hole it means nothing.

        Args:
            planes: Nx3xHxW sRGB in [0, 1]; what it shows in the hole is not looked at.
            hole: Nx1xHxW, 1 in the hole, else 0.
            skull: Nx1xHxW, the share of skull and face, in [0, 1].

        Returns:
            Nx3xHxW sRGB, not clamped.
        """
        filled = gone_on(planes, hole, skull)
        half = self.to_half(torch.cat((2 * filled - 1, hole, skull), 1))
        quarter = self.quarter(self.to_quarter(half))
        eighth = self.to_eighth(torch.cat((quarter, places(quarter)), 1))
        for gated in self.middle:
            eighth = eighth + gated(eighth)
        eighth = self.attention(eighth, functional.avg_pool2d(hole, 8))
        quarter = self.up_quarter(torch.cat((_doubled(self.from_eighth(eighth)), quarter), 1))
        half = self.up_half(torch.cat((_doubled(self.from_quarter(quarter)), half), 1))
        return filled + functional.pixel_shuffle(self.leave(half), 2).float()


class Gated(nn.Module):
    """A convolution whose features are let through as far as another one finds them of use."""

    def __init__(
        self, entering: int, leaving: int, kernel: int = 3, stride: int = 1, dilation: int = 1
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            *(entering, 2 * leaving, kernel, stride),
            padding=dilation * (kernel // 2),
            dilation=dilation,
            bias=False,
        )
        self.norm = nn.BatchNorm2d(2 * leaving)

    def forward(self, planes: Tensor) -> Tensor:
        """Return NxCxHxW, a stride smaller."""
        features, gate = self.norm(self.conv(planes)).chunk(2, 1)
        return functional.leaky_relu(features, 0.2) * gate.sigmoid()


class Attention(nn.Module):
    """Adds to each place what others like it show, those in the hole the least.

    Source: Wang et al., Non-local Neural Networks, CVPR 2018, in place of Yu et al.'s contextual
        attention between patches.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.asked = nn.Conv2d(channels, ATTENDED, 1)
        self.told = nn.Conv2d(channels, ATTENDED, 1)
        self.shown = nn.Conv2d(channels, channels, 1)
        self.leave = nn.Conv2d(channels, channels, 1)

    def forward(self, planes: Tensor, hidden: Tensor) -> Tensor:
        """Return NxCxHxW of the same size.

        Args:
            planes: NxCxHxW.
            hidden: Nx1xHxW, how much of each place is in the hole.
        """
        asked, told, shown = (
            layer(planes).flatten(2) for layer in (self.asked, self.told, self.shown)
        )
        alike = asked.transpose(1, 2) @ told * ATTENDED**-0.5
        weights = (alike.float() - HIDDEN * hidden.flatten(2)).softmax(2)
        found = shown @ weights.transpose(1, 2).to(shown.dtype)
        return planes + self.leave(found.unflatten(2, planes.shape[2:]))


def gone_on(planes: Tensor, hole: Tensor, skull: Tensor) -> Tensor:
    """Return pictures with the hole filled by the face's colors in the skull, by others beyond.

    Args:
        planes: NxCxHxW.
        hole: Nx1xHxW, 1 in the hole, else 0.
        skull: Nx1xHxW, the share of skull and face, in [0, 1].
    """
    known = 1 - widened(hole)
    within = spread(planes, known * (1 - widened(1 - skull)))
    beyond = spread(planes, known * (1 - widened(skull)))
    return planes + hole * (torch.lerp(beyond, within, skull) - planes)


def widened(mask: Tensor) -> Tensor:
    """Return a mask, Nx1xHxW, with what lies within MARGIN of it."""
    return functional.max_pool2d(mask, 2 * MARGIN + 1, 1, MARGIN)


def spread(planes: Tensor, known: Tensor) -> Tensor:
    """Return colors everywhere: those that are known, and between them the nearest, the finer.

    Args:
        planes: NxCxHxW.
        known: Nx1xHxW in [0, 1]: of what else there is nothing is believed.

    Source: the pull-push of Gortler et al., The Lumigraph, SIGGRAPH 1996, by halves.
    """
    levels = [torch.cat((planes * known, known), 1)]
    while min(levels[-1].shape[2:]) > 1 and len(levels) < LEVELS:
        levels.append(functional.avg_pool2d(levels[-1], 2, ceil_mode=True))
    filled = _colors(levels.pop())
    for level in reversed(levels):
        coarse = functional.interpolate(
            filled, size=level.shape[2:], mode="bilinear", align_corners=False
        )
        # half known is known: what an average lacks, it would only borrow from afar
        share = (2 * level[:, -1:]).clamp(max=1)
        filled = coarse + share * (_colors(level) - coarse)
    return filled


def _colors(level: Tensor) -> Tensor:
    return level[:, :-1] / level[:, -1:].clamp_min(1e-4)


def _doubled(planes: Tensor) -> Tensor:
    return functional.interpolate(planes, scale_factor=2, mode="bilinear", align_corners=False)
