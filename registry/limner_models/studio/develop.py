"""From linear light to a photo: white balance, lens, tone, grain, JPEG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from limner_models.studio.arrays import F32, U8, Array, f32

if TYPE_CHECKING:
    from limner_models.studio.params import Develop

GAMMA = 1 / 2.2


def develop(linear: F32, how: Develop) -> U8:
    """Return the photo, uint8 (n, n, 3) sRGB, that a camera makes of linear light (n, n, 3)."""
    size = len(linear)
    light: Array = linear * f32(how.white)
    if how.vignette > 0:
        across = np.linspace(-1, 1, size, dtype=np.float32)
        light = light * (1 - how.vignette * 0.35 * (across[:, None] ** 2 + across**2))[..., None]
    if how.blur > 0.15:
        radius = how.blur * size / 256 * 1.1
        light = gaussian_filter(light, (radius, radius, 0))
    tone = _tone(np.maximum(light, 0), how.film)
    tone = np.clip((tone - 0.5) * how.contrast + 0.5, 0, 1)
    gray = tone.mean(-1, keepdims=True)
    tone = np.repeat(gray, 3, -1) if how.gray else gray + (tone - gray) * how.saturation
    if how.noise > 0:
        tone = tone + _grain(tone, how)
    return _compressed((np.clip(tone, 0, 1) * 255 + 0.5).astype(np.uint8), how.quality)


def _tone(light: Array, film: float) -> Array:
    """Return display values between a plain curve and a film-like one.

    Source: Narkowicz, ACES Filmic Tone Mapping Curve, 2016, with 0.8 as its exposure.
    """
    plain = np.clip(light, 0, 1) ** GAMMA
    filmic = light * (2.51 * light * 0.8 + 0.03) / (light * (2.43 * light * 0.8 + 0.59) + 0.14)
    return np.asarray(plain * (1 - film) + np.clip(filmic, 0, 1) ** GAMMA * film)


def _grain(tone: Array, how: Develop) -> Array:
    draws = np.random.default_rng(how.seed)
    fine = draws.standard_normal(tone.shape, np.float32)
    coarse = gaussian_filter(draws.standard_normal(tone.shape, np.float32), (0.8, 0.8, 0))
    shadows = 0.6 + 0.8 * np.sqrt(np.clip(1 - tone, 0, 1))
    return how.noise * (fine + 1.4 * coarse) * shadows  # type: ignore[no-any-return]


def _compressed(pixels: U8, quality: int) -> U8:
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=quality)
    return np.asarray(Image.open(data).convert("RGB"))
