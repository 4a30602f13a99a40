"""The conventional chain: a network each for finding faces, correcting colors, and blending.

All three are trained on the composer's own pairs. Those that get masks are shown true ones with
their outlines a little off, as an extractor would find them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from limner_models.data.drawn import draw_head
from limner_models.losses.colors import scaled_structure
from limner_models.losses.composites import (
    border_error,
    detail_error,
    dilated,
    eroded,
    mean_color_error,
    mean_over,
    zones_of,
)
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.face_unets import BackgroundBlender, ColorCorrector, FaceExtractor
from limner_models.networks.lab import srgb_to_lab
from limner_models.recipes.composer import OFTEN, SIZES, pairs
from limner_models.recipes.conventional_scores import blended_scores, corrected_scores, found_scores
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contracts import BACKGROUND_BLENDER, COLOR_CORRECTOR, FACE_EXTRACTOR

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor

    from limner_models.recipes.recipe import Arrays, Material

    Batch = Mapping[str, Tensor]
    Losses = Callable[[nn.Module, Batch], dict[str, Tensor]]

PIXELS, DETAILS, BORDER, SCENE, SKIN, STRUCTURE = 10.0, 2.0, 2.0, 20.0, 2.0, 1.0
"""Weights of the losses, as the composer's."""
OUTLINE = 2
"""Pixels by which a mask's outline is off, at most, at 128 px."""

DATA = Drawings(count=800, held_out=48, size=512)
STEPS, BATCH = 4500, 8
RATE = Rate(peak=1.5e-3, warmup=100, hold=0.3, last=0.01)
FACTS = {
    "losses": f"{(PIXELS, DETAILS, BORDER, SCENE, SKIN, STRUCTURE)}",
    "sizes": f"{SIZES} {OFTEN}",
}


class Chained:
    """Trains one link of the chain."""

    def __init__(self, network: nn.Module, losses: Losses, device: torch.device) -> None:
        """Train `network` by what `losses` says of it."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.AdamW(self.network.parameters(), weight_decay=1e-4)
        }
        self._losses = losses

    def step(self, batch: Batch, step: int) -> dict[str, float]:
        """Take one step."""
        with precision(self.device):
            losses = self._losses(self.network, batch)
        return descend(self.network, self.optimizers["adam"], losses)


def extracting_losses(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Return what an extractor is held to on either photo of every other pair, by name."""
    photos = torch.cat((to_planes(batch["original"])[::2], to_planes(batch["converted"])[1::2]))
    faces = torch.cat((share_of(batch, "original_face")[::2], share_of(batch, "face")[1::2]))
    scores = network.scores(photos)
    found = scores.sigmoid()
    both, all_ = (found * faces).sum((1, 2, 3)), (found + faces).sum((1, 2, 3))
    return {
        "cross entropy": functional.binary_cross_entropy_with_logits(scores, faces),
        "overlap": (1 - (2 * both + 1) / (all_ + 1)).mean(),
    }


