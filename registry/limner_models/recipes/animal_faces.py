"""What the networks of animalizing share: their pairs, their pictures, and each other's weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from torch.nn import functional

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import Counterparts
from limner_models.data.drawn import draw_head
from limner_models.errors import MaterialMissing
from limner_models.networks.dye_generator import to_planes
from limner_models.recipes.recipe import Drawings
from limner_models.starters import load_weights, weights_file
from limner_models.train import WEIGHTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material, Recipe

DATA: Final = Drawings(count=1030, held_out=60, size=512, variants=("animals",))
"""People with two animals each: `limner studio draw --layers --animals`."""

SMALL: Final = 128
"""Pixels a side of pictures that segmenter, key points and generator know."""


def pairs(recipe: Recipe, material: Material) -> Counterparts:
    """Return what composes people and the animals that stand in their place."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Counterparts(files, Backgrounds(material.backgrounds), recipe.batch)


def drawn_faces() -> Arrays:
    """Return two heads, as golden inputs of whoever looks at small pictures."""
    return {"image": np.stack([draw_head(SMALL, scale) for scale in (1.6, 1.2)])}


def shown(batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Return a batch's animals before other people's photos, and their alphas.

    Returns:
        Nx3xHxW sRGB and Nx1xHxW, both in [0, 1], SMALL pixels a side; some a little blurred, as
        networks' own pictures are.
    """
    behind = functional.interpolate(
        to_planes(batch["image"]).roll(1, 0), size=(SMALL, SMALL), mode="area"
    )
    drawn = batch["drawn"].permute(0, 3, 1, 2).float() / 255
    alpha = functional.interpolate(drawn[:, 3:], size=(SMALL, SMALL), mode="area")
    color = functional.interpolate(drawn[:, :3] * drawn[:, 3:], size=(SMALL, SMALL), mode="area")
    picture = color + (1 - alpha) * behind
    soft = functional.avg_pool2d(picture, 3, 1, 1, count_include_pad=False)
    much = 0.8 * torch.rand(len(picture), 1, 1, 1, device=picture.device)
    return picture + much * (soft - picture), alpha


def moved(planes: Tensor, points: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """Return pictures turned, grown and shifted a little, and points, NxKx2 shares, with them."""
    count = len(planes)
    chance = torch.randn(count, 4, device=planes.device)
    angle, grow = 0.06 * chance[:, 0], torch.exp(0.05 * chance[:, 1])
    turn = torch.stack(
        (grow * angle.cos(), -grow * angle.sin(), grow * angle.sin(), grow * angle.cos()), 1
    ).view(count, 2, 2)
    shift = 0.06 * chance[:, 2:]
    grid = functional.affine_grid(
        torch.cat((turn, shift[:, :, None]), 2), list(planes.shape), align_corners=False
    )
    out = functional.grid_sample(planes, grid, padding_mode="reflection", align_corners=False)
    if points is None:
        return out, None
    # the grid says where each place of the outcome comes from: points go the other way
    there = (2 * points - 1 - shift[:, None]) @ torch.linalg.inv(turn).transpose(1, 2)
    return out, (there + 1) / 2


def finished(recipe: Recipe, material: Material, device: torch.device) -> nn.Module:
    """Return another recipe's trained network, frozen: the last training's, else the starter's.

    Raises:
        MaterialMissing: It has not been trained yet.
        CheckpointDamaged: Its weights do not fit.
    """
    network = recipe.network()
    load_weights(network, weights_of(recipe, material))
    return network.to(device).eval().requires_grad_(requires_grad=False)


def weights_of(recipe: Recipe, material: Material) -> Path:
    """Return where another recipe's weights are: the last training's, else the starter's.

    Raises:
        MaterialMissing: It has not been trained yet.
    """
    places = [weights_file(recipe)]
    if material.trained is not None:
        places.insert(0, material.trained / recipe.name / WEIGHTS)
    for file in places:
        if file.exists():
            return file
    raise MaterialMissing(
        f"{recipe.name} is not trained yet; run `limner train {recipe.name} --no-publish` first"
    )
