"""Groups of strands: hair, brows, fur, and all that is drawn as thin lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import F32, Array, f32

if TYPE_CHECKING:
    from limner_models.studio.labels import Label


@dataclass(frozen=True)
class Finish:
    """How the surface of a group's strands takes light."""

    roughness: float = 0.3
    gloss: float = 0.5
    through: float = 0.2


@dataclass(frozen=True)
class Strands:
    """Strands of one kind; n of them with k points each, world in decimeters."""

    points: F32
    """(n, k, 3)."""
    widths: F32
    """(n, k)."""
    albedo: F32
    """(n, k, 3) linear reflectance."""
    outward: F32
    """(n, k, 3) unit vectors away from what the strands grow on."""
    tilt: F32
    """(n,) normal deviates."""
    gloss: F32
    """(n,) relative strength of the mirror."""
    label: Label
    finish: Finish

    def chosen(self, keep: Array) -> Strands:
        """Return the strands of a mask or of indices."""
        return replace(
            self,
            points=f32(self.points[keep]),
            widths=f32(self.widths[keep]),
            albedo=f32(self.albedo[keep]),
            outward=f32(self.outward[keep]),
            tilt=f32(self.tilt[keep]),
            gloss=f32(self.gloss[keep]),
        )


def plain_strands(
    points: Array, widths: Array | float, color: Array, outward: Array, label: Label, gloss: float
) -> Strands:
    """Return strands of even gloss; widths, colors and normals spread to all points.

    Args:
        points: (n, k, 3).
        widths: Anything that broadcasts to (n, k), decimeters.
        color: Anything that broadcasts to (n, k, 3).
        outward: (n, 3) or (3,), one for each strand or for all.
        label: What the strands are called.
        gloss: Strength of the mirror.
    """
    n, k = points.shape[:2]
    normal = outward[:, None] if outward.ndim == 2 else outward
    return Strands(
        points=f32(points),
        widths=f32(np.broadcast_to(widths, (n, k))),
        albedo=f32(np.broadcast_to(color, (n, k, 3))),
        outward=f32(np.broadcast_to(normal, (n, k, 3))),
        tilt=np.zeros(n, np.float32),
        gloss=np.full(n, gloss, np.float32),
        label=label,
        finish=Finish(gloss=0.4 if label.name == "ACCESSORY" else 0.5),
    )
