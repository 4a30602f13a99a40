"""How well people who do not exist go together with the animals in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.counterparts import KEYS
from limner_models.data.registered import EACH, Registered
from limner_models.networks.animal_generator import KINDS
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.animal_faces import SMALL, finished
from limner_models.recipes.animal_keypoints import ANIMAL_KEYPOINTS_RECIPE
from limner_models.recipes.animal_scores import CPU, correlation, kid, looks, openness
from limner_registry.animals import TOLD

if TYPE_CHECKING:
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Material, Recipe

COUNT = 4
"""People generated for each that is held out."""


def generated_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how well people who do not exist and their animals go together.

    What each score means, `scored_pairs` says.
    """
    network.eval()
    finder = finished(ANIMAL_KEYPOINTS_RECIPE, material, CPU)
    eye = MobileEye(state_of(MOBILENET, material.downloads)).eval()
    torch.manual_seed(recipe.seed)
    doing, person, seen = [], [], []
    with torch.inference_mode():
        for _ in range(max(1, COUNT * recipe.data.held_out // 8)):
            latent, kind = network.some(8), torch.randint(1, KINDS, (8, 1)).to(torch.uint8)
            human, points = network(latent, torch.zeros_like(kind))
            beast, _ = network(latent, kind)
            keys = finder(beast).numpy()
            doing += [openness(dict(zip(KEYS, each, strict=True))) for each in keys]
            person += [openness(dict(zip(TOLD, each, strict=True))) for each in points.numpy()]
            seen.append(looks(eye, torch.cat((to_planes(human), to_planes(beast)))))
        true = _drawn_looks(eye, recipe, material)
    found, wanted = np.array(doing), np.array(person)
    return {
        "eyes": correlation(found[:, :2].ravel(), wanted[:, :2].ravel()),
        "mouth": correlation(found[:, 2], wanted[:, 2]),
        "kid": 1 - float(np.clip(kid(torch.cat(seen), true), 0, 1)),
    }


def scored_pairs(recipe: Recipe, _material: Material) -> str:
    """Return for a card what generated pairs were scored on, and how."""
    return (
        f"{COUNT * recipe.data.held_out} people between those it was taught by, each with an "
        "animal: `eyes` and `mouth`, the correlation of how open they are in the animal, as "
        "`animal_keypoints` finds them, with the person's points; `kid`, one less the kernel "
        f"distance to {recipe.data.held_out} drawn people and their animals held out."
    )


def _drawn_looks(eye: nn.Module, recipe: Recipe, material: Material) -> Tensor:
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Registered(files, 1, SMALL)
    samples = [composer.sample(k // EACH, k % EACH) for k in range(EACH * len(files))]
    pictures = [np.stack([sample[name] for sample in samples]) for name in ("human", "beast")]
    return torch.cat([looks(eye, to_planes(torch.from_numpy(each))) for each in pictures])
