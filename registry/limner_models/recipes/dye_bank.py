"""How the bank of dyes is trained: folded from the one generator, then as CycleGANs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.classed import Classed
from limner_models.data.drawn import draw_head
from limner_models.data.recolored import Recolored
from limner_models.losses.colors import (
    color_moment,
    gradient_structure,
    mean_lab,
    scaled_structure,
)
from limner_models.losses.gan import hair_alone, judged_false, judged_true, moved_and_cut
from limner_models.networks.discriminator import Discriminator
from limner_models.networks.dye_bank import DyeBank, PairGenerator
from limner_models.networks.dye_generator import Shape, to_planes
from limner_models.networks.lab import srgb_to_lab
from limner_models.recipes import dye_generator
from limner_models.recipes.dye_generator import DYE_GENERATOR_RECIPE, SHADES, outside, sure
from limner_models.recipes.dye_scores import dye_scores
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.starters import load_weights, weights_file
from limner_models.train import precision
from limner_registry.contracts import DYE_BANK
from limner_registry.hair_colors import DYE_PAIRS, HAIR_COLORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

MIDDLES: Final = {"brown": 1}
"""Which prototype stands for a class that has several, where it is not the first."""

MEASURED: Final = 60
"""Draws of two heads that the bank is measured on."""

EXACT: Final = 0.3
"""Share of the steps that learn from exact pairs; the rest never sees one."""

TRUE, JUDGED, CYCLE, IDENTITY = 4.0, 1.0, 10.0, 5.0
OUTSIDE, STRUCTURE, MOMENT = 0.5, 1.0, 1.0
"""Weights of the losses. The judge, the way back and the identity as CycleGAN has them."""


@dataclass(frozen=True)
class Side:
    """Photos of one class, and who dyes them."""

    generator: PairGenerator
    before: Tensor
    """Nx3xHxW sRGB in [0, 1]."""
    after: Tensor
    """The truth, for exact steps alone."""
    alpha: Tensor
    """Nx1xHxW in [0, 1]."""


class BankTask:
    """Trains the two generators of one pair a step; both ways at once."""

    def __init__(self, recipe: Recipe, network: DyeBank, device: torch.device) -> None:
        self.network = network.to(device)
        self.judge = Discriminator().to(device)
        self.modules: dict[str, nn.Module] = {"network": self.network, "judge": self.judge}
        judges = [{"params": [*self.judge.parameters()], "share": 1.0}]
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.Adam(self.network.parameters(), betas=(0.5, 0.99)),
            "judge": torch.optim.Adam(judges, betas=(0.5, 0.99)),
        }
        self._device = device
        self._exact = round(EXACT * recipe.steps)

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step of two generators, and of the judge of all."""
        sides = self._sides(batch)
        with precision(self._device):
            dyed, losses = self._dyed(sides, exact=step < self._exact)
        self._descend("network", torch.stack([*losses.values()]).sum())
        with precision(self._device):
            judged = self._judged(sides, dyed)
        self._descend("judge", judged)
        return {name: float(loss.detach()) for name, loss in (losses | {"judge": judged}).items()}

    def _sides(self, batch: Mapping[str, Tensor]) -> tuple[Side, Side]:
        first = 2 * int(batch["pair"][0])
        one, other = (
            Side(
                self.network.generators[first + way],
                to_planes(batch[f"{name}_before"]),
                to_planes(batch[f"{name}_after"]),
                batch[f"{name}_alpha"][:, None].float() / 255,
            )
            for way, name in enumerate(("one", "other"))
        )
        return one, other

    def _dyed(
        self, sides: tuple[Side, Side], *, exact: bool
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Return both sides dyed, and the generators' losses."""
        dyed, losses = [], {}
        for side, other, way in zip(sides, sides[::-1], ("forth", "back"), strict=True):
            picture, guess = side.generator.paint(side.before)
            dyed.append(picture)
            losses[f"{way} outside"] = OUTSIDE * outside(picture, guess, side.alpha)
            if exact:
                losses[f"{way} true"] = true_loss(picture, side)
            else:
                losses |= self._cycle(side, other.generator, picture, way)
        return [picture.detach() for picture in dyed], losses

    def _cycle(
        self, side: Side, other: PairGenerator, picture: Tensor, way: str
    ) -> dict[str, Tensor]:
        """Return what holds a dye where nobody knows the truth."""
        wanted = side.generator.wanted.expand(len(picture), -1)
        hair = 0.2 + side.alpha
        again, _ = other.paint(picture)
        # what has the wanted color already is to stay as it is
        kept, _ = other.paint(side.before)
        lab, source = srgb_to_lab(picture), srgb_to_lab(side.before)
        shown = moved_and_cut(hair_alone(picture, side.alpha))
        return {
            f"{way} judged": JUDGED * judged_true(self.judge(shown, wanted)),
            f"{way} cycle": CYCLE * ((again - side.before).abs() * hair).mean(),
            f"{way} identity": IDENTITY * ((kept - side.before).abs() * hair).mean(),
            f"{way} structure": STRUCTURE * scaled_structure(lab[:, :1], source[:, :1], side.alpha),
            f"{way} moment": MOMENT * color_moment(lab, wanted, sure(side.alpha)),
        }

    def _judged(self, sides: tuple[Side, Side], dyed: list[Tensor]) -> Tensor:
        """Return how badly the judge tells drawn from dyed hair, on both sides."""
        losses = []
        for side, other, picture in zip(sides, sides[::-1], dyed, strict=True):
            wanted = side.generator.wanted.expand(len(picture), -1)
            true = moved_and_cut(hair_alone(other.before, other.alpha))
            false = moved_and_cut(hair_alone(picture, side.alpha))
            losses += [
                judged_true(self.judge(true, wanted)),
                judged_false(self.judge(false, wanted)),
            ]
        return torch.stack(losses).mean()

    def _descend(self, name: str, loss: Tensor) -> None:
        for each in self.optimizers.values():
            each.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.modules[name].parameters(), 5.0)
        self.optimizers[name].step()


