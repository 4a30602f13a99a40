"""How well faces are laid in, by whatever means: measured where the truth is known."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.composites import Composites, measured_pairs
from limner_models.likeness import psnr_within, structure
from limner_models.losses.composites import INSIDE, OUTSIDE
from limner_models.networks.compositing import composited
from limner_models.networks.dye_generator import to_planes
from limner_registry.color import ciede2000, srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray
    from torch import nn

    from limner_models.recipes.recipe import Material, Recipe

    Photo = NDArray[np.uint8]
    Pair = Mapping[str, NDArray[Any]]
    Compose = Callable[[Pair], Photo]

SIZE = 256
"""Pixels a side that composites are scored at, as they are served."""
BEST = 40.0
"""Decibels that count as 1."""
FEWEST = 200
"""Pixels of a face; with fewer there is nothing to score."""


@dataclass(frozen=True)
class Quality:
    """How near composites come to the truth, in the mean."""

    psnr: float
    """Within the face, in decibels; higher is better."""
    ssim: float
    """Structural similarity within the face, at most 1; higher is better."""
    skin: float
    """CIEDE2000 of the skin's mean color; lower is better."""
    border: float
    """Mean difference of the steps between neighbors around the outline, in steps of 255; lower
    is better."""
    changed: float
    """Share of the pixels beyond the border that are not the original's to the bit."""


def measured(compose: Compose, pairs: Iterable[Pair]) -> Quality:
    """Return how near composites come to the truth, in the mean over pairs.

    Args:
        compose: Takes a pair, and must not look at its truth; returns SxSx3 uint8 sRGB.
        pairs: As `Composites` makes them, of one person each.
    """
    rows = [quality(compose(pair), pair) for pair in pairs]
    return Quality(*np.mean([astuple(row) for row in rows if row is not None], axis=0))


def quality(picture: Photo, pair: Pair) -> Quality | None:
    """Return how near one composite comes; None where there is too little of a face."""
    truth = pair["truth"]
    size = truth.shape[0]
    outline = np.asarray(np.minimum(pair["face"], pair["original_face"]) > 127, np.uint8)
    within = cv2.erode(outline, _square(size // INSIDE)) > 0
    around = cv2.dilate(outline, _square(size // OUTSIDE)) > 0
    skin = within & (np.minimum(pair["skin"], pair["original_skin"]) > 127)
    if min(within.sum(), skin.sum()) < FEWEST:
        return None
    _, similar = structure(picture, truth)
    means = [srgb_to_lab(photo[skin]).mean(0) for photo in (picture, truth)]
    away = (picture != pair["original"]).any(-1)
    return Quality(
        psnr=psnr_within(picture, truth, within),
        ssim=float(similar[within].mean()),
        skin=float(ciede2000(*means)),
        border=_steps_apart(picture, truth, around & ~within),
        changed=float(away[~around].mean()),
    )


def composed(network: nn.Module) -> Compose:
    """Return what lays faces in by a composer, as the server does."""

    def compose(pair: Pair) -> Photo:
        inputs = [_batch(pair[name]) for name in ("original", "converted", "valid")]
        with torch.inference_mode():
            answers = [planes.permute(0, 3, 1, 2) for planes in network(*inputs)]
            picture = composited(to_planes(inputs[0]), to_planes(inputs[1]), *answers)
        return _to_bytes(picture[0].permute(1, 2, 0).numpy())

    return compose


def conventional(extractor: nn.Module, corrector: nn.Module, blender: nn.Module) -> Compose:
    """Return what lays faces in by three networks in a chain, the first run on both photos.

    The blender's answer counts where either mask, and what is near, finds a face.
    """

    def compose(pair: Pair) -> Photo:
        original, converted = _batch(pair["original"]), _batch(pair["converted"])
        with torch.inference_mode():
            faces = extractor(torch.cat((converted, original)))
            faces = (faces * 255 + 0.5).to(torch.uint8)
            face, original_face = faces[:1] * (_batch(pair["valid"]) >= 128), faces[1:]
            corrected = corrector(converted, face, original, original_face)
            corrected = (corrected * 255 + 0.5).to(torch.uint8)
            picture = _to_bytes(blender(corrected, face, original, original_face)[0].numpy())
        either = np.maximum(face[0].numpy(), original_face[0].numpy())
        near = cv2.dilate(either, _square(picture.shape[0] // OUTSIDE)) > 127
        return np.where(near[..., None], picture, pair["original"])

    return compose


def held_out_pairs(recipe: Recipe, material: Material, size: int = SIZE) -> Iterator[Pair]:
    """Give pairs of heads that a recipe is never trained on, as many as there are heads."""
    files = portraits.files(material.portraits, recipe.data.measured)
    composites = Composites(files, Backgrounds(material.backgrounds), 1)
    return measured_pairs(composites, len(files), size, recipe.seed)


def as_scores(found: Quality, pasted: Quality) -> dict[str, float]:
    """Return a quality as numbers in [0, 1], higher better.

    `psnr_40` is PSNR within the face over 40 dB, at most 1; `ssim` as it is; `skin` and `border`
    are one less the error over that of pasting the face as it is; `kept` is the share of pixels
    beyond the border that are the original's to the bit.
    """
    return {
        "psnr_40": min(1.0, found.psnr / BEST),
        "ssim": max(0.0, found.ssim),
        "skin": max(0.0, 1 - found.skin / max(pasted.skin, 1e-6)),
        "border": max(0.0, 1 - found.border / max(pasted.border, 1e-6)),
        "kept": 1 - found.changed,
    }


def pasted_as_it_is(pair: Pair) -> Photo:
    """Return the converted face cut out along its outline and laid in."""
    share = np.minimum(pair["face"], pair["original_face"])[..., None] / np.float32(255)
    original = pair["original"].astype(np.float32)
    return np.asarray(original + share * (pair["converted"] - original) + 0.5, np.uint8)


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near a composer comes to the truth on heads that were never trained on."""
    pairs = list(held_out_pairs(recipe, material))
    return as_scores(measured(composed(network), pairs), measured(pasted_as_it_is, pairs))


def _steps_apart(one: Photo, other: Photo, where: NDArray[np.bool_]) -> float:
    error = one.astype(np.float32) - other
    across = np.abs(np.diff(error, axis=1))[where[:, 1:]].mean()
    down = np.abs(np.diff(error, axis=0))[where[1:]].mean()
    return float(across + down) / 2


def _batch(array: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(array)[None]


def _to_bytes(picture: NDArray[Any]) -> Photo:
    return np.asarray(np.clip(picture, 0, 1) * 255 + 0.5, np.uint8)


def _square(radius: int) -> NDArray[np.uint8]:
    side = 2 * max(1, radius) + 1
    return np.ones((side, side), np.uint8)