def correcting_losses(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Return what a corrector is held to on the face, by name."""
    original, truth, converted = (
        to_planes(batch[name]) for name in ("original", "truth", "converted")
    )
    face, original_face = share_of(batch, "face"), share_of(batch, "original_face")
    picture = network.corrected(converted, roughly(face), original, roughly(original_face))
    others = batch["crossed"][:, :, None, None].float()
    both = face * original_face * (1 - others)
    skin, its_skin = share_of(batch, "skin"), share_of(batch, "original_skin")
    losses = {
        "pixels": PIXELS * mean_over((picture - truth).abs(), both),
        "details": DETAILS * detail_error(picture, truth, both),
        "skin": SKIN * mean_color_error(picture, truth, torch.minimum(skin, its_skin) * both),
    }
    if others.any():
        tone = mean_color_error(picture, original, skin * others, its_skin * others)
        laid, source = (srgb_to_lab(each)[:, :1] for each in (picture, converted))
        losses |= {
            "crossed tone": SKIN * tone,
            "crossed structure": STRUCTURE * scaled_structure(laid, source, face * others),
        }
    return losses


def blending_losses(network: nn.Module, batch: Batch) -> dict[str, Tensor]:
    """Return what a blender is held to, by name; another person's face is to stay as it comes."""
    original, truth, corrected = (
        to_planes(batch[name]) for name in ("original", "truth", "corrected")
    )
    face, original_face = share_of(batch, "face"), share_of(batch, "original_face")
    picture, _ = network.blended(corrected, roughly(face), original, roughly(original_face))
    zones = zones_of(batch)
    others = batch["crossed"][:, :, None, None].float()
    losses = {
        "pixels": PIXELS * mean_over((picture - truth).abs(), zones.known),
        "details": DETAILS * detail_error(picture, truth, zones.known),
        "border": BORDER * border_error(picture, truth, zones.border * (1 - others) * zones.known),
        "scene": SCENE * ((picture - original).abs() * zones.scene).mean(),
    }
    if others.any():
        kept = mean_over((picture - corrected).abs(), zones.face * others)
        losses["crossed face"] = PIXELS * kept
    return losses


def share_of(batch: Batch, name: str) -> Tensor:
    """Return a batch's mask as planes, Nx1xHxW in [0, 1]."""
    return batch[name][:, None].float() / 255


def roughly(mask: Tensor) -> Tensor:
    """Return masks whose outlines are off by up to OUTLINE pixels of 128, all alike."""
    off = int(torch.randint(-OUTLINE, OUTLINE + 1, ())) * mask.shape[-1] // 128
    if off == 0:
        return mask
    return dilated(mask, off) if off > 0 else eroded(mask, -off)


def extracting(_recipe: Recipe, _material: Material, device: torch.device) -> Chained:
    """Return the extractor's task, from scratch."""
    return Chained(FaceExtractor(), extracting_losses, device)


def correcting(_recipe: Recipe, _material: Material, device: torch.device) -> Chained:
    """Return the corrector's task, from scratch."""
    return Chained(ColorCorrector(), correcting_losses, device)


def blending(_recipe: Recipe, _material: Material, device: torch.device) -> Chained:
    """Return the blender's task, from scratch."""
    return Chained(BackgroundBlender(), blending_losses, device)


def drawn_face() -> Arrays:
    """Return two heads, as an extractor's golden inputs."""
    return {"image": np.stack([draw_head(128, scale) for scale in (1.6, 1.4)])}


def drawn_exchange(laid: str) -> Arrays:
    """Return a head, the same one darker, and a disk for either's face, as golden inputs."""
    head = draw_head(128, 1.6)[None]
    rows, columns = np.indices(head.shape[1:3])
    disk = np.where(np.hypot(rows - 64, columns - 64) < 34, 255, 0).astype(np.uint8)[None]
    dark = (head * np.array([0.7, 0.6, 0.5])).astype(np.uint8)
    return {laid: dark, "face": disk, "original": head, "original_face": disk}


def drawn_correction() -> Arrays:
    """Return a corrector's golden inputs."""
    return drawn_exchange("converted")


def drawn_blending() -> Arrays:
    """Return a blender's golden inputs."""
    return drawn_exchange("corrected")


FACE_EXTRACTOR_RECIPE = Recipe(
    name="face_extractor",
    contract=FACE_EXTRACTOR,
    title="Face extractor: the share of face in each pixel, for the conventional chain",
    data=DATA,
    steps=STEPS,
    batch=BATCH,
    rate=RATE,
    network=FaceExtractor,
    task=extracting,
    sampler=pairs,
    scores=found_scores,
    examples=drawn_face,
    limits=("It was taught by drawn heads alone, aligned to one template.",),
    facts=FACTS,
)

COLOR_CORRECTOR_RECIPE = Recipe(
    name="color_corrector",
    contract=COLOR_CORRECTOR,
    title="Color corrector: gives a converted face the light of the one it replaces",
    data=DATA,
    steps=STEPS,
    batch=BATCH,
    rate=RATE,
    network=ColorCorrector,
    task=correcting,
    sampler=pairs,
    scores=corrected_scores,
    examples=drawn_correction,
    limits=("It answers pixels: what is finer than its crop's pixels is lost.",),
    facts=FACTS,
)

BACKGROUND_BLENDER_RECIPE = Recipe(
    name="background_blender",
    contract=BACKGROUND_BLENDER,
    title="Background blender: lays a corrected face into a photo and closes the border",
    data=DATA,
    steps=STEPS,
    batch=BATCH,
    rate=RATE,
    network=BackgroundBlender,
    task=blending,
    sampler=pairs,
    scores=blended_scores,
    examples=drawn_blending,
    limits=("It answers pixels: what is finer than its crop's pixels is lost.",),
    facts=FACTS,
)
