"""The generator of registered faces: one latent is a person, and every animal in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from limner_models.networks.animalizer import COATS, Told
from limner_models.networks.told import NUMBERS, numbers
from limner_registry.animals import TOLD

if TYPE_CHECKING:
    from collections.abc import Sequence

LATENT: Final = 64
"""Numbers of a latent."""
KINDS: Final = 1 + sum(COATS)
"""Of faces: a person's, then each animal's in each coat."""
WIDTHS: Final = (128, 128, 96, 64, 48, 24)
"""Channels at 4 pixels a side and each time twice as many, up to 128."""


class AnimalGenerator(nn.Module):
    """Draws a face of any kind from a latent that decides pose, expression, light and scene.

    It keeps a latent for each person it was taught by. What they have in common with their
    animals is in it, as all are drawn from the same one.

    Source: Bojanowski et al., Optimizing the Latent Space of Generative Networks, ICML 2018; what
        lies between the latents is judged as in Goodfellow et al., Generative Adversarial Nets,
        2014.
    """

    def __init__(self, people: int, widths: Sequence[int] = WIDTHS) -> None:
        """Build it untrained.

        Args:
            people: How many it is taught by.
            widths: Channels from 4 pixels a side on.
        """
        super().__init__()
        self.latents = nn.Embedding(people, LATENT)
        nn.init.normal_(self.latents.weight, std=0.5)
        self.register_buffer("known", torch.tensor(people))
        self.kinds = nn.Embedding(KINDS, LATENT)
        self.start = nn.Embedding(KINDS, widths[0] * 16)
        for each in (self.kinds, self.start):
            nn.init.normal_(each.weight, std=0.3)
        told = 2 * LATENT
        given = told + NUMBERS
        self.tell = nn.Sequential(nn.Linear(given, told), nn.ReLU(), nn.Linear(told, told))
        befores = (widths[0], *widths[:-1])
        self.steps = nn.ModuleList(
            Told(before, after, told) for before, after in zip(befores, widths, strict=True)
        )
        self.leave = nn.Conv2d(widths[-1], 3, 3, padding=1)
        self.point = nn.Sequential(nn.Linear(LATENT, 128), nn.ReLU(), nn.Linear(128, 2 * len(TOLD)))

    def forward(self, latent: Tensor, kind: Tensor) -> tuple[Tensor, Tensor]:
        """Answer the contract of `animal_generator`.

        Args:
            latent: NxLATENT float32, of about unit deviation.
            kind: Nx1 uint8, below KINDS.

        Returns:
            NxSxSx3 uint8 sRGB, and the person's points, Nx23x2 float32, shares of the side.
        """
        planes = self.draw(latent, kind[:, 0].long())
        photo = (planes.permute(0, 2, 3, 1) * 255 + 0.5).to(torch.uint8)
        return photo, self.points(latent)

    def draw(self, latent: Tensor, kind: Tensor, points: Tensor | None = None) -> Tensor:
        """Return Nx3xSxS sRGB in [0, 1] for NxLATENT and N int64.

        Args:
            latent: NxLATENT.
            kind: N int64.
            points: Where the person's points lie, Nx23x2 shares of the side; None asks the latent.
                A blink is a few pixels, from which alone it would hardly be learned.
        """
        if points is None:
            points = self.points(latent)
        told = self.tell(torch.cat((latent, numbers(points), self.kinds(kind)), 1))
        planes = self.start(kind).view(len(kind), -1, 4, 4)
        for index, step in enumerate(self.steps):
            if index:
                planes = functional.interpolate(planes, scale_factor=2, mode="nearest")
            planes = step(planes, told)
        return self.leave(planes).float().sigmoid()

    def points(self, latent: Tensor) -> Tensor:
        """Return where the person's points lie, Nx23x2, shares of the side."""
        return self.point(latent).float().view(-1, len(TOLD), 2) + 0.5

    def of_people(self, people: Tensor) -> Tensor:
        """Return the latents of people, NxLATENT, for N int64; no number is far out."""
        return 2 * (self.latents(people) / 2).tanh()

    def some(self, count: int) -> Tensor:
        """Return latents on the ways from some people to others, NxLATENT."""
        device = self.known.device
        ends = torch.randint(0, int(self.known), (2, count), device=device)
        start, end = self.of_people(ends[0]), self.of_people(ends[1])
        return start + torch.rand(count, 1, device=device) * (end - start)
