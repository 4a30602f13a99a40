"""How well each link of the conventional chain does its own part, on heads held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from limner_models.recipes.composite_scores import (
    as_scores,
    held_out_pairs,
    measured,
    pasted_as_it_is,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from limner_models.recipes.composite_scores import Compose, Pair, Photo
    from limner_models.recipes.recipe import Material, Recipe


def found_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return the mean intersection over union of faces found, in the photos of held-out pairs."""
    shares = []
    for pair in held_out_pairs(recipe, material):
        for photo, name in (("original", "original_face"), ("converted", "face")):
            with torch.inference_mode():
                found = network(torch.from_numpy(pair[photo])[None])[0].numpy() > 0.5
            true = pair[name] > 127
            shares.append((found & true).sum() / max(1, (found | true).sum()))
    return {"face_iou": float(np.mean(shares))}


def corrected_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near corrected faces come to the truth, cut out along their true outlines."""

    def compose(pair: Pair) -> Photo:
        corrected = _answer(network, pair, ("converted", "face", "original", "original_face"))
        return pasted_as_it_is({**pair, "converted": corrected})

    return _scores(compose, recipe, material, ("psnr_40", "ssim", "skin"))


def blended_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near blended pictures come to the truth, given a good corrector's faces."""

    def compose(pair: Pair) -> Photo:
        return _answer(network, pair, ("corrected", "face", "original", "original_face"))

    return _scores(compose, recipe, material, ("psnr_40", "ssim", "border"))


def _scores(
    compose: Compose, recipe: Recipe, material: Material, kept: tuple[str, ...]
) -> dict[str, float]:
    pairs = list(held_out_pairs(recipe, material))
    scores = as_scores(measured(compose, pairs), measured(pasted_as_it_is, pairs))
    return {name: scores[name] for name in kept}


def _answer(network: nn.Module, pair: Pair, names: tuple[str, ...]) -> Photo:
    inputs = (torch.from_numpy(pair[name])[None] for name in names)
    with torch.inference_mode():
        answer: NDArray[np.float32] = network(*inputs)[0].numpy()
    return np.asarray(answer * 255 + 0.5, np.uint8)
