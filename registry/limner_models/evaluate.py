"""Scores on real photos that a person has labelled: does the network see in them what is there?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from limner_models.data.head_crop import head_crop
from limner_models.errors import MaterialDamaged, MaterialMissing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import nn

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
HAIR = 1
HALF = 0.5
"""Probability from which a pixel counts as hair."""
POOR = 0.5
"""IoU below which a photo counts as failed."""
BARE = 0.01
"""Share of a crop that may be taken for hair on a bare head."""


@dataclass(frozen=True)
class Labelled:
    """A photo with a person's drawing of its hair."""

    name: str
    image: Photo
    """HxWx3 uint8, sRGB."""
    hair: NDArray[np.bool_]
    """HxW: what is hair."""
    scored: NDArray[np.bool_]
    """HxW: where the drawing is sure."""
    points: NDArray[np.float64]
    """4x2 pixels: eye and eye, mouth corner and mouth corner, the image's left ones first."""


@dataclass(frozen=True)
class PhotoScore:
    """How well one photo's hair was found, within its head crop, at the photo's own size."""

    name: str
    iou: float | None
    """Intersection over union, in [0, 1]; None where there is no hair to be found."""
    missed: float | None
    """Share of the hair that was not found; None where there is none."""
    mistaken: float
    """Share of the crop that was taken for hair and is none, in [0, 1]."""


def labelled_photos(folder: Path) -> list[Labelled]:
    """Return every photo of a folder that has a drawing and points beside it.

    NAME.jpg or .png goes with NAME_hair.png (255 is hair), NAME.json (`eyes` and `mouth`, two
    points (x, y) each, the image's left first) and, if not all is sure, NAME_ignore.png.

    Raises:
        MaterialMissing: There is none.
        MaterialDamaged: A drawing has another size than its photo, or a file cannot be read.
    """
    photos = [
        path
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in SUFFIXES
        and path.with_name(f"{path.stem}_hair.png").exists()
        and path.with_suffix(".json").exists()
    ]
    if not photos:
        raise MaterialMissing(f"{folder} holds no photo with NAME_hair.png and NAME.json beside it")
    return [_labelled(path) for path in photos]


def score_photos(network: nn.Module, photos: Sequence[Labelled], size: int) -> list[PhotoScore]:
    """Return how well a hair segmenter does on each photo, cropped as the server crops.

    Args:
        network: Answers HAIR_SEGMENTER.
        photos: What to score it on.
        size: Pixels a side of its input.
    """
    return [score(photo, hair_of(network, photo, size)) for photo in photos]


def hair_of(network: nn.Module, photo: Labelled, size: int) -> Floats:
    """Return the probability of hair at a photo's own size, HxW; -1 beyond the head crop."""
    height, width = photo.hair.shape
    matrix = head_crop(photo.points, size)
    crop = crop_photo(photo.image, matrix, size)
    with torch.inference_mode():
        classes = network(torch.from_numpy(crop)[None])[0].float().numpy()
    back = cv2.invertAffineTransform(matrix)
    beyond = (-1.0,)
    found = cv2.warpAffine(classes[HAIR], back, (width, height), borderValue=beyond)
    return np.asarray(found, np.float32)


def crop_photo(image: Photo, matrix: NDArray[np.float64], size: int) -> Photo:
    """Return the head crop of a photo, SxSx3 uint8; beyond its edges the photo is mirrored.

    A photo with more than two pixels to one of the crop is shrunk by area first, as strands would
    come and go otherwise.
    """
    factor = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if factor < 0.5:
        small = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
        true = np.array([small[0] / image.shape[1], small[1] / image.shape[0]])
        image = np.asarray(cv2.resize(image, small, interpolation=cv2.INTER_AREA), np.uint8)
        # index i of the photo is index (i + 1/2) * true - 1/2 of the small one
        turn = matrix[:, :2] / true
        offset = matrix[:, 2] + turn @ (0.5 - 0.5 * true)
        matrix = np.concatenate([turn, offset[:, None]], axis=1)
    return cv2.warpAffine(
        image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )  # type: ignore[return-value]


def score(photo: Labelled, found: Floats) -> PhotoScore:
    """Return how far what was found is from the drawing, where the drawing is sure.

    Args:
        photo: What is true.
        found: HxW, probability of hair; below 0 where the network did not look.
    """
    looked = photo.scored & (found >= 0)
    true, guess = photo.hair & looked, (found > HALF) & looked
    both, hair, either = (int(part.sum()) for part in (true & guess, true, true | guess))
    mistaken = int((guess & ~true).sum()) / max(1, int(looked.sum()))
    if hair == 0:
        return PhotoScore(photo.name, None, None, mistaken)
    return PhotoScore(photo.name, both / either, 1 - both / hair, mistaken)


def summary(scores: Sequence[PhotoScore]) -> dict[str, float]:
    """Return the mean and the median IoU and the share of photos that did not fail.

    Bare heads have no IoU; of them it says which share stayed bare: no more than BARE of the
    crop was taken for hair.
    """
    values = np.array([score.iou for score in scores if score.iou is not None])
    bare = [score.mistaken for score in scores if score.iou is None]
    found = {}
    if len(values):
        found = {
            "photo_hair_iou_mean": float(values.mean()),
            "photo_hair_iou_median": float(np.median(values)),
            "photo_hair_found": float((values >= POOR).mean()),
        }
    if bare:
        found["photo_bare_kept"] = float(np.mean(np.array(bare) <= BARE))
    return found


def _labelled(path: Path) -> Labelled:
    image = _pixels(path, cv2.IMREAD_COLOR)[..., ::-1]
    hair = _pixels(path.with_name(f"{path.stem}_hair.png"), cv2.IMREAD_GRAYSCALE)
    unsure = path.with_name(f"{path.stem}_ignore.png")
    ignored = _pixels(unsure, cv2.IMREAD_GRAYSCALE) if unsure.exists() else np.zeros_like(hair)
    if {hair.shape, ignored.shape} != {image.shape[:2]}:
        raise MaterialDamaged(f"{path.name} and its drawings differ in size")
    try:
        document = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        points = np.array([*document["eyes"], *document["mouth"]], np.float64).reshape(4, 2)
    except (KeyError, TypeError, ValueError) as error:
        raise MaterialDamaged(f"{path.stem}.json holds no eyes and mouth: {error}") from error
    return Labelled(path.stem, np.ascontiguousarray(image), hair >= 128, ignored < 128, points)


def _pixels(path: Path, how: int) -> NDArray[np.uint8]:
    pixels = cv2.imread(str(path), how)
    if pixels is None:
        raise MaterialDamaged(f"{path} is no picture")
    return pixels  # type: ignore[return-value]
