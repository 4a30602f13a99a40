"""MobileNetV2 as an encoder: the features of a network that has seen ImageNet's photos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from torch import Tensor

STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2),
          (6, 320, 1, 1))  # fmt: skip
"""Expansion, channels, blocks and stride of each stage, as published."""

TAPS = (1, 3, 6, 13, 17)
"""Blocks whose outputs are given: the last at each of the strides 2, 4, 8, 16 and 32."""

FROZEN_BLOCKS = 4
"""Blocks, counted from the image, that keep ImageNet's weights."""


class MobileNetEncoder(nn.Module):
    """Gives features at strides 2, 4, 8, 16 and 32 of an Nx3xHxW image, normalized as ImageNet's.

    The statistics of its normalizations never change, and neither do its first blocks: a few
    thousand drawn heads would only unlearn what photos taught.

    Source: Sandler et al., MobileNetV2, CVPR 2018; the classifier's last layer is left out.
    """

    channels = (16, 24, 32, 96, 320)
    """Of the features, from the finest."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_convolved(3, 32, stride=2)]
        taken = 32
        for expansion, given, count, stride in STAGES:
            for index in range(count):
                blocks.append(
                    InvertedResidual(taken, given, stride if index == 0 else 1, expansion)
                )
                taken = given
        self.features = nn.Sequential(*blocks)
        for block in blocks[:FROZEN_BLOCKS]:
            block.requires_grad_(requires_grad=False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features, finest first."""
        return self.after_stem(self.features[0](image))

    def after_stem(self, features: Tensor) -> list[Tensor]:
        """Return the features, finest first, from what the first block has made of an image."""
        taps = []
        for index, block in enumerate(self.features[1:], 1):
            features = block(features)
            if index in TAPS:
                taps.append(features)
        return taps

    def train(self, mode: bool = True) -> Self:  # noqa: FBT001, FBT002
        """Set the mode, but keep the statistics of all normalizations."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def load_published(self, state: Mapping[str, Tensor]) -> None:
        """Take over published weights; what belongs to the classifier is left out.

        Raises:
            RuntimeError: They are those of another network.
        """
        mine = {
            name: tensor
            for name, tensor in state.items()
            if name.startswith("features.") and not name.startswith("features.18.")
        }
        self.load_state_dict(mine)


class InvertedResidual(nn.Module):
    """Widens, filters each channel alone, narrows; adds its input where the sizes allow."""

    def __init__(self, taken: int, given: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = taken * expansion
        layers = [] if expansion == 1 else list(_convolved(taken, wide, kernel=1))
        layers += list(_convolved(wide, wide, stride=stride, groups=wide))
        layers += [nn.Conv2d(wide, given, 1, bias=False), nn.BatchNorm2d(given)]
        self.conv = nn.Sequential(*layers)
        self.adds = stride == 1 and taken == given

    def forward(self, features: Tensor) -> Tensor:
        """Return features of the block's own width and stride."""
        made: Tensor = self.conv(features)
        return features + made if self.adds else made


def _convolved(
    taken: int, given: int, kernel: int = 3, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    convolution = nn.Conv2d(taken, given, kernel, stride, kernel // 2, groups=groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(given), nn.ReLU6(inplace=True))
