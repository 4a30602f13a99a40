"""Photos to draw that no stylizer was trained on, and some of any size."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from skimage import data

from limner_models.data.pairs import photos_in
from limner_models.likeness import edge_share
from limner_models.recipes.stylizer_scores import EDGES
from limner_models.studio.backgrounds import debian_photos
from limner_server.imaging.drawing_size import reduced

Photo = np.ndarray[Any, np.dtype[np.uint8]]

SAMPLES = ("astronaut", "chelsea", "coffee", "rocket")
"""Photos that scikit-image carries."""
MOST = 12
"""Photos of a folder that are looked at."""
EDGE = 960
"""Longest edge at which pictures are compared."""


def held_out() -> Iterator[Photo]:
    """Yield photos that were never trained on, and in which there is something to draw.

    Those of scikit-image, and those held out of the folder LIMNER_BACKGROUNDS, else of Debian's
    wallpapers where there are any.
    """
    for name in SAMPLES:
        yield fitted(getattr(data, name)())
    folder = os.environ.get("LIMNER_BACKGROUNDS") or debian_photos()
    for file in photos_in(Path(folder) if folder else None, held_out=True)[:MOST]:
        photo = fitted(np.asarray(Image.open(file).convert("RGB")))
        if edge_share(photo) >= EDGES:
            yield photo


def fitted(photo: Photo) -> Photo:
    """Return a photo of at most EDGE pixels a side."""
    factor = min(1.0, EDGE / max(photo.shape[:2]))
    high, wide = (round(side * factor) for side in photo.shape[:2])
    return np.ascontiguousarray(reduced(photo, high, wide))


def enlarged(width: int, height: int) -> Photo:
    """Return a photo of any size, with noise as a sensor's."""
    photo = cv2.resize(data.coffee(), (width, height), interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).integers(-4, 5, photo.shape, np.int8)
    noisy: Photo = np.clip(photo.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    return noisy
