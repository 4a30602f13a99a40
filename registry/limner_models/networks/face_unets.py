"""The conventional way to composite, step by step: three U-Nets of one design, each trained."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.composer import Step
from limner_models.networks.dye_generator import to_photo, to_planes

WIDTHS: Final = (16, 32, 64, 128, 128)
"""Channels at full size and at each half of it: those of WO2022260386A1's comparison at the scale
of the composer's own."""


class UNet(nn.Module):
    """Two convolutions at each of five resolutions, down and up again.

    Source: Ronneberger, Fischer and Brox, U-Net, MICCAI 2015; padded, with batch norms, and
        enlarged bilinearly.
    """

    def __init__(self, entering: int, leaving: int, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        befores = (entering, *widths[:-1])
        self.down = nn.ModuleList(map(_twice, befores, widths))
        pairs = zip(widths[:0:-1], widths[-2::-1], strict=True)
        self.up = nn.ModuleList(_twice(below + beside, beside) for below, beside in pairs)
        self.leave = nn.Conv2d(widths[0], leaving, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, planes: Tensor) -> Tensor:
        """Return NxCxHxW for planes whose sides are multiples of 16."""
        taps: list[Tensor] = []
        for step in self.down:
            planes = step(functional.max_pool2d(planes, 2) if taps else planes)
            taps.append(planes)
        for step, tap in zip(self.up, taps[-2::-1], strict=True):
            wider = functional.interpolate(
                planes, scale_factor=2, mode="bilinear", align_corners=False
            )
            planes = step(torch.cat((wider, tap), 1))
        left: Tensor = self.leave(planes)
        return left.float()


class FaceExtractor(nn.Module):
    """Tells a face from all else."""

    def __init__(self) -> None:
        super().__init__()
        self.net = UNet(3, 1)

    def forward(self, image: Tensor) -> Tensor:
        """Return the share of face, NxHxW in [0, 1], for NxHxWx3 uint8 sRGB."""
        return self.scores(to_planes(image))[:, 0].sigmoid()

    def scores(self, planes: Tensor) -> Tensor:
        """Return Nx1xHxW, unbounded, for sRGB in [0, 1]."""
        scores: Tensor = self.net(2 * planes - 1)
        return scores


class ColorCorrector(nn.Module):
    """Gives a converted face the light of the face it is to replace."""

    def __init__(self) -> None:
        super().__init__()
        self.net = UNet(8, 3)

    def forward(
        self, converted: Tensor, face: Tensor, original: Tensor, original_face: Tensor
    ) -> Tensor:
        """Return NxHxWx3 sRGB in [0, 1].

        Args:
            converted: NxHxWx3 uint8 sRGB.
            face: NxHxW uint8 of 255, in the converted photo.
            original: NxHxWx3 uint8 sRGB.
            original_face: NxHxW uint8 of 255.
        """
        planes = (to_planes(converted), _share(face), to_planes(original), _share(original_face))
        return to_photo(self.corrected(*planes))

    def corrected(
        self, converted: Tensor, face: Tensor, original: Tensor, original_face: Tensor
    ) -> Tensor:
        """Return Nx3xHxW, not clamped; all arguments are planes in [0, 1]."""
        change = self.net(torch.cat((converted, face, original, original_face), 1))
        return converted + change


class BackgroundBlender(nn.Module):
    """Lays a face of the right colors into the original and closes the border."""

    def __init__(self) -> None:
        super().__init__()
        self.net = UNet(8, 4)

    def forward(
        self, corrected: Tensor, face: Tensor, original: Tensor, original_face: Tensor
    ) -> Tensor:
        """Return NxHxWx3 sRGB in [0, 1].

        Args:
            corrected: NxHxWx3 uint8 sRGB.
            face: NxHxW uint8 of 255, in the corrected photo.
            original: NxHxWx3 uint8 sRGB.
            original_face: NxHxW uint8 of 255.
        """
        planes = (to_planes(corrected), _share(face), to_planes(original), _share(original_face))
        return to_photo(self.blended(*planes)[0])

    def blended(
        self, corrected: Tensor, face: Tensor, original: Tensor, original_face: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the picture, Nx3xHxW, not clamped, and how much of it is not the original's.

        All arguments are planes in [0, 1]. Where nothing is laid in, the original stays.
        """
        made = self.net(torch.cat((corrected, face, original, original_face), 1))
        share = (made[:, 3:] + 6 * face - 3).sigmoid()
        return original + share * (corrected + made[:, :3] - original), share


def _twice(entering: int, leaving: int) -> nn.Sequential:
    return nn.Sequential(Step(entering, leaving), Step(leaving, leaving))


def _share(mask: Tensor) -> Tensor:
    """Return Nx1xHxW in [0, 1] of NxHxW uint8."""
    return mask[:, None].float() / 255
