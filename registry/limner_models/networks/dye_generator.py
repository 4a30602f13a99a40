"""Networks that dye: a CycleGAN generator whose norms are told the color found and wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.lab import lab_to_srgb, srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Mapping

LAB_SCALE: Final = (100.0, 60.0, 60.0)
"""What CIELAB is divided by on its way in, so that hair lies within about [-1, 1]."""

FOG: Final = 50.0
"""How far below 0 the lightness lies at which hair would show no contrast; fitted to pairs."""

CONTRAST: Final = (0.5, 1.3)
"""Least and most that contrast changes by in the first guess."""

ROOM: Final = 0.7
"""Share of the way from the wanted lightness to white, or to black, that strands may take."""

LEAST_ROOM: Final = 8.0
"""In lightness, either way."""

CHROMA: Final = 0.35
"""Share of the differences in chroma that the first guess keeps; the median of rendered pairs."""

SAME: Final = 100.0
"""Square of the distance in CIELAB by which a picture counts as dyed, rather than kept."""

DILATIONS: Final = (1, 2, 4, 1)
"""Of the residual blocks; one look then spans 140 px of the input."""


@dataclass(frozen=True)
class Layer:
    """A convolution of the generator, with or without a norm that a code may modulate."""

    name: str
    entering: int
    leaving: int
    side: int
    """Pixels a side of the kernel."""
    normed: bool = True


@dataclass(frozen=True)
class Shape:
    """How large a generator is; from it follow all its tensors."""

    width: int = 16
    """Channels of the first layer at full resolution, counted as CycleGAN counts them."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every convolution, in the order in which their norms are modulated."""
        half, quarter = 2 * self.width, 4 * self.width
        blocks = (
            Layer(f"block{number}.{part}", quarter, quarter, 3)
            for number in range(len(DILATIONS))
            for part in ("first", "second")
        )
        return (
            Layer("stem", 24, half, 3),
            Layer("down", half, quarter, 3),
            *blocks,
            Layer("up", quarter, half, 1),
            Layer("merge", half, half, 3),
            Layer("mix", half + 6, half, 1),
            Layer("map", half, 12, 1, normed=False),
        )

    @property
    def modulated(self) -> int:
        """Numbers a style holds: a scale and a shift for every normed channel."""
        return 2 * sum(layer.leaving for layer in self.layers if layer.normed)


