"""The stylizer: taught by image processing to draw, and by a loss network to draw like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.drawn import draw_head
from limner_models.data.pairs import HELD_OUT, Pairs, photos_in
from limner_models.errors import PretrainedMissing, WeightsRefused
from limner_models.losses.style import content_difference, style_difference, total_variation
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye, VggEye
from limner_models.networks.laying_on import laid_on
from limner_models.networks.stylizer import Stylizer
from limner_models.pretrained import MOBILENET, state_in, state_of
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.recipes.stylizer_scores import held_out_scores, scored_pictures
from limner_models.train import descend, precision
from limner_registry.contracts import STYLIZER
from limner_registry.styles import STYLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

PIXELS, FIELDS, GRADIENTS, CONTENT, STYLE, VARIATION = 10.0, 5.0, 2.0, 0.3, 0.1, 0.1
"""Weights of the losses."""
RIM = 16
"""Pixels along a crop's edges that are not judged: the crop does not show what is beyond."""
EVERY = 2
"""Steps between looks of the loss network."""


class Stylizing:
    """Trains a stylizer on pairs."""

    def __init__(self, network: Stylizer, eye: nn.Module, device: torch.device) -> None:
        """Train `network`; `eye` gives the features by which pictures are compared."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.eye = eye.to(device).eval().requires_grad_(requires_grad=False)
        self.modules: dict[str, nn.Module] = {"network": self.network}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.Adam(self.network.parameters(), betas=(0.9, 0.99))
        }

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step."""
        style = batch["style"][:, 0].long()
        with precision(self.device):
            norms = self.network.norms(to_planes(batch["thumbnail"]), style)
            fields = self.network.draw(to_planes(batch["tile"]), norms)
        drawn = laid_on(fields, batch["palette"], style)
        losses = drawing_losses(_judged(fields.float()), _judged(drawn), batch)
        if step % EVERY == 0:
            losses |= self._looked_at(_judged(drawn), _judged(to_planes(batch["drawn"])))
        return descend(self.network, self.optimizers["adam"], losses)

    def _looked_at(self, drawn: Tensor, wanted: Tensor) -> dict[str, Tensor]:
        with precision(self.device):
            shown, styled = self.eye(drawn)
            with torch.no_grad():
                goal, wanted_style = self.eye(wanted)
        return {
            "content": CONTENT * content_difference(shown, goal),
            "style": STYLE * style_difference(styled, wanted_style),
        }


def drawing_losses(fields: Tensor, drawn: Tensor, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return what fields and the picture they make are held to, by name.

    Args:
        fields: Nx4xHxW, without the rim.
        drawn: Nx3xHxW sRGB, without the rim.
        batch: As `Pairs` composes it, with the rim.
    """
    wanted = _judged(to_planes(batch["drawn"]))
    smooth = _judged(to_planes(batch["smooth"]))
    line = _judged(to_planes(batch["line"][..., None]))
    return {
        "pixels": PIXELS * (drawn - wanted).abs().mean(),
        "fields": FIELDS * (fields - torch.cat((smooth, line), 1)).abs().mean(),
        "gradients": GRADIENTS * total_variation(drawn - wanted),
        "variation": VARIATION * total_variation(drawn),
    }


def _judged(planes: Tensor) -> Tensor:
    return planes[..., RIM:-RIM, RIM:-RIM]


def stylizing(_recipe: Recipe, material: Material, device: torch.device) -> Stylizing:
    """Return the task; pictures are compared by VGG19 where there is one, else by MobileNetV2.

    Raises:
        WeightsRefused: The file of VGG19's weights is none.
        PretrainedMissing: MobileNetV2 cannot be had.
    """
    eye: nn.Module
    if material.vgg is None:
        eye = MobileEye(state_of(MOBILENET, material.downloads))
    else:
        try:
            eye = VggEye(state_in(material.vgg))
        except PretrainedMissing as error:
            raise WeightsRefused(str(error)) from error
        except RuntimeError as error:
            raise WeightsRefused(f"{material.vgg} is no vgg19: {error}") from error
    return Stylizing(Stylizer(), eye, device)


def pairs(recipe: Recipe, material: Material) -> Pairs:
    """Return what composes the batches a stylizer is trained on."""
    heads = portraits.files(material.portraits, recipe.data.trained)
    photos = photos_in(material.backgrounds, held_out=False)
    return Pairs(photos, heads, Backgrounds(material.backgrounds), recipe.batch)


def photos_and_portraits(recipe: Recipe, material: Material) -> str:
    """Return for a card whose pairs were trained on, and what compared them."""
    photos, seeds = photos_in(material.backgrounds, held_out=False), recipe.data.trained
    known = f"{MOBILENET.package} {MOBILENET.version}, {MOBILENET.license}"
    eye = f"MobileNetV2, trained on ImageNet ({known})"
    if material.vgg is not None:
        eye = f"VGG19 from a file of the trainer's own, sha256 `{recipe.facts['vgg']}`"
    return (
        f"{len(photos)} photos and wallpapers, every {HELD_OUT}th of their folder left out, and "
        f"the portrait studio's seeds {seeds.start} to {seeds.stop - 1}, {recipe.data.size} px; "
        "what is to be drawn of them is made by image processing. Drawings were compared with it "
        f"by pixels, by fields, and by a loss network, which is not part of the weights: {eye}."
    )


def drawn_head() -> Arrays:
    """Return a head's upper left quarter, all of it made small, and a style, as golden inputs."""
    head = draw_head(192)
    return {
        "tile": head[None, :128, :96].copy(),
        "thumbnail": head[None, ::2, ::2].copy(),
        "style": np.zeros((1, 1), np.uint8),
    }


STYLIZER_RECIPE = Recipe(
    name="stylizer",
    contract=STYLIZER,
    title="Stylizer: a photo without its texture, and where its lines go, in several styles",
    data=Drawings(count=400, held_out=48, size=512),
    steps=6000,
    batch=8,
    rate=Rate(peak=2e-3, warmup=100, hold=0.3, last=0.01),
    network=Stylizer,
    task=stylizing,
    sampler=pairs,
    scores=held_out_scores,
    examples=drawn_head,
    trained_on=photos_and_portraits,
    scored_on=scored_pictures,
    compares=True,
    limits=(
        "It draws what image processing would: a face counts for no more than a wall.",
        "Its lines follow contrast: where a chin is as bright as a collar, there is none.",
    ),
    facts={
        "styles": f"{STYLES}",
        "losses": f"{(PIXELS, FIELDS, GRADIENTS, CONTENT, STYLE, VARIATION)}",
    },
)
