"""What happens to one person's layers before others join: hair color, light, focus, a hat."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.data.filters import blurred
from limner_models.data.scene import Layers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Rec. 709 weights of linear red, green and blue."""
LEAST_GAIN, MOST_GAIN = 0.03, 15.0
"""Hair is made darker and brighter by no more than this: what it hides in noise would show."""


def bleached(layers: Layers, rng: np.random.Generator) -> Layers:
    """Return people whose hair alone is as light as chance has it, from white to jet black.

    White hair before a bright forehead, and hair as dark as the clothes below it, are what networks
    taught by drawings miss most.
    """
    share = np.clip(layers.hair / np.maximum(layers.coverage, 1e-3), 0, 1)[..., None]
    weight = float((layers.hair > 0.5).sum())
    if weight < 16:
        return layers
    found = float((layers.light @ LUMA)[layers.hair > 0.5].mean())
    white = rng.random() < 0.45
    wanted = rng.uniform(0.3, 1.0) if white else np.exp(rng.uniform(np.log(0.002), np.log(0.3)))
    hair = layers.light * np.float32(np.clip(wanted / max(found, 1e-3), LEAST_GAIN, MOST_GAIN))
    gray = (hair @ LUMA)[..., None]
    grayed = np.float32(rng.uniform(0.6, 1) if white else rng.uniform(0, 1))
    blond = np.array([1.08, 1.0, 0.82], np.float32) ** np.float32(rng.uniform(-0.3, 1.6))
    hair = (hair + grayed * (gray - hair)) * blond
    return replace(layers, light=layers.light + share * (hair - layers.light))


def relit(layers: Layers, rng: np.random.Generator) -> Layers:
    """Return people under another light: stronger, colored, and from one side."""
    return replace(layers, light=layers.light * other_light(rng, layers.coverage.shape[0]))


def other_light(rng: np.random.Generator, size: int) -> Floats:
    """Return factors on the light of a place: SxSx3, about 1."""
    warm = rng.normal(0, 0.12)
    gains = np.exp(rng.normal(0, 0.25) + np.array([warm, 0, -warm])).astype(np.float32)
    slope = np.float32(rng.normal(0, 0.35)) * np.linspace(-1, 1, size, dtype=np.float32)
    ramp = np.exp(slope)[None, :, None] if rng.random() < 0.5 else np.exp(slope)[:, None, None]
    return np.asarray(np.broadcast_to(gains * ramp, (size, size, 3)), np.float32)


def unfocused(layers: Layers, sigma: float) -> Layers:
    """Return people blurred by `sigma` pixels, together with what is known about them."""
    every = (layers.light, layers.coverage, layers.hair, layers.face, layers.body)
    return Layers(*(blurred(layer, sigma) for layer in every))


def knitted(rng: np.random.Generator, size: int) -> Floats:
    """Return cloth of one color, more often dark than light, with a fine weave: SxSx3, linear."""
    color = np.exp(rng.uniform(np.log(0.006), np.log(0.6))) * rng.uniform(0.5, 1.3, 3)
    if rng.random() < 0.5:
        color[:] = color.mean()
    rough = rng.standard_normal((size, size), np.float32)
    weave = blurred(rough, float(rng.uniform(0.3, 1.2)), float(rng.uniform(0.3, 2.5)))
    weave *= np.float32(rng.uniform(0, 0.35)) / max(float(weave.std()), 1e-3)
    lit = np.maximum(1 + weave, 0)[..., None] * color.astype(np.float32)
    return np.asarray(lit, np.float32)


def hatted(
    layers: Layers, points: NDArray[np.float64], cloth: Floats, rng: np.random.Generator
) -> Layers:
    """Return people with a cap on: a crown over the head, maybe a brim or a peak below it.

    Hair above the band is under the cap, wherever it stood out; below the band it is seen.

    Args:
        layers: The person.
        points: 4x2 pixels: eye and eye, mouth corner and mouth corner.
        cloth: SxSx3 in linear light, what the cap is made of.
        rng: Decides its shape.
    """
    eyes, mouth = points[:2].mean(0), points[2:].mean(0)
    high = float(np.hypot(*(mouth - eyes)))
    wide = max(float(np.hypot(*(points[1] - points[0]))), 0.85 * high)  # eyes of a turned head
    up = (eyes - mouth) / max(high, 1e-6)
    band = eyes + up * high * rng.uniform(0.35, 0.75)
    size = layers.coverage.shape[0]
    rows, columns = np.indices((size, size), np.float32) - np.float32(band[::-1, None, None])
    raised = columns * np.float32(up[0]) + rows * np.float32(up[1])
    aside = columns * np.float32(-up[1]) + rows * np.float32(up[0])

    def ellipse(across: float, along: float) -> NDArray[np.bool_]:
        inside: NDArray[np.bool_] = (aside / across) ** 2 + (raised / along) ** 2 < 1
        return inside

    broad = wide * rng.uniform(1.2, 1.6)
    crown = ellipse(broad, high * rng.uniform(1.0, 1.8)) & (raised > 0)
    brim = np.zeros_like(crown)
    if rng.random() < 0.5:
        brim = ellipse(wide * rng.uniform(1.1, 2.2), high * rng.uniform(0.08, 0.35))
    shape = blurred((crown | brim).astype(np.float32), 0.6)
    round_light = 1 - np.float32(rng.uniform(0, 0.8)) * np.minimum(1, (aside / broad) ** 2)
    shade = np.where(brim, np.float32(rng.uniform(0.4, 1.2)), round_light)
    bare = (1 - shape) * blurred((raised <= 0).astype(np.float32), 0.6)
    return Layers(
        cloth * (shape * shade)[..., None] + bare[..., None] * layers.light,
        shape + bare * layers.coverage,
        bare * layers.hair,
        bare * layers.face,
        shape + bare * layers.body,
    )
