"""A drawn portrait: the photo, and the truth about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from limner_models.studio.animals import build_animal
from limner_models.studio.arrays import F32, U8, Array, f32
from limner_models.studio.backgrounds import draw_background
from limner_models.studio.develop import develop
from limner_models.studio.exposure import Exposure, expose
from limner_models.studio.labels import LABELS
from limner_models.studio.landmarks import LANDMARKS
from limner_models.studio.scene import build

if TYPE_CHECKING:
    from pathlib import Path

    from limner_models.studio.params import Params
    from limner_models.studio.scene import Scene

SMALLEST, LARGEST = 16, 2048


@dataclass(frozen=True)
class Portrait:
    """One portrait of n x n pixels."""

    params: Params
    photo: U8
    """(n, n, 3) sRGB."""
    foreground: F32
    """(n, n, 3) linear light, exposed, premultiplied by coverage, in [0, 6]."""
    coverage: F32
    """(n, n) in [0, 1]: how much of a pixel the person covers."""
    hair: F32
    """(n, n) in [0, 1]: how much of a pixel visible scalp hair covers."""
    labels: U8
    """(n, n): a Label, what covers most of the pixel."""
    landmarks: F32
    """(44, 2) x and y in pixels, in the order of LANDMARKS; NaN where an animal has none."""

    def save(self, stem: Path) -> None:
        """Write STEM.png, _alpha.png, _label.png and .json, each whole or not at all."""
        pictures = {
            "": self.photo,
            "_alpha": to_bytes(self.hair),
            "_label": self.labels,
        }
        for suffix, pixels in pictures.items():
            save_png(pixels, stem.with_name(f"{stem.name}{suffix}.png"))
        points = {
            name: [round(float(x), 2), round(float(y), 2)]
            for name, (x, y) in zip(LANDMARKS, self.landmarks, strict=True)
            if np.isfinite(x)
        }
        document = {"landmarks": points, "params": self.params.to_json(), "labels": LABELS}
        unfinished = stem.with_name(f".{stem.name}.json.part")
        unfinished.write_text(json.dumps(document))
        unfinished.rename(stem.with_name(f"{stem.name}.json"))


def to_bytes(share: F32) -> U8:
    """Return shares in [0, 1] as uint8."""
    return (share * 255 + 0.5).astype(np.uint8)


def save_png(pixels: U8, file: Path) -> None:
    """Write a picture under its name only once it is whole."""
    unfinished = file.with_name(f".{file.name}.part")
    Image.fromarray(pixels).save(unfinished, "PNG", compress_level=3)
    unfinished.rename(file)


def draw(params: Params, size: int, photos: Path | None = None) -> Portrait:
    """Return the portrait of these parameters.

    Args:
        params: What to draw; the same params give the same portrait.
        size: Pixels of its side, in [16, 2048].
        photos: Folder of the photo that `params.background` names; procedural ones need none.

    Raises:
        ValueError: The size is out of range.
        PhotoMissing: The background's photo is not in the folder.
    """
    return finish(sit(params, size), photos)


def sit(params: Params, size: int) -> Exposure:
    """Return a portrait before its background and the camera's settings, to make several of.

    Raises:
        ValueError: The size is out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size {size} is not in [{SMALLEST}, {LARGEST}]")
    return expose(params, size, _scene(params, size))


def _scene(params: Params, size: int) -> Scene:
    if params.species == "human":
        return build(params, size)
    return build_animal(params, size)


def finish(
    exposure: Exposure, photos: Path | None = None, params: Params | None = None
) -> Portrait:
    """Return a portrait of what was exposed.

    Args:
        exposure: What `sit` or `Exposure.recolored` returned.
        photos: Folder of background photos.
        params: The exposure's own with another background or development; its own if None.

    Raises:
        PhotoMissing: The background's photo is not in the folder.
    """
    params = params or exposure.params
    foreground, coverage, hair, labels = exposure.layers()
    behind = draw_background(params.background, exposure.size, params.light.top, photos)
    linear = f32(foreground + behind * (1 - coverage[..., None]))
    return Portrait(
        params=params,
        photo=develop(linear, params.develop),
        foreground=foreground,
        coverage=coverage,
        hair=hair,
        labels=labels,
        landmarks=landmarks_of(exposure),
    )


def landmarks_of(exposure: Exposure) -> F32:
    """Return where landmarks are seen, float32 (44, 2) pixels; NaN for those there are not."""
    marks = np.full((len(LANDMARKS), 2), np.nan, np.float32)
    step = len(exposure.visible.canvas.depth) / exposure.size
    for row, name in enumerate(LANDMARKS):
        point: Array | None = exposure.scene.landmarks.get(name)
        if point is not None:
            marks[row] = exposure.view.project(point)[:2] / step
    return marks
