"""Where an animal's eyes and mouth are: taught by drawn animals, to measure animalizers by."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn import functional

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import KEYS, Counterparts
from limner_models.losses.animals import astray
from limner_models.networks.animal_keypoints import AnimalKeypoints, middles
from limner_models.networks.told import eyes_among, spots
from limner_models.recipes.animal_faces import DATA, SMALL, drawn_faces, moved, pairs, shown
from limner_models.recipes.recipe import Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contract import Contract
from limner_registry.tensors import Tensor as Named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from limner_models.recipes.recipe import Material

ANIMAL_KEYPOINTS: Final = Contract(
    model="animal_keypoints",
    revision=1,
    inputs=(Named("image", "uint8", (SMALL, SMALL, 3), "sRGB, an animal's face in its crop"),),
    outputs=(Named("keys", "float32", (len(KEYS), 2), "shares of the side, in the order of KEYS"),),
    max_batch=16,
)

CORNERS: Final = (KEYS.index("eye_outer_r"), KEYS.index("eye_outer_l"))
"""What distances are measured by."""
POINTS, MAPS = 20.0, 1.0
"""Weights of the points themselves, and of the maps they are means of."""
LIDS = 4.0
"""How much more the lids' points count: how open an eye is, is a distance of few pixels."""


class Pointing:
    """Trains a network to find key points."""

    def __init__(self, network: AnimalKeypoints, device: torch.device) -> None:
        """Train `network`."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        }
        self._counts = torch.ones(len(KEYS), 1, device=device)
        for _, _, top, bottom in eyes_among(KEYS):
            self._counts[[top, bottom]] = LIDS

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step."""
        picture, _ = shown(batch)
        picture, keys = moved(picture, batch["keys"])
        with precision(self.device):
            scores = self.network.scores(picture).float()
        near = spots(keys, SMALL).flatten(2)
        near = near / near.sum(2, keepdim=True).clamp_min(1e-3)
        losses = {
            "points": POINTS * ((middles(scores) - keys).abs() * self._counts).mean(),
            "maps": MAPS * -(near * functional.log_softmax(scores.flatten(2), 2)).sum(2).mean(),
        }
        return descend(self.network, self.optimizers["adam"], losses)


def pointing(_recipe: Recipe, _material: Material, device: torch.device) -> Pointing:
    """Return the task, from scratch."""
    return Pointing(AnimalKeypoints(len(KEYS)), device)


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near key points are found on animals that were never trained on.

    `within_3pct` is the share of points within 3 % of the distance of the eyes' outer corners;
    `nearness` one less ten times the mean distance, at least 0.
    """
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Counterparts(files, Backgrounds(material.backgrounds), 8)
    away = []
    for index in range(max(1, len(files) // 4)):
        arrays = composer(np.random.default_rng((recipe.seed, index)))
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        torch.manual_seed(index)
        picture, _ = shown(batch)
        image = (picture.permute(0, 2, 3, 1) * 255 + 0.5).to(torch.uint8)
        with torch.inference_mode():
            away.append(astray(network(image), batch["keys"], CORNERS))
    distances = torch.cat(away)
    return {
        "within_3pct": float((distances < 0.03).float().mean()),
        "nearness": max(0.0, 1 - 10 * float(distances.mean())),
    }


ANIMAL_KEYPOINTS_RECIPE = Recipe(
    name="animal_keypoints",
    contract=ANIMAL_KEYPOINTS,
    title="Animal key points: where a drawn animal's eyes and mouth are",
    data=DATA,
    steps=2500,
    batch=8,
    rate=Rate(peak=2e-3, warmup=100, hold=0.3, last=0.01),
    network=partial(AnimalKeypoints, len(KEYS)),
    task=pointing,
    sampler=pairs,
    scores=held_out_scores,
    examples=drawn_faces,
    limits=(
        "It was taught by drawn animals in the animalizer's crop; it knows no photo of an animal.",
    ),
    facts={"losses": f"{(POINTS, MAPS, LIDS)}"},
)
