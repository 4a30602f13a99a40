"""What happens to one person's layers before others join: hair color, light, focus."""

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
