"""The camera: from decimeters to samples of a picture."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.arrays import f32, unit_vectors
from limner_models.studio.assets import head_point

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, F64, Array
    from limner_models.studio.params import Camera

TARGET = np.array([0, 7.42, 0.35])
"""What the camera looks at, on the head at rest."""
HEAD = 2.4
"""Height of a head, decimeters: a framing of 1 fills the picture with it."""


@dataclass(frozen=True)
class View:
    """A pinhole camera."""

    eye: Array
    """(3,) decimeters."""
    axes: F64
    """(3, 3): right, up, backward."""
    focal: float
    """Samples per unit of slope."""
    center: tuple[float, float]
    """Samples from the left and the top."""

    def project(self, points: Array) -> F32:
        """Return column and row in samples and depth in decimeters, (..., 3)."""
        seen = (points - self.eye) @ self.axes.T
        depth = -seen[..., 2]
        column = self.center[0] + self.focal * seen[..., 0] / depth
        row = self.center[1] - self.focal * seen[..., 1] / depth
        return f32(np.stack([column, row, depth], -1))

    def through(self, matrix: F64) -> View:
        """Return the view whose picture is this one's under an affine map, 2x3, of its samples."""
        (a, b, _), (c, d, _) = matrix
        right, up, backward = self.axes
        scale = math.sqrt(abs(a * d - b * c))
        axes = np.stack([(a * right - b * up) / scale, (d * up - c * right) / scale, backward])
        column, row = matrix[:, :2] @ self.center + matrix[:, 2]
        return replace(self, axes=axes, focal=self.focal * scale, center=(column, row))


def view_of(camera: Camera, turn: F64, side: int) -> View:
    """Return the view of a head, for a picture of side x side samples."""
    yaw, pitch, roll = (math.radians(a) for a in (camera.yaw, camera.pitch, camera.roll))
    backward = np.array(
        [math.sin(yaw) * math.cos(pitch), math.sin(pitch), math.cos(yaw) * math.cos(pitch)]
    )
    right = unit_vectors(np.cross([0, 1, 0], backward))
    up = np.cross(backward, right)
    tilted = right * math.cos(roll) + up * math.sin(roll)
    upright = -right * math.sin(roll) + up * math.cos(roll)
    # small heads move down, so that the picture does not reach below the body
    lower = -0.02 - 0.10 * (0.74 - camera.framing) + 1.2 * max(0.0, 0.42 - camera.framing)
    return View(
        eye=head_point(TARGET, turn) + backward * camera.distance,
        axes=np.stack([tilted, upright, backward]),
        focal=side * camera.framing / HEAD * camera.distance,
        center=(side * (0.5 + camera.center[0]), side * (0.5 + camera.center[1] + lower)),
    )