class DyeGenerator(nn.Module):
    """Dyes any hair any color, told both in CIELAB.

    Source: Zhu et al., Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial
        Networks, ICCV 2017. Theirs knows one pair of domains; here a code modulates the instance
        norms (Huang and Belongie, ICCV 2017), so one network knows all. It does not
        paint pixels but corrects a first guess by an affine map of color for every pixel:
        texture is the photo's own, and where nothing was learned the guess stands.
    """

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.kernels = nn.ParameterDict(kernels(shape))
        self.coder = nn.Sequential(
            nn.Linear(9, 64),
            nn.SiLU(),
            nn.Linear(64, 64),
            nn.SiLU(),
            nn.Linear(64, shape.modulated),
        )
        last = self.coder[-1]
        nn.init.normal_(last.weight, std=0.02)
        nn.init.zeros_(last.bias)
        self.register_buffer("scale", torch.tensor(LAB_SCALE), persistent=False)

    def forward(self, image: Tensor, found: Tensor, wanted: Tensor) -> Tensor:
        """Answer the contract of `dye_generator`.

        Args:
            image: NxHxWx3 uint8 sRGB, H and W multiples of 4.
            found: Nx3 float32 CIELAB of the hair as it is.
            wanted: Nx3 float32 CIELAB of the hair as it shall be.

        Returns:
            NxHxWx3 float32 sRGB in [0, 1].
        """
        dyed, _ = self.paint(to_planes(image), found, wanted)
        return to_photo(dyed)

    def paint(self, planes: Tensor, found: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Return the dyed, Nx3xHxW sRGB that may leave [0, 1], and the first guess at it."""
        guess, share = shifted(planes, found, wanted), 1 - kept(found, wanted)
        style = self.style(found, wanted)
        return paint(planes, guess, share, self.kernels, style, self.shape), guess

    def style(self, found: Tensor, wanted: Tensor) -> Tensor:
        """Return NxS: what the two colors make of the scales and shifts of all norms."""
        old, new = found / self.scale, wanted / self.scale
        style: Tensor = self.coder(torch.cat((old, new, new - old), dim=1))
        return style


def kernels(shape: Shape) -> dict[str, Tensor]:
    """Return freshly drawn weights and zero biases, by name; the last ones paint nothing."""
    drawn = {}
    for layer in shape.layers:
        weight = torch.empty(layer.leaving, layer.entering, layer.side, layer.side)
        nn.init.kaiming_normal_(weight, nonlinearity="relu")
        if layer.name == "map":
            weight *= 0.01
        drawn[weight_of(layer.name)] = weight
        if not layer.normed:
            drawn[bias_of(layer.name)] = torch.zeros(layer.leaving)
    return drawn


def weight_of(layer: str) -> str:
    return f"{layer.replace('.', '_')}_weight"


def bias_of(layer: str) -> str:
    return f"{layer.replace('.', '_')}_bias"


def shifted(planes: Tensor, found: Tensor, wanted: Tensor) -> Tensor:
    """Return the first guess at a dye: every pixel moved in CIELAB as the hair's mean moves.

    Light hair shows more contrast than dark hair, and most of what chroma varied in one color is
    not there in another.

    Args:
        planes: Nx3xHxW sRGB in [0, 1].
        found: Nx3 CIELAB of the hair.
        wanted: Nx3 CIELAB; where it is the color found, nothing is moved.

    Returns:
        Nx3xHxW sRGB in [0, 1]. What is no hair is moved as well.
    """
    old, new = found[:, :, None, None], wanted[:, :, None, None]
    contrast = ((new[:, :1] + FOG) / (old[:, :1].clamp_min(0) + FOG)).clamp(*CONTRAST)
    same = kept(found, wanted)
    chroma = CHROMA + (1 - CHROMA) * same
    lab = srgb_to_lab(planes) - old
    light = contrast * lab[:, :1]
    above = (ROOM * (100 - new[:, :1])).clamp_min(LEAST_ROOM)
    below = (ROOM * new[:, :1]).clamp_min(LEAST_ROOM)
    # highlights bend before they burn out; so do shadows before they drown
    bent = torch.where(
        light > 0, above * torch.tanh(light / above), below * torch.tanh(light / below)
    )
    moved = torch.cat((same * lab[:, :1] + (1 - same) * bent, chroma * lab[:, 1:]), dim=1) + new
    return lab_to_srgb(moved)


def kept(found: Tensor, wanted: Tensor) -> Tensor:
    """Return how much of a photo is to stay as it is, Nx1x1x1: all where nothing is to change."""
    distance = (wanted - found).square().sum(dim=1)
    return torch.exp(-distance / SAME)[:, None, None, None]


def paint(
    planes: Tensor,
    guess: Tensor,
    share: Tensor,
    kernels: Mapping[str, Tensor],
    style: Tensor,
    shape: Shape,
) -> Tensor:
    """Run a generator that is given as tensors, so that banks may gather theirs.

    Args:
        planes: Nx3xHxW float sRGB in [0, 1]; H and W multiples of 4.
        guess: The same, dyed as `shifted` does.
        share: Nx1x1x1 in [0, 1], of the correction; 0 answers with the guess.
        kernels: As the function of that name draws them.
        style: NxS, S as `shape.modulated`; zeros leave every norm plain.
        shape: Of the generator.

    Returns:
        Nx3xHxW sRGB, not clamped.
    """
    brush = Brush(kernels, _cut(style, shape))
    seen = 2 * torch.cat((planes, guess), dim=1) - 1
    fine = functional.relu(brush.conv("stem", functional.pixel_unshuffle(seen, 2)))
    coarse = functional.relu(brush.conv("down", fine, stride=2))
    for number, dilation in enumerate(DILATIONS):
        inner = functional.relu(brush.conv(f"block{number}.first", coarse, dilation=dilation))
        coarse = coarse + brush.conv(f"block{number}.second", inner, dilation=dilation)
    risen = functional.relu(doubled(brush.conv("up", coarse)) + fine)
    merged = functional.relu(brush.conv("merge", risen))
    mixed = brush.conv("mix", torch.cat((doubled(merged), seen), dim=1))
    change = brush.conv("map", functional.relu(mixed)).float()
    # a matrix and a vector for each pixel, as a change to the identity
    shift, *columns = change.split(3, dim=1)
    pulled = (column * seen[:, 3 + k : 4 + k] for k, column in enumerate(columns))
    return guess + 0.5 * share * (shift + sum(pulled, torch.zeros_like(shift)))


class Brush:
    """Convolves with named kernels, and norms with the named part of a style."""

    def __init__(
        self, kernels: Mapping[str, Tensor], styles: Mapping[str, tuple[Tensor, Tensor]]
    ) -> None:
        self._kernels = kernels
        self._styles = styles

    def conv(self, name: str, planes: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
        """Return NxCxHxW: padded by reflection, convolved and, where it has one, normed."""
        weight = self._kernels[weight_of(name)]
        if (margin := dilation * (weight.shape[-1] // 2)) > 0:
            planes = functional.pad(planes, (margin, margin, margin, margin), mode="reflect")
        bias = self._kernels[bias_of(name)] if name not in self._styles else None
        planes = functional.conv2d(planes, weight, bias, stride=stride, dilation=dilation)
        if name not in self._styles:
            return planes
        scale, shift = self._styles[name]
        return functional.instance_norm(planes) * (1 + scale) + shift


def to_planes(image: Tensor) -> Tensor:
    """Return Nx3xHxW float in [0, 1] of NxHxWx3 uint8."""
    return image.permute(0, 3, 1, 2).float() / 255


def to_photo(planes: Tensor) -> Tensor:
    """Return NxHxWx3 float clamped to [0, 1] of Nx3xHxW."""
    return planes.clamp(0, 1).permute(0, 2, 3, 1)


def _cut(style: Tensor, shape: Shape) -> dict[str, tuple[Tensor, Tensor]]:
    """Return scale and shift of each norm, NxCx1x1."""
    parts, start = {}, 0
    for layer in shape.layers:
        if layer.normed:
            end = start + 2 * layer.leaving
            scale, shift = style[:, start:end, None, None].chunk(2, dim=1)
            parts[layer.name] = (scale, shift)
            start = end
    return parts


def doubled(planes: Tensor) -> Tensor:
    """Return NxCxHxW at twice its height and width."""
    return functional.interpolate(planes, scale_factor=2, mode="bilinear", align_corners=False)
