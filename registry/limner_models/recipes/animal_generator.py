"""The generator of pairs: taught to draw the same latent as a person and as an animal."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn import functional

from limner_models.data import portraits
from limner_models.data.counterparts import NECK
from limner_models.data.registered import Registered
from limner_models.losses.style import content_difference
from limner_models.networks.animal_generator import KINDS, LATENT, AnimalGenerator
from limner_models.networks.animal_judge import AnimalJudge, hinged
from limner_models.networks.animalizer import FIRSTS
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.animal_faces import DATA, SMALL
from limner_models.recipes.animal_generator_scores import generated_scores, scored_pairs
from limner_models.recipes.recipe import Rate, Recipe
from limner_models.train import precision
from limner_registry.animals import TOLD
from limner_registry.contract import Contract
from limner_registry.tensors import Tensor as Named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

    Losses = dict[str, Tensor]

ANIMAL_GENERATOR: Final = Contract(
    model="animal_generator",
    revision=1,
    inputs=(
        Named("latent", "float32", (LATENT,), "pose, expression, light, scene; unit deviation"),
        Named("kind", "uint8", (1,), "0 a person, then every animal's coats, as in ANIMALS"),
    ),
    outputs=(
        Named("picture", "uint8", (SMALL, SMALL, 3), "sRGB, a face in the animalizer's crop"),
        Named("points", "float32", (len(TOLD), 2), "shares of the side: the person's, as TOLD"),
    ),
    max_batch=16,
)

PIXELS, CONTENT, POINTS, JUDGED = 5.0, 1.0, 10.0, 0.1
"""Weights: pixels, what a loss network sees, the person's points, the judge."""
SMOOTH: Final = 2.0
"""Weight of the judge's gradient on what is true."""
LAZY: Final = 8
"""Steps of which one weighs that gradient, so many times as much."""
EVERY: Final = 2
"""Steps of which one has the judge."""


class Generating:
    """Trains the generator and its judge."""

    def __init__(
        self, network: AnimalGenerator, eye: nn.Module, people: int, device: torch.device
    ) -> None:
        """Train `network`.

        Args:
            network: What is trained.
            eye: A loss network; it does not change.
            people: How many it is taught by, at most those it was built for.
            device: Where.
        """
        self.device = device
        self.network = network.to(device)
        self.network.known.fill_(people)
        self.network.train()
        self.eye = eye.to(device).eval().requires_grad_(requires_grad=False)
        self.judge = AnimalJudge(KINDS, planes=3).to(device)
        self.modules: dict[str, nn.Module] = {"network": self.network, "judge": self.judge}
        latents = [self.network.latents.weight]
        others = [p for name, p in network.named_parameters() if name != "latents.weight"]
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.Adam(
                # a latent is seen once in an epoch
                [{"params": others, "share": 1.0}, {"params": latents, "share": 5.0}],
                betas=(0.5, 0.99),
            ),
            "judge": torch.optim.Adam(
                [{"params": [*self.judge.parameters()], "share": 0.5}], betas=(0.0, 0.99)
            ),
        }

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step: exact pairs, and every other time what lies between them."""
        kinds = beast_kind(batch)
        latent = self.network.of_people(batch["person"])
        with precision(self.device):
            losses = self._exact(batch, latent, kinds)
            if step % EVERY:
                return self._descend("network", losses)
            free, which = self._between(len(kinds), kinds)
            losses["judged"] = -JUDGED * self.judge(free, which).mean()
        values = self._descend("network", losses)
        true = torch.cat((to_planes(batch["human"]), to_planes(batch["beast"])))
        with precision(self.device):
            scores = self.judge(true, which), self.judge(free.detach(), which)
            judge = {"judge": hinged(*scores)}
        if step % LAZY == 0:
            judge["smooth"] = SMOOTH * LAZY * self._gradient(true, which)
        return values | self._descend("judge", judge)

    def _exact(self, batch: Mapping[str, Tensor], latent: Tensor, kinds: Tensor) -> Losses:
        """Return how far persons and animals of known latents are from the true ones."""
        true = torch.cat((to_planes(batch["human"]), to_planes(batch["beast"])))
        both = torch.cat((latent, latent)), torch.cat((torch.zeros_like(kinds), kinds))
        drawn = self.network.draw(*both, torch.cat((batch["points"], batch["points"])))
        return {
            "pixels": PIXELS * (drawn - true).abs().mean(),
            "content": CONTENT * content_difference(self.eye(drawn)[0], self.eye(true)[0]),
            "points": POINTS * (self.network.points(latent) - batch["points"]).abs().mean(),
        }

    def _between(self, count: int, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Return people who do not exist, then animals in their place, and their kinds."""
        latent = self.network.some(count)
        which = torch.cat((torch.zeros_like(kinds), kinds))
        return self.network.draw(torch.cat((latent, latent)), which), which

    def _gradient(self, true: Tensor, which: Tensor) -> Tensor:
        """Return the mean square of the judge's gradient on true pictures.

        Source: Mescheder et al., Which Training Methods for GANs do actually Converge, ICML 2018.
        """
        seen = true.detach().requires_grad_(requires_grad=True)
        score = self.judge(seen, which).sum()
        (slope,) = torch.autograd.grad(score, seen, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean() / (seen.shape[-1] ** 2)

    def _descend(self, name: str, losses: Losses) -> dict[str, float]:
        for optimizer in self.optimizers.values():
            optimizer.zero_grad(set_to_none=True)
        torch.stack([*losses.values()]).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.modules[name].parameters(), 5.0)
        self.optimizers[name].step()
        return {name: float(loss.detach()) for name, loss in losses.items()}


