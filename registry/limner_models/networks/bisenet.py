"""BiSeNet, as published to parse faces: says of each pixel which part of a face it shows."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class BiSeNet(nn.Module):
    """A ResNet18 that sees context, joined with its own finer features.

    Source: Yu et al., BiSeNet: Bilateral Segmentation Network for Real-time Semantic Segmentation,
        ECCV 2018; layers and names as face-parsing.PyTorch has them, without the two heads that
        only its training uses.
    """

    def __init__(self, classes: int) -> None:
        """Build it untrained for so many classes."""
        super().__init__()
        self.cp = Context()
        self.ffm = Fusion()
        self.conv_out = Head(classes)

    def forward(self, planes: Tensor) -> Tensor:
        """Return a score for each class and pixel, NxKxHxW.

        Args:
            planes: Nx3xHxW, normalized as ImageNet's; H and W at least 32.
        """
        fine, context = self.cp(planes)
        scores = self.conv_out(self.ffm(fine, context))
        return functional.interpolate(scores, planes.shape[2:], mode="bilinear", align_corners=True)


class Convolved(nn.Module):
    """A convolution, a norm and a rectifier."""

    def __init__(self, taken: int, given: int, kernel: int = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(taken, given, kernel, padding=kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(given)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxGxHxW for NxTxHxW."""
        return functional.relu(self.bn(self.conv(features)))


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, taken: int, given: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(taken, given, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(given)
        self.conv2 = nn.Conv2d(given, given, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(given)
        self.downsample = None
        if stride > 1 or taken != given:
            self.downsample = nn.Sequential(
                nn.Conv2d(taken, given, 1, stride, bias=False), nn.BatchNorm2d(given)
            )

    def forward(self, features: Tensor) -> Tensor:
        """Return NxGxhxw for NxTxHxW."""
        made = functional.relu(self.bn1(self.conv1(features)))
        made = self.bn2(self.conv2(made))
        beside = features if self.downsample is None else self.downsample(features)
        return functional.relu(beside + made)


class ResNet(nn.Module):
    """ResNet18 without its classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.layer1 = nn.Sequential(Block(64, 64, 1), Block(64, 64, 1))
        self.layer2 = nn.Sequential(Block(64, 128, 2), Block(128, 128, 1))
        self.layer3 = nn.Sequential(Block(128, 256, 2), Block(256, 256, 1))
        self.layer4 = nn.Sequential(Block(256, 512, 2), Block(512, 512, 1))

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return features at strides 8, 16 and 32."""
        seen = functional.relu(self.bn1(self.conv1(planes)))
        seen = self.layer1(functional.max_pool2d(seen, 3, 2, 1))
        eighth = self.layer2(seen)
        sixteenth = self.layer3(eighth)
        return eighth, sixteenth, self.layer4(sixteenth)


class Attention(nn.Module):
    """Weighs each channel by what there is of all in the whole picture."""

    def __init__(self, taken: int, given: int) -> None:
        super().__init__()
        self.conv = Convolved(taken, given)
        self.conv_atten = nn.Conv2d(given, given, 1, bias=False)
        self.bn_atten = nn.BatchNorm2d(given)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxGxHxW for NxTxHxW."""
        made: Tensor = self.conv(features)
        weights = self.bn_atten(self.conv_atten(made.mean((2, 3), keepdim=True)))
        return made * weights.sigmoid()


class Context(nn.Module):
    """Carries what the coarsest features say down to a stride of 8."""

    def __init__(self) -> None:
        super().__init__()
        self.resnet = ResNet()
        self.arm16 = Attention(256, 128)
        self.arm32 = Attention(512, 128)
        self.conv_head32 = Convolved(128, 128)
        self.conv_head16 = Convolved(128, 128)
        self.conv_avg = Convolved(512, 128, 1)

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return fine features and context, both Nx128xhxw at a stride of 8."""
        eighth, sixteenth, last = self.resnet(planes)
        whole = self.conv_avg(last.mean((2, 3), keepdim=True))
        coarse = functional.interpolate(self.arm32(last) + whole, sixteenth.shape[2:])
        middle = self.arm16(sixteenth) + self.conv_head32(coarse)
        return eighth, self.conv_head16(functional.interpolate(middle, eighth.shape[2:]))


class Fusion(nn.Module):
    """Joins fine features with their context."""

    def __init__(self) -> None:
        super().__init__()
        self.convblk = Convolved(256, 256, 1)
        self.conv1 = nn.Conv2d(256, 64, 1, bias=False)
        self.conv2 = nn.Conv2d(64, 256, 1, bias=False)

    def forward(self, fine: Tensor, context: Tensor) -> Tensor:
        """Return Nx256xhxw for two of Nx128xhxw."""
        made: Tensor = self.convblk(torch.cat((fine, context), 1))
        weights = self.conv2(functional.relu(self.conv1(made.mean((2, 3), keepdim=True))))
        return made * weights.sigmoid() + made


class Head(nn.Module):
    """Reads classes off features."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv = Convolved(256, 256)
        self.conv_out = nn.Conv2d(256, classes, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Return NxKxhxw for Nx256xhxw."""
        scores: Tensor = self.conv_out(self.conv(features))
        return scores
