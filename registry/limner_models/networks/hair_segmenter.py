"""The hair segmenter: some encoder, the Tiramisu's decoder, four classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

from limner_models.networks.tiramisu import DenseDecoder

if TYPE_CHECKING:
    from torch import Tensor

CLASSES = ("background", "hair", "face", "body")
"""What the four maps are, in order."""

MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's photos, sRGB in [0, 1]: what a pretrained encoder was taught with."""


class HairSegmenter(nn.Module):
    """Answers HAIR_SEGMENTER: bytes of a head crop in, probabilities of four classes out."""

    mean: Tensor
    deviation: Tensor

    def __init__(self, encoder: nn.Module) -> None:
        """Take an encoder that gives features at five strides and says their `channels`."""
        super().__init__()
        self.encoder = encoder
        self.decoder = DenseDecoder(encoder.channels, len(CLASSES))
        for name, values in (("mean", MEAN), ("deviation", DEVIATION)):
            column = 255 * torch.tensor(values).reshape(1, 3, 1, 1)
            self.register_buffer(name, column, persistent=False)

    def forward(self, image: Tensor) -> Tensor:
        """Return probabilities, Nx4xHxW float32, for Nx HxWx3 uint8 sRGB."""
        return torch.softmax(self.logits(image).float(), 1)

    def logits(self, image: Tensor) -> Tensor:
        """Return the four classes' scores, Nx4xHxW, for NxHxWx3 uint8 sRGB."""
        maps, taps = self.features(image)
        scores: Tensor = self.decoder(maps, taps)
        return scores

    def features(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the normalized image, Nx3xHxW, and what its encoder sees in it."""
        maps = (image.permute(0, 3, 1, 2).float() - self.mean) / self.deviation
        return maps, self.encoder(maps)