class Generated:
    """Gives pairs of people who do not exist: the patent's second animal-style samples."""

    def __init__(self, generator: AnimalGenerator, segmenter: nn.Module, side: int) -> None:
        """Take two trained networks.

        Args:
            generator: Draws people and animals.
            segmenter: Cuts the animals out; what was behind them is replaced by what is behind
                the person.
            side: Pixels a side of the person's photo.
        """
        self.generator, self.segmenter, self.side = generator, segmenter, side

    def __call__(self, count: int) -> dict[str, Tensor]:
        """Return a batch as `Counterparts` names it; `drawn` has the generator's own size."""
        with torch.no_grad():
            return self._pairs(count)

    def _pairs(self, count: int) -> dict[str, Tensor]:
        device = self.generator.known.device
        latent = self.generator.some(count)
        kind = torch.randint(1, KINDS, (count,), device=device)
        human = self.generator.draw(latent, torch.zeros_like(kind))
        beast, points = self.generator.draw(latent, kind), self.generator.points(latent)
        alpha = self.segmenter.scores(beast).sigmoid() * kept(points, beast.shape[-1])
        image = functional.interpolate(human, size=(self.side, self.side), mode="bilinear")
        firsts = torch.tensor(FIRSTS, device=device)
        animal = torch.searchsorted(firsts, kind - 1, right=True) - 1
        return {
            "image": _to_bytes(image),
            "points": points,
            "animal": animal[:, None].to(torch.uint8),
            "coat": (kind - 1 - firsts[animal])[:, None].to(torch.uint8),
            "drawn": _to_bytes(torch.cat((beast, alpha), 1)),
        }


def kept(points: Tensor, side: int) -> Tensor:
    """Return how much of an animal is kept above and below a person's chin, Nx1xSx1."""
    chin = points[:, list(TOLD).index("chin"), 1, None]
    down = (torch.arange(side, device=points.device) + 0.5) / side
    share = (1 - (down - chin - NECK[0]) / (NECK[1] - NECK[0])).clamp(0, 1)
    return (share * share * (3 - 2 * share))[:, None, :, None]


def beast_kind(batch: Mapping[str, Tensor]) -> Tensor:
    """Return the kinds of a batch's animals, N int64."""
    firsts = torch.tensor(FIRSTS, device=batch["animal"].device)
    return 1 + firsts[batch["animal"][:, 0].long()] + batch["coat"][:, 0].long()


def _to_bytes(planes: Tensor) -> Tensor:
    return (planes.clamp(0, 1) * 255 + 0.5).permute(0, 2, 3, 1).to(torch.uint8)


def generating(recipe: Recipe, material: Material, device: torch.device) -> Generating:
    """Return the task, from scratch."""
    eye = MobileEye(state_of(MOBILENET, material.downloads))
    return Generating(AnimalGenerator(DATA.count), eye, recipe.data.count, device)


def registered(recipe: Recipe, material: Material) -> Registered:
    """Return what composes registered faces."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Registered(files, recipe.batch, SMALL)


def drawn_latents() -> Arrays:
    """Return two latents, for a person and for a cat, as golden inputs."""
    latents = np.random.default_rng(0).normal(0, 1, (2, LATENT))
    return {"latent": latents.astype(np.float32), "kind": np.array([[0], [1]], np.uint8)}


ANIMAL_GENERATOR_RECIPE = Recipe(
    name="animal_generator",
    contract=ANIMAL_GENERATOR,
    title="Animal generator: a person, and any animal in its place, from one latent",
    data=DATA,
    steps=3000,
    batch=8,
    rate=Rate(peak=1e-3, warmup=100, hold=0.5, last=0.05),
    network=partial(AnimalGenerator, DATA.count),
    task=generating,
    sampler=registered,
    scores=generated_scores,
    scored_on=scored_pairs,
    examples=drawn_latents,
    average=0.999,
    limits=("It knows what lies between the people it was taught by, and little beyond.",),
    facts={"losses": f"{(PIXELS, CONTENT, POINTS, JUDGED, SMOOTH, LAZY, EVERY)}"},
)
