"""The composer: taught by drawn heads that lost their faces and get them back, converted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.composites import Composites
from limner_models.data.drawn import draw_head
from limner_models.losses.colors import scaled_structure
from limner_models.losses.composites import (
    border_error,
    choice_error,
    detail_error,
    found_error,
    mean_color_error,
    mean_over,
    zones_of,
)
from limner_models.losses.style import total_variation
from limner_models.networks.composer import Composer
from limner_models.networks.compositing import composited
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.lab import srgb_to_lab
from limner_models.recipes.composite_scores import held_out_scores
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contracts import COMPOSER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from limner_models.losses.composites import Zones
    from limner_models.recipes.recipe import Arrays, Material

PIXELS, DETAILS, BORDER, SCENE = 10.0, 2.0, 2.0, 20.0
"""Weights of what the picture is held to: its pixels, details, border, and what is behind."""
FOUND, CHOICE, SKIN, VARIATION = 1.0, 0.5, 2.0, 0.1
"""Weights of what masks and mean colors are held to."""
STRUCTURE = 1.0
"""Weight of another person's features, once those are laid in."""
CROSSED = 0.5
"""Share of the steps before another person's face counts for more than masks and scene."""
SIZES, OFTEN = (128, 256), (0.8, 0.2)
"""Pixels a side of batches, and how often: faces are as large when served as in the rarer ones."""


class Composing:
    """Trains a composer on pairs."""

    def __init__(self, network: Composer, steps: int, device: torch.device) -> None:
        """Train `network` for so many steps in all."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        }
        self._alone = round(CROSSED * steps)

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step."""
        losses = composing_losses(self.network, batch, crossed=step >= self._alone)
        return descend(self.network, self.optimizers["adam"], losses)


def composing_losses(
    network: Composer, batch: Mapping[str, Tensor], *, crossed: bool
) -> dict[str, Tensor]:
    """Return what a composer is held to, by name.

    Args:
        network: The composer.
        batch: As `Composites` composes it.
        crossed: Whether another person's face is to take the original's tone and keep its own
            features; else it teaches masks and scene alone.
    """
    original, converted = to_planes(batch["original"]), to_planes(batch["converted"])
    valid = (batch["valid"][:, None] >= 128).float()
    with precision(original.device):
        parts = network.parts(original, converted, valid)
    picture = composited(original, converted, parts.masks, parts.colors, parts.ring)
    zones = zones_of(batch)
    losses = picture_losses(picture, batch, zones)
    losses |= {
        "found": FOUND * found_error(parts.found, batch["face"], batch["skin"]),
        "original found": FOUND
        * found_error(parts.original_found, batch["original_face"], batch["original_skin"]),
        "choice": CHOICE * choice_error(parts.masks, zones),
        "variation": VARIATION * total_variation(parts.masks),
    }
    if crossed:
        losses |= crossed_losses(picture, batch, zones)
    return losses


def picture_losses(picture: Tensor, batch: Mapping[str, Tensor], zones: Zones) -> dict[str, Tensor]:
    """Return what a picture is held to where its truth is known, by name.

    Args:
        picture: Nx3xHxW sRGB, not clamped.
        batch: As `Composites` composes it.
        zones: Of the batch.
    """
    original, truth = to_planes(batch["original"]), to_planes(batch["truth"])
    same = 1 - batch["crossed"][:, :, None, None].float()
    skin = torch.minimum(batch["skin"], batch["original_skin"])[:, None].float() / 255
    return {
        "pixels": PIXELS * mean_over((picture - truth).abs(), zones.known),
        "details": DETAILS * detail_error(picture, truth, zones.known),
        "border": BORDER * border_error(picture, truth, zones.border * same * zones.known),
        "scene": SCENE * ((picture - original).abs() * zones.scene).mean(),
        "skin": SKIN * mean_color_error(picture, truth, skin * same),
    }


def crossed_losses(picture: Tensor, batch: Mapping[str, Tensor], zones: Zones) -> dict[str, Tensor]:
    """Return what another person's face is held to: the original's tone, and its own features."""
    crossed = batch["crossed"][:, :, None, None].float()
    skin, its_skin = (
        batch[name][:, None].float() / 255 * crossed for name in ("skin", "original_skin")
    )
    laid, source = (srgb_to_lab(each)[:, :1] for each in (picture, to_planes(batch["converted"])))
    tone = mean_color_error(picture, to_planes(batch["original"]), skin * zones.face, its_skin)
    kept = scaled_structure(laid, source, zones.face * crossed)
    return {"crossed tone": SKIN * tone, "crossed structure": STRUCTURE * kept}


def composing(recipe: Recipe, _material: Material, device: torch.device) -> Composing:
    """Return the task, from scratch."""
    return Composing(Composer(), recipe.steps, device)


def composer_apart() -> Composer:
    """Return an untrained composer with an encoder for each photo."""
    return Composer(shared=False)


def composing_apart(recipe: Recipe, _material: Material, device: torch.device) -> Composing:
    """Return its task, from scratch."""
    return Composing(composer_apart(), recipe.steps, device)


def pairs(recipe: Recipe, material: Material) -> Composites:
    """Return what composes the pairs that whoever composites is trained on."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Composites(files, Backgrounds(material.backgrounds), recipe.batch, SIZES, OFTEN)


def drawn_faces() -> Arrays:
    """Return a head and the same one darker and elsewhere, twice, as golden inputs."""
    heads = np.stack([draw_head(128, scale) for scale in (1.6, 1.4)])
    dark = (heads * np.array([0.7, 0.6, 0.5])).astype(np.uint8)
    valid = np.full(heads.shape[:3], 255, np.uint8)
    valid[1, :, 100:] = 0
    return {"original": heads, "converted": np.roll(dark, 1, 2), "valid": valid}


COMPOSER_RECIPE = Recipe(
    name="composer",
    contract=COMPOSER,
    title="Composer: lays a converted face into a photo, by masks and color maps",
    data=Drawings(count=800, held_out=48, size=512),
    steps=7000,
    batch=8,
    rate=Rate(peak=1.5e-3, warmup=100, hold=0.3, last=0.01),
    network=Composer,
    task=composing,
    sampler=pairs,
    scores=held_out_scores,
    examples=drawn_faces,
    limits=(
        "Both faces must be aligned to one template, in about the same pose: it moves nothing.",
        "It gives a face the original's light and color, not its expression, hair or outline.",
        "It was taught by drawn heads alone; hands and hair before a face were not shown.",
    ),
    facts={
        "losses": f"{(PIXELS, DETAILS, BORDER, SCENE, FOUND, CHOICE, SKIN, VARIATION, STRUCTURE)}",
        "crossed": f"{CROSSED}",
        "sizes": f"{SIZES} {OFTEN}",
    },
)

COMPOSER_APART = replace(
    COMPOSER_RECIPE,
    name="composer_apart",
    title="Composer with an encoder for each photo, to compare one shared by both with",
    network=composer_apart,
    task=composing_apart,
)
"""It computes as much and weighs more; it is published as no starter."""
