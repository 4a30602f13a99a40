"""What is behind the person: a photo where there is one, else something drawn."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageFilter, UnidentifiedImageError

from limner_models.studio import textures
from limner_models.studio.arrays import F32, RGB, Array, f32

if TYPE_CHECKING:
    from numpy.random import Generator

    from limner_models.studio.params import Background, Params

DEBIAN = (Path("/usr/share/backgrounds"), Path("/usr/share/wallpapers"))
"""Where Debian's wallpaper packages put photos."""
ENDINGS = (".jpg", ".jpeg", ".png", ".webp")
LEAST = 400
"""Pixels of the shorter side below which a picture is no background."""
MOST = 60_000_000
"""Pixels above which a picture is left alone."""
SHRUNK = 720
"""Photos are kept in memory with this shorter side."""
PHOTOGRAPHIC = ("photo", "blurred_photo")


class PhotoMissing(ValueError):
    """A background names a photo that is not there or cannot be read."""


@dataclass(frozen=True)
class Photos:
    """A folder of photos, listed once: the list decides which photo a portrait gets."""

    folder: Path
    names: tuple[str, ...]
    """Paths below the folder, sorted; of pictures in one wallpaper's folder only the largest."""

    @classmethod
    def listed(cls, folder: Path) -> Photos:
        """List a folder and all below it."""
        best: dict[str, tuple[int, str]] = {}
        for file in sorted(folder.rglob("*")):
            pixels = _pixels(file) if file.suffix.lower() in ENDINGS else 0
            if pixels:
                name = file.relative_to(folder).as_posix()
                # a wallpaper's folder holds the same picture in many sizes
                key = file.parent.as_posix() if "contents/images" in name else name
                best[key] = max(best.get(key, (0, "")), (pixels, name))
        return cls(folder, tuple(sorted(name for _, name in best.values())))

    def digest(self) -> str:
        """Return a sha256 over the names, which with seeds decides who gets which photo."""
        return hashlib.sha256("\n".join(self.names).encode()).hexdigest()

    def assign(self, params: Params) -> Params:
        """Return params whose photographic background names one of these photos."""
        background = params.background
        if background.kind not in PHOTOGRAPHIC or not self.names:
            return params
        chosen = self.names[background.seed % len(self.names)]
        return replace(params, background=replace(background, photo=chosen))


def debian_photos() -> Path | None:
    """Return the first folder of wallpapers that is installed."""
    return next((folder for folder in DEBIAN if folder.is_dir()), None)


def _pixels(file: Path) -> int:
    """Return a picture's pixels, 0 for what is none, too small or too large."""
    try:
        with Image.open(file) as image:
            width, height = image.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, ValueError):
        return 0
    return width * height if min(width, height) >= LEAST and width * height <= MOST else 0


def draw_background(background: Background, size: int, top: RGB, photos: Path | None) -> F32:
    """Return a background in linear light, float32 (size, size, 3).

    Args:
        background: Which one; a photographic one without a photo is drawn instead.
        size: Pixels of its side.
        top: Light from above, which brightens or dims what is drawn.
        photos: Folder that the photo's path starts from.

    Raises:
        PhotoMissing: The photo is not there.
    """
    draws = np.random.default_rng(background.seed)
    if background.photo is not None:
        return _photo(draws, background, size, photos)
    kind = background.kind
    if kind in PHOTOGRAPHIC:
        kind = str(draws.choice(list(textures.KINDS)))
    image = textures.KINDS[kind](draws, size)
    ambience = 0.6 + 0.4 * min(1.5, float(np.mean(top)))
    return f32(np.maximum(image, 0) * ambience)


def _photo(draws: Generator, background: Background, size: int, photos: Path | None) -> F32:
    """Return a random cut of a photo, mirrored half of the time."""
    name = background.photo or ""
    if photos is None or ".." in Path(name).parts or Path(name).is_absolute():
        raise PhotoMissing(f"no folder was given that holds {name}")
    image = _shrunk(photos / name)
    width, height = image.size
    side = draws.uniform(0.25, 1.0) * min(width, height)
    left, top = draws.uniform(0, width - side), draws.uniform(0, height - side)
    box = (int(left), int(top), int(left + side), int(top + side))
    image = image.crop(box).resize((size, size), Image.Resampling.BICUBIC)
    if draws.random() < 0.5:
        image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    if background.kind == "blurred_photo":
        image = image.filter(ImageFilter.GaussianBlur(size * draws.uniform(0.008, 0.05)))
    linear: Array = (np.asarray(image, np.float32) / 255) ** 2.2
    return f32(linear * draws.uniform(0.5, 1.4))


@functools.lru_cache(maxsize=256)
def _shrunk(file: Path) -> Image.Image:
    """Return a photo small enough to keep."""
    try:
        with Image.open(file) as image:
            width, height = image.size
            if width * height > MOST:
                raise PhotoMissing(f"{file} has more than {MOST} pixels")
            # JPEGs are decoded at a fraction of their size where that suffices
            scale = SHRUNK / min(width, height)
            wanted = (max(1, round(width * scale)), max(1, round(height * scale)))
            image.draft("RGB", wanted)
            return image.convert("RGB").resize(wanted, Image.Resampling.LANCZOS)
    except (OSError, UnidentifiedImageError) as error:
        raise PhotoMissing(f"{file} is no readable picture") from error