def true_loss(picture: Tensor, side: Side) -> Tensor:
    """Return how far a dye is from the truth, in color and in strands.

    The truth is moved to the middle of its class: which shade of a class a head was drawn in, and
    in what light, is nothing that a photo of the other class shows.
    """
    lab, true = srgb_to_lab(picture), srgb_to_lab(side.after)
    mean = mean_lab(true, sure(side.alpha))
    true = true + (side.generator.wanted - mean)[:, :, None, None]
    error = ((lab - true).abs().mean(dim=1, keepdim=True) * side.alpha).sum()
    color = TRUE * error / (20 * side.alpha.sum().clamp_min(1))
    return color + STRUCTURE * gradient_structure(lab[:, :1], true[:, :1], side.alpha)


def middle_of(name: str) -> tuple[float, float, float]:
    """Return the CIELAB that stands for a class."""
    return HAIR_COLORS[name][MIDDLES.get(name, 0)]


def build() -> DyeBank:
    """Return the untrained bank."""
    pairs = [(middle_of(found), middle_of(wanted)) for found, wanted in DYE_PAIRS]
    return DyeBank(pairs, Shape())


def folded(recipe: Recipe, _material: Material, device: torch.device) -> BankTask:
    """Return the task, every generator folded from the committed conditional one.

    Raises:
        CheckpointDamaged: There is no such starter, or it is damaged.
    """
    generator = dye_generator.build()
    load_weights(generator, weights_file(DYE_GENERATOR_RECIPE))
    bank = build()
    for pair in bank.generators:
        pair.fold(generator)
    return BankTask(recipe, bank, device)


def folded_from(_recipe: Recipe, _material: Material) -> tuple[Path, ...]:
    """Return the weights of the committed conditional generator."""
    return (weights_file(DYE_GENERATOR_RECIPE),)


def classed(recipe: Recipe, material: Material) -> Classed:
    """Return what composes the two sets a pair is trained on."""
    files = portraits.files(material.portraits, recipe.data.trained)
    backgrounds = Backgrounds(material.backgrounds)
    return Classed(Recolored(files, backgrounds, recipe.batch, dye_generator.SIZE), DYE_PAIRS[::2])


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near dyes come to the truth on classed heads that were never trained on."""
    files = portraits.files(material.portraits, recipe.data.measured)
    backgrounds = Backgrounds(material.backgrounds)
    composer = Recolored(files, backgrounds, 1, recipe.data.size)
    pairs = _held_out_pairs(Classed(composer, DYE_PAIRS[::2]), recipe.seed)

    def dye(photo: NDArray[np.uint8], pair: Mapping[str, NDArray[Any]]) -> NDArray[np.uint8]:
        inputs = (torch.from_numpy(photo)[None], torch.from_numpy(pair["pair"])[None])
        with torch.inference_mode():
            dyed = network(*inputs)[0].numpy()
        return np.asarray(255 * dyed + 0.5, np.uint8)

    return dye_scores(dye, pairs)


def _held_out_pairs(composer: Classed, seed: int) -> Iterator[dict[str, NDArray[Any]]]:
    """Give each way of MEASURED drawn pairs."""
    for index in range(MEASURED):
        batch = composer(np.random.default_rng((seed, index)))
        for way, side in enumerate(("one", "other")):
            pair = {name: batch[f"{side}_{name}"][0] for name in ("before", "after", "alpha")}
            yield pair | {"pair": (2 * batch["pair"] + way).astype(np.uint8)}


def drawn_dye() -> Arrays:
    """Return a brown head and the way to red, as golden inputs."""
    index = DYE_PAIRS.index(("brown", "red"))
    return {"image": draw_head(256)[None], "pair": np.array([[index]], np.uint8)}


DYE_BANK_RECIPE = Recipe(
    name="dye_bank",
    contract=DYE_BANK,
    title="Dye bank: a CycleGAN for each of ten pairs of hair colors",
    data=Drawings(count=1200, held_out=60, size=256, variants=SHADES),
    steps=2000,
    batch=4,
    rate=Rate(peak=2e-4, warmup=20, hold=0.5, last=0.05),
    network=build,
    task=folded,
    sampler=classed,
    scores=held_out_scores,
    examples=drawn_dye,
    seed=2,
    average=0.99,
    teachers=folded_from,
    limits=(
        "Each generator knows one found and one wanted class, and no shade in between.",
        "It is used under an alpha: what is no hair is colored too, and means nothing.",
        "It was taught by drawn hair alone; wet hair, braids and hats in the hair were not shown.",
    ),
    facts={
        "weights": f"{TRUE} {JUDGED} {CYCLE} {IDENTITY} {OUTSIDE} {STRUCTURE} {MOMENT}",
        "exact": f"{EXACT}",
    },
)
