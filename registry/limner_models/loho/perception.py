"""Eyes of the search: networks whose features say what pictures have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.eyes import DEVIATION, MEAN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_models.networks.mobilenet import MobileNetEncoder
    from limner_models.networks.vgg import LpipsWeights, Vgg

FIRST: Final = 1
"""Place of relu1_1 among VGG16's layers."""
LEVELS: Final = (3, 8, 15, 22, 29)
"""Places of relu1_2, 2_2, 3_3, 4_3 and 5_3."""
STRUCTURE: Final = slice(3, 5)
"""Levels that stand for the structure of hair."""
STYLE: Final = slice(0, 4)
"""Levels whose Gram matrices stand for its strands; relu4_4, which JP7696438B2 names as the last,
is in VGG19 alone."""


class Seen(NamedTuple):
    """What an eye sees in one picture."""

    appearance: Tensor
    """1xCxHxW: the finest features."""
    levels: list[Tensor]
    """1xCxHxW each: five, the finest first."""


class Eye(Protocol):
    """Sees pictures."""

    @property
    def weights(self) -> Sequence[Tensor]:
        """How much each channel of each level counts where features are compared."""

    def __call__(self, planes: Tensor, *, raw: bool = False) -> Seen:
        """Return what there is in a picture, 1x3xSxS sRGB in [-1, 1].

        Where `raw` it is seen as it is, not brought to the range that the eye was trained for; the
        published weights of appearance and style are meant for that.
        """


class EncoderEye(nn.Module):
    """Our own eye: the encoder of the hair segmenter, which has seen photos and drawn heads.

    It sees the picture at twice its size, so that its finest features have a pixel for each of the
    picture's. Every level counts the same, and every channel of one.
    """

    def __init__(self, encoder: MobileNetEncoder) -> None:
        """Look with a trained encoder."""
        super().__init__()
        self.encoder = encoder

    @property
    def weights(self) -> list[Tensor]:
        """How much each channel of each level counts."""
        device = next(self.parameters()).device
        channels = self.encoder.channels
        return [torch.full((count,), 1 / len(channels), device=device) for count in channels]

    def forward(self, planes: Tensor, *, raw: bool = False) -> Seen:
        """Return the stem's features, and those at five strides."""
        larger = functional.interpolate(planes, scale_factor=2, mode="bilinear")
        first: Tensor = self.encoder.features[0](larger if raw else _as_imagenet(larger))
        return Seen(first, self.encoder.after_stem(first))


class Vgg16Eye(nn.Module):
    """VGG16 up to conv5_3, as LOHO and LPIPS compare pictures.

    Source: Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric,
        CVPR 2018, for the weights of channels.
    """

    def __init__(self, vgg: Vgg, lpips: LpipsWeights) -> None:
        """Look with VGG16, and weigh as LPIPS does."""
        super().__init__()
        self.vgg, self.lpips = vgg, lpips

    @property
    def weights(self) -> list[Tensor]:
        """How much each channel of each level counts."""
        return [weight.reshape(-1) for weight in self.lpips.state_dict().values()]

    def forward(self, planes: Tensor, *, raw: bool = False) -> Seen:
        """Return relu1_1, and relu1_2, 2_2, 3_3, 4_3 and 5_3."""
        found = []
        seen = planes if raw else _as_imagenet(planes)
        for layer in self.vgg.features[: LEVELS[-1] + 1]:
            seen = layer(seen)
            found.append(seen)
        return Seen(found[FIRST], [found[place] for place in LEVELS])


def _as_imagenet(planes: Tensor) -> Tensor:
    """Return planes in [-1, 1] as networks that were taught by ImageNet's photos take them."""
    mean, deviation = (planes.new_tensor(row)[:, None, None] for row in (MEAN, DEVIATION))
    return ((planes + 1) / 2 - mean) / deviation
