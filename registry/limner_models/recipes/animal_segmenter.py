"""The animal segmenter: taught by drawn alphas to cut animals' faces out of generated pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import Counterparts
from limner_models.losses.segmentation import tversky
from limner_models.networks.face_unets import FaceExtractor
from limner_models.recipes.animal_faces import DATA, SMALL, drawn_faces, moved, pairs, shown
from limner_models.recipes.recipe import Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contract import Contract
from limner_registry.tensors import Tensor as Named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from limner_models.recipes.recipe import Material

ANIMAL_SEGMENTER: Final = Contract(
    model="animal_segmenter",
    revision=1,
    inputs=(Named("image", "uint8", (SMALL, SMALL, 3), "sRGB, an animal's face in its crop"),),
    outputs=(Named("alpha", "float32", (SMALL, SMALL), "share of animal, in [0, 1]"),),
    max_batch=16,
)


class Cutting:
    """Trains a U-Net to tell an animal from what is behind it."""

    def __init__(self, network: FaceExtractor, device: torch.device) -> None:
        """Train `network`."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        }

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step."""
        both, _ = moved(torch.cat(shown(batch), 1))
        picture, alpha = both.split((3, 1), 1)
        with precision(self.device):
            found = self.network.scores(picture).float()
        losses = {
            "cross entropy": torch.nn.functional.binary_cross_entropy_with_logits(found, alpha),
            "overlap": tversky(found[:, 0].sigmoid(), alpha[:, 0]),
        }
        return descend(self.network, self.optimizers["adam"], losses)


def cutting(_recipe: Recipe, _material: Material, device: torch.device) -> Cutting:
    """Return the task, from scratch."""
    return Cutting(FaceExtractor(), device)


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how well animals that were never trained on are cut out.

    `iou` is the mean intersection over union; `alpha` one less the mean absolute error.
    """
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Counterparts(files, Backgrounds(material.backgrounds), 8)
    shares, errors = [], []
    for index in range(max(1, len(files) // 4)):
        arrays = composer(np.random.default_rng((recipe.seed, index)))
        batch = {name: torch.from_numpy(array) for name, array in arrays.items()}
        torch.manual_seed(index)
        picture, alpha = shown(batch)
        image = (picture.permute(0, 2, 3, 1) * 255 + 0.5).to(torch.uint8)
        with torch.inference_mode():
            found = network(image)
        both = torch.minimum(found, alpha[:, 0]).sum((1, 2))
        shares.append(both / torch.maximum(found, alpha[:, 0]).sum((1, 2)).clamp_min(1))
        errors.append((found - alpha[:, 0]).abs().mean((1, 2)))
    return {"iou": float(torch.cat(shares).mean()), "alpha": 1 - float(torch.cat(errors).mean())}


ANIMAL_SEGMENTER_RECIPE = Recipe(
    name="animal_segmenter",
    contract=ANIMAL_SEGMENTER,
    title="Animal segmenter: the share of animal in each pixel, for pairs that were generated",
    data=DATA,
    steps=1500,
    batch=8,
    rate=Rate(peak=2e-3, warmup=100, hold=0.3, last=0.01),
    network=FaceExtractor,
    task=cutting,
    sampler=pairs,
    scores=held_out_scores,
    examples=drawn_faces,
    limits=(
        "It was taught by drawn animals in the animalizer's crop; it knows no photo of an animal.",
    ),
)
