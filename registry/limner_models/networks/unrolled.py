"""Where on an animal's unrolled head pixels lie, and textures laid there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional

from limner_models.networks.told import AJAR, NUMBERS, numbers
from limner_registry.animals import ANCHORS, ANIMALS

if TYPE_CHECKING:
    from torch import Tensor

LATTICE: Final = 16
"""Nodes a side of the lattice that places are said for; between them they run smoothly."""

AROUND_EYES: Final = (-0.24, -0.06, 0.24, 0.26)
"""Left, top, right and bottom of what lies around the eyes, on the unrolled head."""
MIDDLE: Final = 0.02
"""As far from its middle, on the unrolled head, what is right and what is left run into another."""


class Placer(nn.Module):
    """Says from a person's points alone how an animal's head lies in the picture.

    It is small, sees no picture and has no other task: so it can be taught by many heads at once,
    and is exact to a few pixels before the rest has learned to draw.
    """

    def __init__(self, told: int) -> None:
        """Build it untrained.

        Args:
            told: Numbers that the points and the animal are condensed to.
        """
        super().__init__()
        self.species = nn.Embedding(len(ANIMALS), 32)
        self.tell = nn.Sequential(
            nn.Linear(NUMBERS + 32, told), nn.ReLU(), nn.Linear(told, told), nn.ReLU()
        )
        self.lattice = nn.Linear(told, 2 * LATTICE**2)
        self.anchor = nn.Linear(told, 2 * len(ANCHORS))
        for layer in (self.lattice, self.anchor):
            nn.init.normal_(layer.weight, std=1e-3)
            nn.init.zeros_(layer.bias)

    def forward(self, points: Tensor, animal: Tensor, side: int) -> tuple[Tensor, Tensor]:
        """Return places and anchors.

        Args:
            points: Nx23x2, shares of the side.
            animal: N int64.
            side: Pixels a side, S.

        Returns:
            Nx2xSxS, where on the unrolled head pixels lie, right and down, in about [-1, 1]; and
            Nx9x2, shares of the side.
        """
        with torch.autocast(points.device.type, enabled=False):  # a pixel is 1/512
            told = self.tell(torch.cat((numbers(points), self.species(animal)), 1))
            nodes = self.lattice(told).view(-1, 2, LATTICE, LATTICE)
            moved = functional.interpolate(
                nodes, size=(side, side), mode="bicubic", align_corners=True
            )
            anchors = self.anchor(told).view(-1, len(ANCHORS), 2) + 0.5
        return flat_place(moved) + moved, anchors


class Lids(nn.Module):
    """What lids show where they close: textures of each coat for around the eyes.

    They show as far as the eye of their side is shut. One is open most of the time and a few
    pixels high: by all else that is learned it would be drawn open always.
    """

    def __init__(self, kinds: int, planes: int, size: tuple[int, int]) -> None:
        """Build them so that they show nothing.

        Args:
            kinds: How many coats there are.
            planes: Of a texture.
            size: Height and width of a texture.
        """
        super().__init__()
        self.textures = nn.Parameter(torch.zeros(kinds, len(AJAR) * planes, *size))

    def forward(self, closed: Tensor, kind: Tensor, place: Tensor) -> Tensor:
        """Return what they add to a coat's texture, NxCxHxW.

        Args:
            closed: Nx2x2, as `shut` returns it.
            kind: N int64.
            place: Nx2xHxW, where on the unrolled head pixels lie.
        """
        across, down = place.detach().split(1, 1)
        left, top, right, bottom = AROUND_EYES
        near = torch.cat(
            (
                (2 * across - left - right) / (right - left),
                (2 * down - top - bottom) / (bottom - top),
            ),
            1,
        )
        textures = laid(self.textures[kind], near, beyond="zeros")
        on_left = (across / MIDDLE).sigmoid()
        by_right, by_left = closed[..., None, None].unbind(1)
        how = by_right + on_left * (by_left - by_right)
        return (textures.unflatten(1, (len(AJAR), -1)) * how[:, :, None]).sum(1)


def laid(pelts: Tensor, place: Tensor, beyond: str = "border") -> Tensor:
    """Return textures, NxCxHxW, as they look where pixels lie on them: NxCxhxw of Nx2xhxw.

    What is seen there teaches no place: fur looks alike wherever it lies.
    """
    grid = place.detach().permute(0, 2, 3, 1)
    return functional.grid_sample(
        pelts.float(), grid, mode="bilinear", padding_mode=beyond, align_corners=False
    )


def flat_place(like: Tensor) -> Tensor:
    """Return where pixels of Nx2xHxW would lie on the unrolled head were they spread evenly."""
    rows, columns = (
        (2 * torch.arange(side, device=like.device, dtype=like.dtype) + 1) / side - 1
        for side in like.shape[2:]
    )
    height, width = like.shape[2:]
    across = columns[None, :].expand(height, width)
    down = rows[:, None].expand(height, width)
    return torch.stack((across, down))[None].expand(like.shape[0], 2, height, width)
