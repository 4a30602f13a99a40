"""How a head is turned, from the mesh of its face."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Points

_MIDDLE: Final = {
    168: (-0.42, -1.90),
    6: (0.39, -2.28),
    195: (1.79, -3.19),
    4: (3.34, -3.86),
    2: (4.50, -2.05),
    151: (-3.68, -2.03),
    10: (-5.26, -1.82),
}
_SIDES: Final = {
    (33, 263): (4.50, -0.11, 0.25),
    (133, 362): (1.72, 0.11, -0.25),
    (129, 358): (2.16, 3.44, -1.00),
    (54, 284): (5.82, -3.58, 1.30),
    (127, 356): (6.64, 0.02, 4.92),
    (234, 454): (6.52, 1.38, 5.48),
}
"""Points that neither speech nor a smile moves: to the side, down, away; the eyes 9 apart.

Source: what the plain mesh answers to two faces that look straight into the camera, one drawn and
one photographed (the astronaut), each turned level, laid over its mirror image and averaged.
"""


@dataclass(frozen=True)
class HeadPose:
    """How a head is turned, seen from the camera; all zero looks straight into it."""

    yaw: float
    """Degrees in [-90, 90]; positive turns the nose to the image's right."""
    pitch: float
    """Degrees in [-180, 180]; positive lifts the nose."""
    roll: float
    """Degrees in [-180, 180]; positive leans the head clockwise in the image."""


def head_pose(landmarks: Points) -> HeadPose:
    """Return how the head under a mesh is turned.

    The rotation that brings a still, symmetric face closest to the mesh, taken apart so that the
    lean in the image comes last: turning the photo changes roll alone, mirroring it turns yaw and
    roll around.

    Args:
        landmarks: 468x3 or 478x3 float32, pixels; z on x's scale, smaller nearer the camera.

    Source: Kabsch, A solution for the best rotation to relate two sets of vectors, 1976.
    """
    turn = head_turn(landmarks)
    return HeadPose(
        yaw=math.degrees(math.atan2(turn[2, 0], math.hypot(turn[0, 0], turn[1, 0]))),
        pitch=math.degrees(math.atan2(-turn[2, 1], turn[2, 2])),
        roll=math.degrees(math.atan2(turn[1, 0], turn[0, 0])),
    )


def head_turn(landmarks: Points) -> NDArray[np.float64]:
    """Return the rotation of the head under a mesh, 3x3, from the still face; see `head_pose`."""
    seen = landmarks[list(RIGID)].astype(np.float64)
    left, _, right = np.linalg.svd((seen - seen.mean(0)).T @ TEMPLATE)
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turn: NDArray[np.float64] = left @ proper @ right
    return turn


def _template() -> dict[int, tuple[float, float, float]]:
    """Return the still face in the image's axes: right, down, away from the camera."""
    points = {index: (0.0, down, away) for index, (down, away) in _MIDDLE.items()}
    for (left, right), (side, down, away) in _SIDES.items():
        points[left] = (-side, down, away)
        points[right] = (side, down, away)
    return points


RIGID: Final = tuple(_template())
"""The mesh points that the pose is read from."""

SIDED: Final = tuple(_SIDES)
"""Those of them that come in pairs, at the image's left and right."""

STILL: Final = np.array(list(_template().values()))
"""len(RIGID)x3 float64, the still face."""

TEMPLATE: Final = STILL - STILL.mean(0)
"""len(RIGID)x3 float64, the still face about its mean."""
