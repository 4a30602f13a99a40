"""What a StyleGAN2 is made of: layers whose weights a style scales, and filters between sizes.

All are plain operations of torch with second derivatives. Weights are kept at unit deviation and
scaled when used, as published checkpoints keep them.

Source: Karras et al., Analyzing and Improving the Image Quality of StyleGAN, CVPR 2020.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

TAPS: Final = (1.0, 3.0, 3.0, 1.0)
"""The low-pass filter between sizes, along either axis; their sum is 8."""
GAIN: Final = math.sqrt(2)
"""Keeps the variance that a leaky rectifier takes."""
SLOPE: Final = 0.2
EPSILON: Final = 1e-8


class ScaledLinear(nn.Module):
    """A linear layer that learns at the same rate whatever its width."""

    def __init__(
        self, taken: int, given: int, *, rate: float = 1.0, bias: float = 0.0, bent: bool = False
    ) -> None:
        """Build it untrained.

        Args:
            taken: Numbers in.
            given: Numbers out.
            rate: How fast it learns, as a share of the other layers' rate, above 0.
            bias: Of every output at first.
            bent: Whether a leaky rectifier follows.
        """
        super().__init__()
        self.weight = nn.Parameter(torch.randn(given, taken) / rate)
        self.bias = nn.Parameter(torch.full((given,), bias / rate))
        self.scale = rate / math.sqrt(taken)
        self.rate = rate
        self.bent = bent

    def forward(self, values: Tensor) -> Tensor:
        """Return Nxgiven for Nxtaken."""
        made = functional.linear(values, self.weight * self.scale, self.bias * self.rate)
        return functional.leaky_relu(made, SLOPE) * GAIN if self.bent else made


class Modulated(nn.Module):
    """A convolution whose input channels a style scales.

    The scales are laid on the features rather than on the weights, which stay one set for the
    whole batch; the result is the same.
    """

    def __init__(
        self,
        taken: int,
        given: int,
        style: int,
        kernel: int,
        *,
        demodulated: bool = True,
        doubles: bool = False,
    ) -> None:
        """Build it untrained.

        Args:
            taken: Channels in.
            given: Channels out.
            style: Numbers of a style.
            kernel: Pixels a side, odd.
            demodulated: Whether outputs get back the unit variance that the style took.
            doubles: Whether the output has twice as many pixels a side, low-passed.
        """
        super().__init__()
        self.weight = nn.Parameter(torch.randn(given, taken, kernel, kernel))
        self.affine = ScaledLinear(style, taken, bias=1.0)
        self.scale = 1 / math.sqrt(taken * kernel**2)
        self.demodulated = demodulated
        self.doubles = doubles

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Return NxGxHxW, or NxGx2Hx2W, for NxTxHxW and NxS."""
        scales = self.affine(style)
        weight = self.weight * self.scale
        features = features * scales.to(features.dtype)[:, :, None, None]
        if self.doubles:
            features = functional.conv_transpose2d(features, weight.transpose(0, 1), stride=2)
            features = low_passed(features, before=1, after=1, gain=4.0)
        else:
            features = functional.conv2d(features, weight, padding=weight.shape[2] // 2)
        if not self.demodulated:
            return features
        power = scales.square() @ weight.square().sum((2, 3)).T
        return features * torch.rsqrt(power + EPSILON).to(features.dtype)[:, :, None, None]


class StyledConvolution(nn.Module):
    """A modulated convolution, noise, a bias and a leaky rectifier."""

    def __init__(
        self, taken: int, given: int, style: int, *, doubles: bool = False, clamp: float = math.inf
    ) -> None:
        """Build it untrained.

        Args:
            taken: Channels in.
            given: Channels out.
            style: Numbers of a style.
            doubles: Whether the output has twice as many pixels a side.
            clamp: Largest magnitude given on.
        """
        super().__init__()
        self.convolution = Modulated(taken, given, style, 3, doubles=doubles)
        self.strength = nn.Parameter(torch.zeros(()))
        self.bias = nn.Parameter(torch.zeros(given))
        self.clamp = clamp

    def forward(self, features: Tensor, style: Tensor, noise: Tensor) -> Tensor:
        """Return NxGxHxW for NxTxhxw, NxS and noise, Nx1xHxW or 1x1xHxW."""
        made = self.convolution(features, style)
        # where a part is computed in half precision all of it is, or it would take longer
        made = made + (self.strength * noise).to(made.dtype)
        made = made + self.bias.to(made.dtype)[:, None, None]
        made = functional.leaky_relu(made, SLOPE) * GAIN
        return made if math.isinf(self.clamp) else made.clamp(-self.clamp, self.clamp)


class ToRgb(nn.Module):
    """Reads colors off features."""

    def __init__(self, taken: int, style: int, *, clamp: float = math.inf) -> None:
        """Build it untrained.

        Args:
            taken: Channels in.
            style: Numbers of a style.
            clamp: Largest magnitude given on.
        """
        super().__init__()
        self.convolution = Modulated(taken, 3, style, 1, demodulated=False)
        self.bias = nn.Parameter(torch.zeros(3))
        self.clamp = clamp

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        """Return Nx3xHxW for NxTxHxW and NxS."""
        made: Tensor = self.convolution(features, style) + self.bias[:, None, None]
        return made if math.isinf(self.clamp) else made.clamp(-self.clamp, self.clamp)


def normalized(latent: Tensor) -> Tensor:
    """Return Nx512 with a mean square of 1 in each row."""
    return latent * torch.rsqrt(latent.square().mean(1, keepdim=True) + EPSILON)


def doubled(planes: Tensor) -> Tensor:
    """Return NxCx2Hx2W for NxCxHxW, zeros put between the pixels and low-passed."""
    count, channels, height, width = planes.shape
    wide = torch.stack((planes, torch.zeros_like(planes)), -1).reshape(
        count, channels, height, 2 * width
    )
    wide = torch.stack((wide, torch.zeros_like(wide)), -2).reshape(
        count, channels, 2 * height, 2 * width
    )
    return low_passed(wide, before=2, after=1, gain=4.0)


def low_passed(planes: Tensor, *, before: int, after: int, gain: float = 1.0) -> Tensor:
    """Return planes, NxCxHxW, filtered along both axes by `TAPS`.

    Args:
        planes: To be filtered.
        before: Zeros put above and to the left of them.
        after: Zeros put below and to the right; each axis ends 3 shorter than with all zeros.
        gain: That a constant is multiplied with.
    """
    channels = int(planes.shape[1])  # an exported filter has a fixed shape
    taps = planes.new_tensor(TAPS) * (math.sqrt(gain) / sum(TAPS))
    planes = functional.pad(planes, (before, after, before, after))
    across = functional.conv2d(planes, taps.expand(channels, 1, 1, -1), groups=channels)
    return functional.conv2d(across, taps[:, None].expand(channels, 1, -1, 1), groups=channels)
