"""The animalizer taught without pairs, as a CycleGAN: the alternative to exact ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch import nn
from torch.nn import functional

from limner_models.losses.animals import Drawn
from limner_models.networks.animal_judge import AnimalJudge, hinged
from limner_models.networks.animal_keypoints import middles
from limner_models.networks.animalizer import COATS, Animalizer, Window
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.face_unets import UNet
from limner_models.recipes.animalizer import ANIMALIZER_RECIPE
from limner_models.recipes.animalizing import (
    inner,
    kind_of,
    parts_of,
    seen,
    some_window,
    which_animal,
)
from limner_models.recipes.recipe import composed_portraits, untaught
from limner_models.train import precision
from limner_registry.animals import TOLD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from limner_models.recipes.recipe import Material, Recipe

    Losses = dict[str, Tensor]

CYCLE, POINTS, JUDGED = 10.0, 10.0, 1.0
"""Weights of the way back, of the points found there, and of the judges."""
SLOWER: Final = 0.5
"""The judges' rate as a share of the network's."""


class Humanizer(nn.Module):
    """The way back: makes a person of an animal, and says where the person's points lie."""

    def __init__(self) -> None:
        super().__init__()
        self.net = UNet(3, 3 + len(TOLD))

    def forward(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return Nx3xHxW sRGB in [0, 1] and Nx23x2, shares of the side, for Nx3xHxW."""
        made = self.net(2 * planes - 1)
        return made[:, :3].sigmoid(), middles(made[:, 3:])


class Sides(NamedTuple):
    """Two sets of pictures that have nothing to do with each other."""

    person: Mapping[str, Tensor]
    """Photos and points, with the kinds that they shall become."""
    photo: Tensor
    """The photos at a quarter of full size, Nx3xHxW."""
    beast: Drawn
    """Other people's animals of those kinds, at full size."""


class Unpaired:
    """Trains an animalizer and its way back against judges, on pictures that are no pairs."""

    def __init__(self, network: Animalizer, device: torch.device) -> None:
        """Train `network`."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        kinds = sum(COATS)
        judges = {"coarse": AnimalJudge(kinds), "fine": AnimalJudge(kinds),
                  "human": AnimalJudge(1, planes=3)}  # fmt: skip
        self.judges = nn.ModuleDict(judges).to(device)
        self.back = Humanizer().to(device)
        self.modules: dict[str, nn.Module] = {
            "network": self.network,
            "back": self.back,
            "judges": self.judges,
        }
        both = [*self.network.parameters(), *self.back.parameters()]
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.Adam(both, betas=(0.5, 0.99)),
            "judges": torch.optim.Adam(
                [{"params": [*self.judges.parameters()], "share": SLOWER}], betas=(0.0, 0.99)
            ),
        }

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step of both ways, then of the judges."""
        side = self.network.shape.side // 2
        sides, window = unpaired(batch, side), some_window(side)
        with precision(self.device):
            losses, made = self._made(sides, window)
        values = self._descend("network", losses)
        with precision(self.device):
            judged = self._judged(sides, made, window)
        return values | self._descend("judges", judged)

    def _made(self, sides: Sides, window: Window) -> tuple[Losses, dict[str, Tensor]]:
        """Return losses of both ways around, and what the judges are to see."""
        person, kind = sides.person, kind_of(sides.person)
        parts = parts_of(self.network, person)
        coarse = Drawn.of_logits(parts.coarse)
        fine = Drawn.of_logits(self.network.fine(parts, which_animal(person), window))
        again, points = self.back(coarse.over(sides.photo))
        beast = sides.beast.smaller(sides.photo.shape[-1])
        human, told = self.back(beast.over(sides.photo))
        large = functional.interpolate(human, scale_factor=2, mode="bilinear")
        there = self.network.parts(large, told, which_animal(person), person["coat"][:, 0].long())
        returned = Drawn.of_logits(there.coarse)
        made = {"coarse": coarse.planes(), "fine": inner(fine).planes(), "human": human}
        losses = {
            "cycle": CYCLE * (again - sides.photo).abs().mean(),
            "points": POINTS * (points - person["points"]).abs().mean(),
            "cycle back": CYCLE * (returned.planes() - beast.planes()).abs().mean(),
        }
        for name, planes in made.items():
            said = torch.zeros_like(kind) if name == "human" else kind
            losses[f"judged {name}"] = -JUDGED * self.judges[name](planes, said).mean()
        return losses, {name: planes.detach() for name, planes in made.items()}

    def _judged(self, sides: Sides, made: dict[str, Tensor], window: Window) -> Losses:
        """Return how badly the judges tell what was made from what was drawn."""
        kind = kind_of(sides.person)
        true = {
            "coarse": sides.beast.smaller(sides.photo.shape[-1]).planes(),
            "fine": inner(seen(sides.beast, window)).planes(),
            "human": sides.photo,
        }
        losses = {}
        for name, judge in self.judges.items():
            said = torch.zeros_like(kind) if name == "human" else kind
            losses[f"judge {name}"] = hinged(judge(true[name], said), judge(made[name], said))
        return losses

    def _descend(self, name: str, losses: Losses) -> dict[str, float]:
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()
        for group in self.optimizers[name].param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], 5.0)
        self.optimizers[name].step()
        return {name: float(loss.detach()) for name, loss in losses.items()}


def unpaired(batch: Mapping[str, Tensor], side: int) -> Sides:
    """Return a batch of pairs taken apart: everybody is to become another's animal.

    Args:
        batch: As `Counterparts` composes it, of two or more.
        side: Pixels a side of small pictures.
    """
    other = {name: batch[name].roll(1, 0) for name in ("animal", "coat", "drawn")}
    photo = functional.interpolate(to_planes(batch["image"]), size=(side, side), mode="area")
    return Sides({**batch, **other}, photo, Drawn.of_bytes(other["drawn"]))


def cycling(_recipe: Recipe, _material: Material, device: torch.device) -> Unpaired:
    """Return the task, from scratch."""
    return Unpaired(Animalizer(), device)


def trained_on(recipe: Recipe, material: Material) -> str:
    """Return for a card that no pair was shown as one."""
    drawn = composed_portraits(recipe, material)
    return f"{drawn} People and animals were shown apart: no pair was used as one."


ANIMALIZER_UNPAIRED = replace(
    ANIMALIZER_RECIPE,
    name="animalizer_unpaired",
    title="Animalizer taught without pairs, as a CycleGAN, to compare exact pairs with",
    rate=replace(ANIMALIZER_RECIPE.rate, peak=3e-4),
    task=cycling,
    teachers=untaught,
    trained_on=trained_on,
    facts={"losses": f"{(CYCLE, POINTS, JUDGED, SLOWER)}"},
)
"""It is published as no starter."""
