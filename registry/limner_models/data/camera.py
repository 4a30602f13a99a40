"""From light to bytes, as many cameras would: exposure, color, tone, lens, sensor, compression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data.filters import blurred, resized

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

CURVE_STEPS = 16384
"""Enough that the darkest steps are one of 255 apart."""
BRIGHTEST = 4.0
"""Linear light from which every curve is white."""


@dataclass(frozen=True)
class Camera:
    """Every choice between light and bytes but the sensor's noise."""

    exposure: float = 1.0
    """Factor on the light."""
    white: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Factors on red, green and blue."""
    shoulder: float = 0.0
    """How much highlights are rolled off as film does, in [0, 1]."""
    gamma: float = 1.0
    """Exponent on sRGB; above 1 darkens what lies between."""
    contrast: float = 1.0
    """Factor on the distance from middle gray."""
    saturation: float = 1.0
    """Factor on the distance from gray; 0 is a black-and-white photo."""
    ramp: tuple[float, float] = (0.0, 0.0)
    """How the light changes towards the right and the bottom, as powers of e."""
    shrunk: float = 1.0
    """Scale the picture is brought down to and up again, in (0, 1]."""
    blur: float = 0.0
    """Sigma of the lens, in pixels."""
    noise: float = 0.0
    """Sigma of the sensor, in steps of 255."""
    sharpening: float = 0.0
    """How much of what a blur would take is added, as phones do."""
    quality: int = 100
    """JPEG's, in [1, 100]; 100 does not compress."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Camera:
        """Return a camera as they come: most are good, some are bad at one thing."""

        def rarely(share: float, low: float, high: float, otherwise: float) -> float:
            return float(rng.uniform(low, high)) if rng.random() < share else otherwise

        warm, green = rng.normal(0, 0.09), rng.normal(0, 0.04)
        return cls(
            exposure=float(np.exp(rng.normal(0.05, 0.32))),
            white=(float(np.exp(warm)), float(np.exp(green)), float(np.exp(-warm))),
            shoulder=float(rng.uniform(0, 1)),
            gamma=float(np.exp(rng.normal(0, 0.13))),
            contrast=float(np.exp(rng.normal(0.03, 0.15))),
            saturation=0.0 if rng.random() < 0.07 else float(np.clip(rng.normal(1, 0.25), 0, 2)),
            ramp=tuple(rng.normal(0, 0.45, 2)) if rng.random() < 0.5 else (0.0, 0.0),
            shrunk=rarely(0.25, 0.35, 0.9, 1.0),
            blur=rarely(0.3, 0.3, 1.3, 0.0),
            noise=rarely(0.6, 0.5, 9.0, 0.0),
            sharpening=rarely(0.3, 0.2, 1.0, 0.0),
            quality=round(rarely(0.6, 30, 95, 100)),
        )


def develop(linear: Floats, camera: Camera, rng: np.random.Generator) -> Photo:
    """Return the photo a camera takes.

    Args:
        linear: SxSx3, linear light, at least 0.
        camera: What it does.
        rng: Decides the sensor's noise alone.

    Returns:
        SxSx3 uint8, sRGB.
    """
    size = linear.shape[0]
    gains = np.float32(camera.exposure) * np.array(camera.white, np.float32)
    lit = linear * gains
    if camera.ramp != (0.0, 0.0):
        lit *= _falling(camera.ramp, size)[..., None]
    seen = _curve(camera)[_indices(lit)]
    if camera.shrunk < 1:
        small = max(8, round(size * camera.shrunk))
        seen = resized(resized(seen, small, cv2.INTER_AREA), size)
    if camera.blur:
        seen = blurred(seen, camera.blur)
    if camera.sharpening:
        soft = blurred(seen, 1.2)
        seen = seen + np.float32(camera.sharpening) * (seen - soft)
    if camera.saturation != 1:
        gray = seen @ np.array([0.299, 0.587, 0.114], np.float32)
        seen = gray[..., None] + np.float32(camera.saturation) * (seen - gray[..., None])
    if camera.noise:
        seen = seen + np.float32(camera.noise) * _grain(rng, size)
    photo = np.clip(seen, 0, 255).astype(np.uint8)
    return photo if camera.quality >= 100 else _compressed(photo, camera.quality)


def _indices(lit: Floats) -> NDArray[np.int32]:
    scaled = np.minimum(lit, np.float32(BRIGHTEST)) * np.float32((CURVE_STEPS - 1) / BRIGHTEST)
    return scaled.astype(np.int32)


def _curve(camera: Camera) -> Floats:
    """Return what each of CURVE_STEPS amounts of light becomes, 0 to 255."""
    light = np.linspace(0, BRIGHTEST, CURVE_STEPS, dtype=np.float32)
    film = light * (1 + light / 6) / (1 + 0.65 * light) * 1.1
    toned = np.clip(camera.shoulder * film + (1 - camera.shoulder) * light, 0, 1)
    srgb = np.where(toned <= 0.0031308, 12.92 * toned, 1.055 * toned ** (1 / 2.4) - 0.055)
    shaped = 0.45 + camera.contrast * (srgb**camera.gamma - 0.45)
    return np.clip(255 * shaped, 0, 255).astype(np.float32)


def _falling(ramp: tuple[float, float], size: int) -> Floats:
    place = np.linspace(-1, 1, size, dtype=np.float32)
    across, down = (np.exp(np.float32(slope) * place) for slope in ramp)
    return np.outer(down, across)


def _grain(rng: np.random.Generator, size: int) -> Floats:
    noise = rng.standard_normal((size, size, 3), np.float32)
    return noise + noise[..., :1]  # mostly light, some color


def _compressed(photo: Photo, quality: int) -> Photo:
    _, packed = cv2.imencode(".jpg", photo, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)  # type: ignore[return-value]
