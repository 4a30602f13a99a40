"""How well portraits are drawn again, and how true people look who are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.aligned import Aligned
from limner_models.data.backgrounds import Backgrounds
from limner_models.likeness import likeness
from limner_models.losses.style import content_difference
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.animal_scores import kid, looks

if TYPE_CHECKING:
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Material, Recipe

EACH: Final = 4
"""Photos of each portrait held out, and people drawn for each."""
AT_ONCE: Final = 8
BEST: Final = 40.0
"""Decibels that count as 1."""


def generated_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how well portraits held out are drawn again, and how true others look.

    What each score means, `scored_portraits` says.
    """
    network.eval()
    eye = MobileEye(state_of(MOBILENET, material.downloads)).eval()
    torch.manual_seed(recipe.seed)
    rows: list[tuple[float, float, float]] = []
    seen: list[Tensor] = []
    true: list[Tensor] = []
    free: list[Tensor] = []
    with torch.inference_mode():
        for photos in _photos(network, recipe, material).split(AT_ONCE):
            again, _ = network(photos)
            drawn = network.generator(torch.randn(len(photos), network.generator.width))
            rows += [_alike(eye, *pair) for pair in zip(again, photos, strict=True)]
            for kept, planes in ((seen, to_planes(again)), (true, to_planes(photos))):
                kept.append(looks(eye, planes))
            free.append(looks(eye, (drawn.clamp(-1, 1) + 1) / 2))
    psnr, ssim, content = np.mean(rows, axis=0).tolist()
    wanted = torch.cat(true)
    return {
        "psnr_40": psnr,
        "ssim": ssim,
        "content": content,
        "kid_again": 1 - float(np.clip(kid(torch.cat(seen), wanted), 0, 1)),
        "kid": 1 - float(np.clip(kid(torch.cat(free), wanted), 0, 1)),
    }


def scored_portraits(recipe: Recipe, _material: Material) -> str:
    """Return for a card what portraits were scored on, and how."""
    return (
        f"{EACH} photos each of {recipe.data.held_out} drawn portraits that were never trained on, "
        f"drawn again by the encoder's styles: `psnr_40` is PSNR over {BEST:g} dB, at most 1; "
        "`ssim`; `content`, one less the share by which MobileNetV2's features differ; "
        "`kid_again`, one less the kernel distance of those features' means over the picture. "
        f"`kid`, the same of {EACH * recipe.data.held_out} people drawn from chance; it is to be "
        "compared with nobody else's."
    )


def _photos(network: nn.Module, recipe: Recipe, material: Material) -> Tensor:
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Aligned(files, Backgrounds(material.backgrounds), 1, network.generator.size)
    photos = [
        composer.sample(number, np.random.default_rng((recipe.seed, number, which)))
        for number in range(len(files))
        for which in range(EACH)
    ]
    return torch.from_numpy(np.stack(photos))


def _alike(eye: nn.Module, one: Tensor, other: Tensor) -> tuple[float, float, float]:
    """Return the three scores of a portrait drawn again, SxSx3 uint8, each in [0, 1]."""
    found = likeness(one.numpy(), other.numpy())
    pair = [eye(to_planes(each[None]))[1] for each in (one, other)]
    away = [float(content_difference(*level)) for level in zip(*pair, strict=True)]
    content = max(0.0, 1 - float(np.mean(away)))
    return min(1.0, found.psnr / BEST), max(0.0, found.ssim), content
