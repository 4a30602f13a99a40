"""The composer: both photos in, out come masks, color maps and a ring; never the face's pixels."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.color_head import ColorHead, in_cells, moments
from limner_models.networks.compositing import FACE, SCENE, TRANSITION, recolored
from limner_models.networks.dye_generator import to_planes

if TYPE_CHECKING:
    from collections.abc import Sequence

GRID: Final = 8
"""Pixels of the crop to one of the coarsest features."""

WIDTH: Final = 16
"""Channels at full resolution; twice, four and eight times as many at the coarser ones."""


class Parts(NamedTuple):
    """What a composer says of two photos, batch and channels first."""

    masks: Tensor
    """Nx3xHxW: shares of converted face, original scene, transition; they sum to 1."""
    colors: Tensor
    """Nx12x16x16: affine maps of sRGB, spread evenly over the crop."""
    ring: Tensor
    """Nx3xHxW sRGB, not clamped."""
    found: Tensor
    """Nx2xhxw: scores of face and of bare skin, in the converted photo."""
    original_found: Tensor
    """The same in the original."""


class Composer(nn.Module):
    """Decides what of two faces goes where, and in which colors.

    Source: WO2022260386A1, claims on feature vectors and masks of both faces, a pixel selector
        with a softmax over both masks, and adaptive instance normalization between the masked
        features. Ours answers masks and color maps, which hold at any resolution, instead of
        pixels, and pixels for the transition alone. Its norms are those of a batch, folded away
        when exported: an instance's own would hide the very tone that is to be matched.
    """

    def __init__(self, width: int = WIDTH, *, shared: bool = True) -> None:
        """Build one.

        Args:
            width: Channels at full resolution.
            shared: Whether one encoder looks at both photos, as a batch of two.
        """
        super().__init__()
        wide = 8 * width
        self.encoder = Encoder(width)
        self.other_encoder = None if shared else Encoder(width)
        self.found = nn.Conv2d(wide, 2, 1)
        self.gate = nn.Sequential(nn.Linear(4 * wide, 64), nn.ReLU(), nn.Linear(64, wide))
        self.selector = nn.Sequential(Step(2 * wide + 4, 64), nn.Conv2d(64, 3, 3, padding=1))
        self.transition = nn.Conv2d(2 * wide, wide, 1)
        self.fusion = Block(wide)
        self.color = ColorHead(wide)
        self.decoder = Decoder(width)

    def forward(
        self, original: Tensor, converted: Tensor, valid: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Answer the contract of `composer`.

        Args:
            original: NxHxWx3 uint8 sRGB, H and W multiples of 8.
            converted: NxHxWx3 uint8 sRGB.
            valid: NxHxW uint8, 255 where `converted` shows its photo.

        Returns:
            NxHxWx3 masks, Nx16x16x12 color maps and NxHxWx3 ring, all float32.
        """
        known = (valid[:, None] >= 128).float()
        parts = self.parts(to_planes(original), to_planes(converted), known)
        masks, colors, ring = (planes.permute(0, 2, 3, 1) for planes in parts[:3])
        return masks, colors, ring.clamp(0, 1)

    def parts(self, original: Tensor, converted: Tensor, valid: Tensor) -> Parts:
        """Return all that can be said of two photos.

        Args:
            original: Nx3xHxW sRGB in [0, 1].
            converted: Nx3xHxW sRGB in [0, 1].
            valid: Nx1xHxW, 1 where `converted` shows its photo, else 0.
        """
        converted = valid * converted + (1 - valid) * 0.5
        taps_f, taps_b = self._looks(converted, original)
        z_f, z_b = taps_f[-1], taps_b[-1]
        found, original_found = self.found(z_f), self.found(z_b)
        known = functional.avg_pool2d(valid, GRID)
        share_f, share_b = found.sigmoid() * known, original_found.sigmoid()

        matched = self._matched(z_f, z_b, share_f, share_b)
        logits = self.selector(torch.cat((matched, z_b, found, original_found), 1))
        rough = logits.float().softmax(1)
        fused = rough[:, FACE : FACE + 1] * matched + rough[:, SCENE : SCENE + 1] * z_b
        both = self.transition(torch.cat((matched, z_b), 1))
        fused = self.fusion(fused + rough[:, TRANSITION:] * both)

        small = [functional.avg_pool2d(photo, GRID) for photo in (converted, original)]
        colors = self.color(fused, *small, share_f, share_b)
        face = rough[:, FACE : FACE + 1]
        drawn = self.decoder(fused, taps_f, taps_b, face, (converted, original)).float()
        masks = _kept_valid(_shares(_enlarged(logits.float(), GRID) + drawn[:, 3:]), valid)
        coarse = in_cells(small[0])
        shift = functional.interpolate(
            recolored(coarse, colors) - coarse, size=converted.shape[2:], mode="bilinear"
        )
        shifted = converted + shift
        weight = masks[:, FACE : FACE + 1] / (1 - masks[:, TRANSITION:] + 1e-3)
        ring = original + weight * (shifted - original) + drawn[:, :3]
        return Parts(masks, colors, ring, found.float(), original_found.float())

    def _looks(self, converted: Tensor, original: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the features of either photo, at half, quarter and eighth size."""
        if self.other_encoder is not None:
            return self.encoder(converted), self.other_encoder(original)
        taps = self.encoder(torch.cat((converted, original)))
        count = converted.shape[0]
        return [tap[:count] for tap in taps], [tap[count:] for tap in taps]

    def _matched(self, z_f: Tensor, z_b: Tensor, share_f: Tensor, share_b: Tensor) -> Tensor:
        """Return the converted photo's features with its face in the tone of the original's.

        Tone is measured on bare skin: red lips or a beard must not tint the cheeks.
        """
        mean_f, spread_f = moments(z_f, share_f[:, 1:])
        mean_b, spread_b = moments(z_b, share_b[:, 1:])
        told = torch.cat((mean_f, spread_f, mean_b, spread_b), 1).flatten(1)
        gate = self.gate(told).sigmoid()[:, :, None, None]
        toned = (z_f - mean_f) * (spread_b / spread_f) + mean_b
        return z_f + gate * share_f[:, :1] * (toned - z_f)


class Encoder(nn.Module):
    """Looks at one photo, at three resolutions, knowing where in the template it looks."""

    def __init__(self, width: int) -> None:
        super().__init__()
        wide = 8 * width
        self.to_half = Step(3, 2 * width, stride=2)
        self.to_quarter = Step(2 * width, 4 * width, stride=2)
        self.to_eighth = Step(4 * width + 2, wide, stride=2)
        self.blocks = nn.Sequential(Block(wide), Block(wide))

    def forward(self, planes: Tensor) -> list[Tensor]:
        """Return features at half, quarter and eighth size for Nx3xHxW in [0, 1]."""
        half = self.to_half(2 * planes - 1)
        quarter = self.to_quarter(half)
        placed = torch.cat((quarter, places(quarter)), 1)
        return [half, quarter, self.blocks(self.to_eighth(placed))]


def places(planes: Tensor) -> Tensor:
    """Return where each pixel of NxCxHxW lies, Nx2xHxW: right and down, in [-1, 1]."""
    count, _, height, width = planes.shape
    down, across = (
        (2 * torch.arange(side, device=planes.device, dtype=planes.dtype) + 1) / side - 1
        for side in (height, width)
    )
    return torch.stack(
        (
            across[None, None].expand(count, height, width),
            down[None, :, None].expand(count, height, width),
        ),
        dim=1,
    )


class Decoder(nn.Module):
    """Comes back to full size, taking details from whichever photo is shown there."""

    def __init__(self, width: int) -> None:
        super().__init__()
        widths = (8 * width, 4 * width, 2 * width, width)
        self.narrow = nn.ModuleList(nn.Conv2d(*pair, 1) for pair in pairwise(widths))
        self.mix = nn.ModuleList(Step(channels, channels) for channels in widths[1:3])
        self.pixels = nn.Conv2d(7, width, 3, padding=1)
        self.leave = nn.Conv2d(width, 6, 3, padding=1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(
        self,
        fused: Tensor,
        taps_f: Sequence[Tensor],
        taps_b: Sequence[Tensor],
        face: Tensor,
        pixels: Sequence[Tensor],
    ) -> Tensor:
        """Return Nx6xHxW: what is added to the ring's colors, and to the masks' scores.

        Args:
            fused: Features at an eighth of full size.
            taps_f: Features of the converted photo at a half and a quarter.
            taps_b: The same of the original.
            face: Nx1xhxw, share of converted face at an eighth.
            pixels: Both photos, Nx3xHxW.
        """
        planes = fused
        for level, mix in enumerate(self.mix):
            share = _enlarged(face, 2 ** (level + 1)).to(fused.dtype)
            tap_f, tap_b = taps_f[1 - level], taps_b[1 - level]
            planes = mix(_doubled(self.narrow[level](planes)) + tap_b + share * (tap_f - tap_b))
        full = self.pixels(torch.cat((*pixels, _enlarged(face, GRID)), 1))
        return self.leave(functional.relu(full + _doubled(self.narrow[2](planes))))


class Step(nn.Module):
    """A 3x3 convolution, a norm, a rectifier."""

    def __init__(self, entering: int, leaving: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(entering, leaving, 3, stride, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(leaving)

    def forward(self, planes: Tensor) -> Tensor:
        """Return NxCxHxW, a stride smaller."""
        return functional.relu(self.norm(self.conv(planes)))


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = Step(channels, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, planes: Tensor) -> Tensor:
        """Return NxCxHxW of the same size."""
        return functional.relu(planes + self.norm(self.second(self.first(planes))))


def _kept_valid(masks: Tensor, valid: Tensor) -> Tensor:
    """Return masks that show nothing of the converted photo beyond its edges."""
    face, scene, transition = masks.split(1, dim=1)
    return torch.cat((face * valid, scene + face * (1 - valid), transition), 1)


def _shares(scores: Tensor) -> Tensor:
    """Return the softmax over channels; written out, as runtimes are slow along that axis."""
    grown = (scores - scores.amax(1, keepdim=True)).exp()
    return grown / grown.sum(1, keepdim=True)


def _doubled(planes: Tensor) -> Tensor:
    return functional.interpolate(planes, scale_factor=2, mode="nearest")


def _enlarged(planes: Tensor, scale: int) -> Tensor:
    return functional.interpolate(planes, scale_factor=scale, mode="bilinear", align_corners=False)
