"""Where on an animal's unrolled head pixels lie, and textures laid there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional

from limner_models.networks.told import NUMBERS, numbers
from limner_registry.animals import ANCHORS, ANIMALS

if TYPE_CHECKING:
    from torch import Tensor

LATTICE: Final = 16
"""Nodes a side of the lattice that places are said for; between them they run smoothly."""


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


def laid(pelts: Tensor, place: Tensor) -> Tensor:
    """Return textures, NxCxHxW, as they look where pixels lie on them: NxCxhxw of Nx2xhxw.

    What is seen there teaches no place: fur looks alike wherever it lies.
    """
    grid = place.detach().permute(0, 2, 3, 1)
    return functional.grid_sample(
        pelts.float(), grid, mode="bilinear", padding_mode="border", align_corners=False
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
