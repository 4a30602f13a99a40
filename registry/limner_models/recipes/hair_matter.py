"""The hair matter: taught by exact alphas of drawn heads and of bundles of strands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.mattes import UNKNOWN, Mattes, composed, trimap_of
from limner_models.data.strands import draw_strands
from limner_models.losses.mattes import (
    composition_error,
    pyramid_error,
    to_unknown,
    unknown_error,
)
from limner_models.networks.matter import HairMatter, planes_of
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contracts import HAIR_MATTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

COMPOSITION, PYRAMID = 1.0, 0.5
"""Weights beside the plain error's 1."""


class Matting:
    """Trains a matter on crops whose alpha is known."""

    def __init__(self, network: HairMatter, device: torch.device) -> None:
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        }

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step."""
        with precision(self.device):
            alpha = self.network.matte(planes_of(batch["image"], batch["trimap"]))
        losses = matting_losses(alpha, batch)
        return descend(self.network, self.optimizers["adam"], losses)


def matting_losses(alpha: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what an alpha is held to, by name.

    Args:
        alpha: Nx1xHxW as the network answers, before it is clamped.
        batch: As `Mattes` composes it.
    """
    true = batch["alpha"][:, None].float() / 255
    contrast = batch["contrast"][:, None].float() / 255
    unknown = to_unknown(batch["trimap"])
    return {
        "alpha": unknown_error(alpha, true, unknown),
        "composition": COMPOSITION * composition_error(alpha, true, unknown, contrast),
        "pyramid": PYRAMID * pyramid_error(alpha, true, unknown),
    }


def matting(_recipe: Recipe, _material: Material, device: torch.device) -> Matting:
    """Return the task, from scratch."""
    return Matting(HairMatter(), device)


def crops(recipe: Recipe, material: Material) -> Mattes:
    """Return what composes the batches a matter is trained on."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Mattes(files, Backgrounds(material.backgrounds), recipe.batch)


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near alphas come on whole portraits that were never trained on.

    `alpha_unknown` is one less the mean absolute error over unknown pixels, `alpha_gain` one less
    that error over the error of taking the unknown for half hair.
    """
    files = portraits.files(material.portraits, recipe.data.measured)
    backgrounds = Backgrounds(material.backgrounds)
    errors, baseline, count = 0.0, 0.0, 0
    for index, file in enumerate(files):
        rng = np.random.default_rng((recipe.seed, index))
        image, trimap, true = composed(file, backgrounds, rng)
        with torch.inference_mode():
            pair = torch.from_numpy(image)[None], torch.from_numpy(trimap)[None]
            alpha = network(*pair)[0].numpy()
        unknown = trimap == UNKNOWN
        errors += float(np.abs(alpha - true)[unknown].sum())
        baseline += float(np.abs(0.5 - true)[unknown].sum())
        count += int(unknown.sum())
    return {"alpha_unknown": 1 - errors / count, "alpha_gain": max(0.0, 1 - errors / baseline)}


def drawn_strands() -> Arrays:
    """Return strands over a wall with their trimap, twice, as golden inputs."""
    samples = [_drawn(seed) for seed in (1, 2)]
    image, trimap = (np.stack(arrays) for arrays in zip(*samples, strict=True))
    return {"image": image, "trimap": trimap}


def _drawn(seed: int) -> tuple[NDArray[Any], NDArray[Any]]:
    size = HAIR_MATTER.inputs[0].shape[0]
    strands = draw_strands(np.random.default_rng(seed), size)
    wall = np.linspace(0.2, 0.6, size, dtype=np.float32)[:, None, None]
    light = strands.light + (1 - strands.alpha[..., None]) * wall
    image = (255 * np.clip(light, 0, 1) ** (1 / 2.2) + 0.5).astype(np.uint8)
    return image, trimap_of(strands.alpha, 300.0)


HAIR_MATTER_RECIPE = Recipe(
    name="hair_matter",
    contract=HAIR_MATTER,
    title="Hair matter: how much of each pixel is hair, given a trimap",
    data=Drawings(count=800, held_out=48, size=512),
    steps=9000,
    batch=8,
    rate=Rate(peak=1.5e-3, warmup=100, hold=0.3, last=0.01),
    network=HairMatter,
    task=matting,
    sampler=crops,
    scores=held_out_scores,
    examples=drawn_strands,
    limits=(
        "It decides only what the trimap leaves open: hair that it calls background stays lost.",
        "Its hair was drawn: wet hair, braids and motion blur were never shown to it.",
    ),
    facts={"composition": f"{COMPOSITION}", "pyramid": f"{PYRAMID}"},
)
