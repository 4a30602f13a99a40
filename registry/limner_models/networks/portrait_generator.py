"""The generator of portraits: draws people from styles, and finds the styles of a portrait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.dye_generator import to_planes
from limner_models.networks.style_generator import StyleGenerator
from limner_models.networks.style_layers import SLOPE

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE: Final = 128
"""Pixels a side of what is drawn."""
MULTIPLIER, WIDEST, WIDTH, MAPPING_LAYERS = 0.25, 160, 160, 2
"""Of the generator, which is small enough to travel with Limner. No layer has more channels than a
style has numbers, so styles lose nothing by being so short."""
WIDTHS: Final = (24, 48, 96, 160, 192)
"""Channels of the encoder's features at half the side and each time half as many pixels."""
READ, LOOKED_AT = 4, 48
"""Pixels a side at which features are read, and how many of them."""


class StyleEncoder(nn.Module):
    """Finds the styles by which a generator draws a picture again.

    The coarsest features say the coarsest third of the rows, and so on. They are read with their
    places, since a style has no place of its own.

    Source: Richardson et al., Encoding in Style, CVPR 2021, with a small encoder and rows in
        thirds.
    """

    def __init__(
        self, rows: int, width: int, widths: Sequence[int] = WIDTHS, told: int = 96
    ) -> None:
        """Build it untrained; at first it finds the middle of all styles.

        Args:
            rows: Of styles, at least 3.
            width: Numbers of a style.
            widths: Channels from half the side on; the last three are read.
            told: Numbers from which each third of the rows is made.
        """
        super().__init__()
        self.width = width
        befores = (3, *widths[:-1])
        self.steps = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(before, after, 4 if before == 3 else 3, 2, 1),
                nn.GroupNorm(8, after),
                nn.LeakyReLU(SLOPE),
            )
            for before, after in zip(befores, widths, strict=True)
        )
        self.thirds = [len(part) for part in torch.arange(rows).tensor_split(3)]
        self.readers = nn.ModuleList()
        for count, given in zip(self.thirds, reversed(widths[-3:]), strict=True):
            leave = nn.Linear(told, count * width)
            nn.init.zeros_(leave.weight)
            nn.init.zeros_(leave.bias)
            self.readers.append(
                nn.Sequential(
                    nn.Conv2d(given, LOOKED_AT, 1),
                    nn.Flatten(),
                    nn.Linear(LOOKED_AT * READ**2, told),
                    nn.LeakyReLU(SLOPE),
                    leave,
                )
            )

    def forward(self, planes: Tensor) -> Tensor:
        """Return how far each row's style lies from the mean one, NxLxW.

        Args:
            planes: Nx3xSxS sRGB in [-1, 1].
        """
        features = []
        for step in self.steps:
            planes = step(planes)
            features.append(planes)
        read = [
            reader(functional.adaptive_avg_pool2d(seen, READ))
            for reader, seen in zip(self.readers, reversed(features[-3:]), strict=True)
        ]
        offsets = [
            values.reshape(-1, count, self.width)
            for values, count in zip(read, self.thirds, strict=True)
        ]
        return torch.cat(offsets, 1)


class PortraitGenerator(nn.Module):
    """A StyleGAN2 for portraits, and the encoder that was trained beside it.

    Portraits are aligned to the face template.
    """

    def __init__(
        self,
        side: int = SIDE,
        widest: int = WIDEST,
        width: int = WIDTH,
        encoder: Sequence[int] = WIDTHS,
    ) -> None:
        """Build both untrained.

        Args:
            side: Pixels of what is drawn, one of StyleGenerator's sizes.
            widest: The generator's channels at most.
            width: Numbers of a style.
            encoder: The encoder's channels.
        """
        super().__init__()
        self.generator = StyleGenerator(
            side,
            mapping_layers=MAPPING_LAYERS,
            channel_multiplier=MULTIPLIER,
            widest=widest,
            width=width,
        )
        self.encoder = StyleEncoder(self.generator.rows, width, encoder)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Answer the contract of `portrait_generator`.

        Args:
            image: NxSxSx3 uint8 sRGB, aligned to the face template.

        Returns:
            The same drawn again, NxSxSx3 uint8 sRGB, and the styles it was drawn by, NxLxW.
        """
        styles = self.styles(2 * to_planes(image) - 1)
        planes = self.generator.synthesize(styles).float().clamp(-1, 1)
        photo = ((planes.permute(0, 2, 3, 1) + 1) * 127.5 + 0.5).to(torch.uint8)
        return photo, styles

    def styles(self, planes: Tensor) -> Tensor:
        """Return the styles of pictures, NxLxW, for Nx3xSxS sRGB in [-1, 1]."""
        offsets: Tensor = self.encoder(planes)
        return self.generator.mean + offsets.float()
