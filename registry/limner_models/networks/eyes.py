"""Loss networks: what compares pictures by what they show rather than by their pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import Tensor, nn

from limner_models.networks.mobilenet import TAPS, MobileNetEncoder

if TYPE_CHECKING:
    from collections.abc import Mapping

MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)
"""Of ImageNet's photos, sRGB in [0, 1]."""

VGG19: Final = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512)
"""Channels of its convolutions up to conv5_1; 0 halves the picture."""
FIRSTS: Final = (1, 6, 11, 20, 29)
"""Places of relu1_1, 2_1, 3_1, 4_1 and 5_1 among the layers, which stand for style."""
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
    """VGG19 up to conv5_1, as JP7469738B2 and Gatys compare pictures.

    Source: Simonyan and Zisserman, Very Deep Convolutional Networks for Large-Scale Image
        Recognition, ICLR 2015; names as torchvision's `vgg19().features`.
    """

    def __init__(self, published: Mapping[str, Tensor]) -> None:
        """Look with published weights.

        Raises:
            RuntimeError: They are those of another network.
        """
        super().__init__()
        layers: list[nn.Module] = []
        taken = 3
        for given in VGG19:
            if given:
                layers += [nn.Conv2d(taken, given, 3, padding=1), nn.ReLU()]
                taken = given
            else:
                layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
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
