"""Light on drawn hair, varied as it varies among photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Lamp:
    """More or less light on the hair than it was drawn in, and how it scatters there."""

    gain: float
    """Factor on the light."""
    fill: float
    """Share of a strand's light that comes from the hair around, for black hair."""
    scatter: float
    """How much larger that share is for white hair."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Lamp:
        """Return a lamp; on average it leaves the light as it was drawn."""
        gain = float(np.exp(np.clip(rng.normal(0.1, 0.4), -0.9, 1.2)))
        return cls(gain, float(rng.uniform(0, 0.15)), float(rng.uniform(0, 0.5)))

    def on(self, light: Floats, alpha: Floats) -> Floats:
        """Return light so lit.

        Args:
            light: SxSx3, linear light.
            alpha: SxS in [0, 1], share of hair; the rest stays as it is.
        """
        share = np.clip(alpha, 0, 1)[..., None]
        sigma = light.shape[0] / 12
        amount = np.maximum(cv2.GaussianBlur(share, (0, 0), sigma), np.float32(1e-3))
        around = cv2.GaussianBlur(light * share, (0, 0), sigma) / amount[..., None]
        bright = np.float32(self.gain) * around.mean(-1, keepdims=True)
        part = np.minimum(self.fill + self.scatter * bright / (bright + np.float32(0.3)), 0.85)
        lit = np.float32(self.gain) * (light + part * (around - light))
        return np.asarray(light + share * (lit - light), np.float32)
