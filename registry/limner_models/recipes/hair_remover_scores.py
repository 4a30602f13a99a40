"""How near painted holes come to what was beneath the hair, beside a classical inpainting."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.beneath import Beneath
from limner_models.likeness import psnr_within, structure
from limner_models.losses.style import content_difference
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import NDArray
    from torch import nn

    from limner_models.recipes.recipe import Material, Recipe

    Photo = NDArray[np.uint8]
    Pair = Mapping[str, NDArray[Any]]
    Paint = Callable[[Pair], Photo]

BEST = 40.0
"""Decibels that count as 1."""
FEWEST = 200
"""Pixels of a part of a hole; fewer are not scored."""
RADIUS = 5
"""Pixels around each that Telea's method looks at."""


@dataclass(frozen=True)
class Quality:
    """How near paintings come to the truth, in the mean; NaN where there was nothing to score."""

    scalp_psnr: float
    """Where the hole shows the head, in decibels; higher is better."""
    scalp_ssim: float
    """Structural similarity there, at most 1; higher is better."""
    behind_psnr: float
    """Where it shows the background."""
    behind_ssim: float
    unlike: float
    """Difference of the features that a loss network sees in the whole; lower is better."""
    changed: float
    """Share of the pixels outside the hole that are not the photo's to the bit."""


def measured(paint: Paint, pairs: Iterable[Pair], eye: nn.Module) -> Quality:
    """Return how near paintings come to the truth, in the mean over heads.

    Args:
        paint: Takes a photo with its hole and its skull; returns the painting, SxSx3 uint8 sRGB.
        pairs: As `Beneath` makes them.
        eye: A loss network.
    """
    rows = [quality(paint(pair), pair, eye) for pair in pairs]
    return Quality(*np.nanmean([astuple(row) for row in rows], axis=0))


def quality(picture: Photo, pair: Pair, eye: nn.Module) -> Quality:
    """Return how near one painting comes."""
    inside = pair["hole"] > 127
    wanted = np.where(inside[..., None], pair["truth"], pair["image"])
    _, similar = structure(picture, wanted)
    away = (picture != pair["image"]).any(-1)
    head = pair["head"] > 127

    def part(where: NDArray[np.bool_]) -> tuple[float, float]:
        if where.sum() < FEWEST:
            return np.nan, np.nan
        return psnr_within(picture, wanted, where), float(similar[where].mean())

    scalp, behind = part(inside & head), part(inside & ~head)
    return Quality(*scalp, *behind, _unlike(picture, wanted, eye), float(away[~inside].mean()))


def painted_by(network: nn.Module) -> Paint:
    """Return what paints by a network that answers the contract of `hair_remover`."""

    def paint(pair: Pair) -> Photo:
        asked = (torch.from_numpy(pair[name])[None] for name in ("image", "hole", "skull"))
        with torch.inference_mode():
            answer = network(*asked)
        return np.asarray(answer[0].numpy())

    return paint


def telea(pair: Pair) -> Photo:
    """Return a photo inpainted without a network, which knows of no skull.

    Source: Telea, An Image Inpainting Technique Based on the Fast Marching Method, Journal of
        Graphics Tools 2004, as OpenCV has it.
    """
    return np.asarray(cv2.inpaint(pair["image"], pair["hole"], RADIUS, cv2.INPAINT_TELEA), np.uint8)


def held_out_pairs(recipe: Recipe, material: Material) -> Iterator[Pair]:
    """Give heads that a recipe is never trained on, each twice, always the same."""
    files = portraits.files(material.portraits, recipe.data.measured)
    beneath = Beneath(files, Backgrounds(material.backgrounds), 1)
    for index in range(2 * len(files)):
        yield beneath.pair(index % len(files), np.random.default_rng((recipe.seed, index)))


def as_scores(found: Quality, peer: Quality) -> dict[str, float]:
    """Return a quality as numbers in [0, 1], higher better, beside a peer's.

    `*_psnr_40` are PSNRs over 40 dB, at most 1, `telea_*` those of the peer; `*_ssim` are as they
    are; `seen` is one less the difference that a loss network sees over the peer's; `kept` is the
    share of pixels outside the hole that are the photo's to the bit.
    """
    scores = {"kept": 1 - found.changed, "seen": max(0.0, 1 - found.unlike / peer.unlike)}
    for name, one in (("", found), ("telea_", peer)):
        scores |= {
            f"{name}scalp_psnr_40": min(1.0, one.scalp_psnr / BEST),
            f"{name}scalp_ssim": max(0.0, one.scalp_ssim),
            f"{name}behind_psnr_40": min(1.0, one.behind_psnr / BEST),
            f"{name}behind_ssim": max(0.0, one.behind_ssim),
        }
    return scores


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near a hair remover comes to the truth on heads that were never trained on."""
    eye = MobileEye(state_of(MOBILENET, material.downloads)).eval()
    pairs = list(held_out_pairs(recipe, material))
    network.eval()
    return as_scores(measured(painted_by(network), pairs, eye), measured(telea, pairs, eye))


def _unlike(one: Photo, other: Photo, eye: nn.Module) -> float:
    with torch.inference_mode():
        (_, mine), (_, goal) = (
            eye(to_planes(torch.from_numpy(each)[None])) for each in (one, other)
        )
        return float(sum(map(content_difference, mine, goal)))
