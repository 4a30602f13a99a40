"""How near a stylizer comes to the image processing it was taught by, on photos held out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.illustration import illustrated
from limner_models.data.pairs import THUMBNAIL, Pairs, photos_in
from limner_models.likeness import edge_share, likeness
from limner_models.networks.laying_on import laid_on
from limner_models.networks.stylizer import LARGEST, STRIDE
from limner_registry.styles import STYLES

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from limner_models.recipes.recipe import Material, Recipe

    Bytes = NDArray[np.uint8]

EDGE = 800
"""Longest edge, in pixels, that photos are scored at."""
PHOTOS = 16
"""At most so many photos are scored."""
FRAME = 16
"""Pixels that photos are mirrored by at their edges, as they are when they are served."""
BEST = 40.0
"""Decibels that count as 1."""
EDGES = 0.005
"""Share of a photo's pixels that must lie on edges for it to be scored."""


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return how near pictures come to the image processing's own, each style on each photo.

    `psnr_40` is PSNR over 40 dB, each at most 1; `ssim` and `edge_f` are as they are. Photos held
    out are used where there are photos, else heads held out.
    """
    rows = []
    for index, photo in enumerate(_pictures(recipe, material)):
        for number, style in enumerate(STYLES):
            wanted = illustrated(photo, style, np.random.default_rng((recipe.seed, index)))
            drawn = drawn_by(network, photo, number, wanted.palette)
            found = likeness(drawn, wanted.picture)
            rows.append((min(1.0, found.psnr / BEST), max(0.0, found.ssim), found.edge_f))
    means = np.array(rows).mean(0)
    return dict(zip(("psnr_40", "ssim", "edge_f"), map(float, means), strict=True))


def scored_pictures(recipe: Recipe, material: Material) -> str:
    """Return for a card what pictures were scored on, and by what."""
    photos = len(_photos(material))
    what = f"{photos} photos and wallpapers" if photos else f"{recipe.data.held_out} drawn heads"
    return (
        f"{what} that were never trained on, {EDGE} px, in each style, each compared with what "
        f"image processing makes of it: `psnr_40` is PSNR over {BEST:g} dB, each at most 1; SSIM; "
        "`edge_f` the F-score of edges at most a pixel off."
    )


def drawn_by(network: nn.Module, photo: Bytes, style: int, palette: NDArray[np.float32]) -> Bytes:
    """Return a photo as a stylizer draws it whole.

    Args:
        network: Answers the contract of `stylizer`.
        photo: HxWx3 uint8 sRGB; sides are multiples of 4.
        style: Place in STYLES.
        palette: Kx3 CIELAB.
    """
    around = (FRAME, FRAME, FRAME, FRAME)
    framed = np.asarray(cv2.copyMakeBorder(photo, *around, cv2.BORDER_REFLECT_101), np.uint8)
    tile, small = (torch.from_numpy(each)[None] for each in (framed, thumbnail_of(photo)))
    number = torch.tensor([[style]], dtype=torch.uint8)
    with torch.inference_mode():
        answered = network(tile, small, number)[:, FRAME:-FRAME, FRAME:-FRAME]
        fields = answered.permute(0, 3, 1, 2).float() / LARGEST
        drawn = laid_on(fields, torch.from_numpy(palette)[None], number[:, 0].long())
    pixels: Bytes = (drawn[0].permute(1, 2, 0).numpy() * 255 + 0.5).astype(np.uint8)
    return pixels


def thumbnail_of(photo: Bytes) -> Bytes:
    """Return a photo of at most THUMBNAIL pixels a side, sides multiples of STRIDE."""
    height, width = photo.shape[:2]
    scale = min(1.0, THUMBNAIL / max(height, width))
    size = [max(4, round(side * scale / STRIDE)) * STRIDE for side in (width, height)]
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8)


def _pictures(recipe: Recipe, material: Material) -> list[Bytes]:
    photos = _photos(material)
    if photos:
        return photos
    heads = portraits.files(material.portraits, recipe.data.measured)[:PHOTOS]
    composer = Pairs((), heads, Backgrounds(material.backgrounds), 1, crops=1)
    return [
        _fitted(composer.head(np.random.default_rng((recipe.seed, index)), 512))
        for index in range(len(heads))
    ]


def _photos(material: Material) -> list[Bytes]:
    """Return photos held out; in some wallpapers there is nothing to draw, right or wrong."""
    files = photos_in(material.backgrounds, held_out=True)
    photos = (_fitted(cv2.imread(str(file), cv2.IMREAD_COLOR)[..., ::-1]) for file in files)
    return [photo for photo in photos if edge_share(photo) >= EDGES][:PHOTOS]


def _fitted(photo: NDArray[np.generic]) -> Bytes:
    """Return a photo of at most EDGE pixels, sides multiples of STRIDE."""
    height, width = photo.shape[:2]
    scale = min(1.0, EDGE / max(height, width))
    size = [round(side * scale) // STRIDE * STRIDE for side in (width, height)]
    small = cv2.resize(np.ascontiguousarray(photo), size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)
