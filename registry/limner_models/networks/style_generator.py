"""StyleGAN2's generator: draws pictures from styles, row by row and size by size."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn

from limner_models.networks.style_layers import (
    ScaledLinear,
    StyledConvolution,
    ToRgb,
    doubled,
    normalized,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SIZES: Final = (32, 64, 128, 256, 512, 1024)
"""Pixels a side that a generator can have."""
MAPPING_RATE: Final = 0.01
"""How fast the mapping learns, as a share of the other layers' rate."""
BASE: Final = 16384
"""Channels times pixels a side, where a generator's width is not bounded; times the multiplier."""
SAMPLES: Final = 10_000
"""Latents that a mean style is taken of."""
AT_ONCE: Final = 1000


class StyleGenerator(nn.Module):
    """Draws pictures from latents, by way of styles.

    A latent is mapped to a style, and each of the `rows` is told one. Two layers and one that reads
    colors belong to each size but the first, which has one layer; colors are read by the style
    that the next size begins with. Noise is laid on each layer: the buffers `noise_0` and on,
    unless there is other. `mean` is the style in the middle of all.

    Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020, with
        skip connections to the colors; published checkpoints run once their names are mapped.
    """

    mean: Tensor

    def __init__(
        self,
        size: int,
        *,
        mapping_layers: int = 8,
        channel_multiplier: float = 2.0,
        widest: int = 512,
        width: int = 512,
        clamp: float = math.inf,
    ) -> None:
        """Build it untrained.

        Args:
            size: Pixels a side, one of SIZES.
            mapping_layers: From latent to style, at least 1.
            channel_multiplier: Channels where they are not bounded: 16384 / side times this.
            widest: Channels at most.
            width: Numbers of a latent, and of a style.
            clamp: Largest magnitude of features, as networks trained in half precision have it.

        Raises:
            ValueError: There is no generator of that size.
        """
        super().__init__()
        if size not in SIZES:
            raise ValueError(f"a generator has {', '.join(map(str, SIZES))} pixels a side")
        self.size, self.width = size, width
        sides = [1 << power for power in range(2, size.bit_length())]
        widths = [min(widest, int(BASE * channel_multiplier / side)) for side in sides]
        self.mapping = nn.Sequential(
            *(
                ScaledLinear(width, width, rate=MAPPING_RATE, bent=True)
                for _ in range(mapping_layers)
            )
        )
        self.start = nn.Parameter(torch.randn(1, widths[0], 4, 4))
        self.layers = nn.ModuleList([StyledConvolution(widths[0], widths[0], width, clamp=clamp)])
        self.colors = nn.ModuleList([ToRgb(widths[0], width, clamp=clamp)])
        for taken, given in pairwise(widths):
            self.layers.append(StyledConvolution(taken, given, width, doubles=True, clamp=clamp))
            self.layers.append(StyledConvolution(given, given, width, clamp=clamp))
            self.colors.append(ToRgb(given, width, clamp=clamp))
        self.noise_sizes = (4, *(side for side in sides[1:] for _ in range(2)))
        """Pixels a side of the noise for each layer."""
        self.rows = 2 * len(sides)
        """Styles that a picture is drawn by."""
        for index, side in enumerate(self.noise_sizes):
            self.register_buffer(f"noise_{index}", torch.randn(1, 1, side, side))
        self.register_buffer("mean", torch.zeros(width))

    @property
    def noises(self) -> list[Tensor]:
        """The noise that came with the weights, 1x1xRxR for each of `noise_sizes`."""
        return [getattr(self, f"noise_{index}") for index in range(len(self.noise_sizes))]

    def forward(self, latent: Tensor) -> Tensor:
        """Return pictures, Nx3xSxS, as `synthesize` draws them, for latents, NxW."""
        return self.synthesize(self.map(latent)[:, None].expand(-1, self.rows, -1))

    def map(self, latent: Tensor) -> Tensor:
        """Return a style for each latent of unit deviation, NxW."""
        style: Tensor = self.mapping(normalized(latent))
        return style

    def synthesize(self, styles: Tensor, noises: Sequence[Tensor] | None = None) -> Tensor:
        """Return pictures, Nx3xSxS sRGB, from about -1, black, to 1, white; they are not clamped.

        Args:
            styles: NxLxW, one for each of `rows`.
            noises: Nx1xRxR or 1x1xRxR for each of `noise_sizes`; None takes `noises`.
        """
        noises = self.noises if noises is None else noises
        first, colors = self.layers[0], self.colors[0]
        features = first(self.start.expand(styles.shape[0], -1, -1, -1), styles[:, 0], noises[0])
        picture: Tensor = colors(features, styles[:, 1])
        for index, colors in enumerate(self.colors[1:]):
            row = 2 * index + 1
            features = self.layers[row](features, styles[:, row], noises[row])
            features = self.layers[row + 1](features, styles[:, row + 1], noises[row + 1])
            picture = doubled(picture) + colors(features, styles[:, row + 2])
        return picture

    def fresh_noises(self, count: int) -> list[Tensor]:
        """Return noise of unit deviation, Nx1xRxR for each of `noise_sizes`, by torch's generator.

        Args:
            count: Pictures that it is for.
        """
        return [self.start.new_empty(count, 1, side, side).normal_() for side in self.noise_sizes]

    def mean_style(self, count: int = SAMPLES, seed: int = 0) -> tuple[Tensor, Tensor]:
        """Return the mean style, W, and how far styles lie from it in the root mean square.

        Args:
            count: Latents that are mapped, at least 1.
            seed: Decides the latents, on any device the same.
        """
        generator = torch.Generator().manual_seed(seed)
        latents = torch.randn(count, self.width, generator=generator)
        device = self.start.device
        with torch.no_grad():
            styles = torch.cat([self.map(part.to(device)) for part in latents.split(AT_ONCE)])
        mean = styles.mean(0)
        return mean, (styles - mean).square().sum(1).mean().sqrt()
