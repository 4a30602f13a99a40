"""The bank of hair dyes: one generator for each found and wanted color, in one network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.dye_generator import (
    DyeGenerator,
    Shape,
    kept,
    kernels,
    paint,
    shifted,
    to_photo,
    to_planes,
)
from limner_models.networks.lab import srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    Lab = tuple[float, float, float]

NEAR: Final = 12.0
"""Distance in CIELAB at which a pixel counts as of another color than the class."""

SAY: Final = 0.005
"""What the class's prototype counts for, as a share of all places where hair may be."""


class PairGenerator(nn.Module):
    """Dyes hair of one color another; it can do nothing else."""

    found: Tensor
    wanted: Tensor

    def __init__(self, found: Lab, wanted: Lab, shape: Shape) -> None:
        """Build it untrained.

        Args:
            found: CIELAB that stands for the class it dyes.
            wanted: CIELAB that stands for the class it dyes to.
            shape: As that of the generator it may be folded from.
        """
        super().__init__()
        self.shape = shape
        self.kernels = nn.ParameterDict(kernels(shape))
        self.style = nn.Parameter(torch.zeros(shape.modulated))
        self.register_buffer("found", torch.tensor(found), persistent=False)
        self.register_buffer("wanted", torch.tensor(wanted), persistent=False)

    def fold(self, generator: DyeGenerator) -> None:
        """Become what a conditional generator is once told this pair's two colors.

        Of its style that is exact; its first guess starts from the color that the photo shows.
        """
        with torch.no_grad():
            for name, kernel in generator.kernels.items():
                self.kernels[name].copy_(kernel)
            self.style.copy_(generator.style(self.found[None], self.wanted[None])[0])

    def paint(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return the dyed, Nx3xHxW sRGB that may leave [0, 1], and the first guess at it."""
        count = len(planes)
        colors = color_read(planes, self.found), self.wanted.expand(count, -1)
        guess, share = shifted(planes, *colors), 1 - kept(*colors)
        style = self.style.expand(count, -1)
        return paint(planes, guess, share, self.kernels, style, self.shape), guess


class DyeBank(nn.Module):
    """Answers DYE_BANK: the generator of a pair is gathered by its index, then run.

    One network instead of many: a server keeps it loaded whole, and no pair waits for another.
    """

    def __init__(self, pairs: Sequence[tuple[Lab, Lab]], shape: Shape) -> None:
        """Build every generator untrained.

        Args:
            pairs: Colors found and wanted, in the order of the index.
            shape: Of each generator.
        """
        super().__init__()
        self.shape = shape
        self.generators = nn.ModuleList(
            PairGenerator(found, wanted, shape) for found, wanted in pairs
        )

    def forward(self, image: Tensor, pair: Tensor) -> Tensor:
        """Return NxHxWx3 float32 sRGB in [0, 1].

        Args:
            image: NxHxWx3 uint8 sRGB; H and W multiples of 4.
            pair: Nx1 uint8 index; the first decides for all.
        """
        index = pair[0].long()
        first = self.generators[0]
        gathered = {name: self._all(f"kernels.{name}")[index][0] for name in first.kernels}
        planes = to_planes(image)
        colors = color_read(planes, self._all("found")[index]), self._all("wanted")[index]
        guess, share = shifted(planes, *colors), 1 - kept(*colors)
        style = self._all("style")[index]
        return to_photo(paint(planes, guess, share, gathered, style, self.shape))

    def _all(self, name: str) -> Tensor:
        """Return one tensor of every generator, stacked in front."""
        return torch.stack([_inner(generator, name) for generator in self.generators])


def color_read(planes: Tensor, prototype: Tensor) -> Tensor:
    """Return what color the hair of a class seems to have in a photo, Nx3 CIELAB.

    A bank is told a class, not a color. What is like the class and lies where hair does is
    averaged, and what is like that average once more; the prototype has a say as well.

    Args:
        planes: Nx3xHxW sRGB in [0, 1], cut around hair; H and W multiples of 4.
        prototype: Nx3 or 3 CIELAB that stands for the class.

    Source: mean shift (Comaniciu and Meer, PAMI 2002), two steps of it.
    """
    lab = srgb_to_lab(functional.avg_pool2d(planes, 4))
    place = _likely(lab)
    found = prototype.reshape(-1, 3).expand(len(planes), -1)
    start = SAY * place.sum() * found
    for _ in range(2):
        apart = (lab - found[:, :, None, None]).square().sum(dim=1, keepdim=True)
        weight = place * torch.exp(-apart / (2 * NEAR**2))
        total = weight.sum(dim=(2, 3)) + SAY * place.sum()
        found = ((weight * lab).sum(dim=(2, 3)) + start) / total
    return found


def _likely(planes: Tensor) -> Tensor:
    """Return how likely hair is at each place of a crop around it, 1x1xHxW."""
    rows, columns = (
        torch.linspace(0, 1, extent, device=planes.device) for extent in planes.shape[2:]
    )
    down, across = ((rows - 0.35) / 0.35).square(), ((columns - 0.5) / 0.35).square()
    return torch.exp(-(down[:, None] + across[None]))[None, None]


def _inner(generator: nn.Module, name: str) -> Tensor:
    if name.startswith("kernels."):
        kernel: Tensor = generator.kernels[name.removeprefix("kernels.")]
        return kernel
    tensor: Tensor = getattr(generator, name)
    return tensor
