"""Loss networks: what compares pictures by what they show rather than by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import Tensor, nn

from limner_models.networks.mobilenet import TAPS, MobileNetEncoder
from limner_models.networks.vgg import Vgg

if TYPE_CHECKING:
    from collections.abc import Mapping

MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)
"""Of ImageNet's photos, sRGB in [0, 1]."""

FIRSTS: Final = (1, 6, 11, 20, 29)
"""Places of relu1_1, 2_1, 3_1, 4_1 and 5_1 among VGG19's layers, which stand for style."""
CONTENT: Final = 22
"""Place of relu4_2, which stands for contents."""

Seen = tuple[Tensor, list[Tensor]]
"""Features that stand for what a picture shows, and those that stand for its style."""


class MobileEye(nn.Module):
    """The finer features of MobileNetV2, at strides 2, 4 and 8."""

    def __init__(self, published: Mapping[str, Tensor]) -> None:
        """Look with published weights."""
        super().__init__()
        self.encoder = MobileNetEncoder()
        self.encoder.load_published(published)
        self.encoder.features = self.encoder.features[: TAPS[2] + 1]

    def forward(self, planes: Tensor) -> Seen:
        """Return the features of Nx3xHxW sRGB in [0, 1]; the coarsest of them show contents."""
        features: list[Tensor] = self.encoder(_as_imagenet(planes))
        return features[2], features


class VggEye(nn.Module):
    """VGG19 up to relu5_1, as JP7469738B2 and Gatys compare pictures."""

    def __init__(self, published: Mapping[str, Tensor]) -> None:
        """Look with published weights.

        Raises:
            RuntimeError: They are those of another network.
        """
        super().__init__()
        self.features = Vgg(19, FIRSTS[-1] + 1).features
        mine = self.state_dict()
        self.load_state_dict({name: published[name] for name in mine if name in published})

    def forward(self, planes: Tensor) -> Seen:
        """Return relu4_2 and relu1_1 to relu5_1 of Nx3xHxW sRGB in [0, 1]."""
        found = []
        seen = _as_imagenet(planes)
        for layer in self.features:
            seen = layer(seen)
            found.append(seen)
        return found[CONTENT], [found[place] for place in FIRSTS]


def _as_imagenet(planes: Tensor) -> Tensor:
    mean, deviation = (planes.new_tensor(row)[:, None, None] for row in (MEAN, DEVIATION))
    return (planes - mean) / deviation
