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
    168: (3.271027, 5.236015),
    6: (2.473255, 5.788627),
    195: (1.059413, 6.774605),
    4: (-0.463170, 7.586580),
    2: (-2.089024, 6.058267),
    151: (6.545390, 5.027311),
    10: (8.261778, 4.481535),
}
_SIDES: Final = {
    (33, 263): (4.445859, 2.663991, 3.173422),
    (133, 362): (1.856432, 2.585245, 3.757904),
    (129, 358): (1.785794, -0.978284, 4.850470),
    (54, 284): (6.279331, 6.615427, 1.425850),
    (127, 356): (7.743095, 2.364999, -2.005167),
    (234, 454): (7.664182, 0.673132, -2.435867),
}
"""Points that neither speech nor a smile moves, in centimeters: to the side, up, to the camera.

Source: MediaPipe's canonical face model (Apache-2.0), vertices of the same numbers.
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
    seen = landmarks[list(RIGID)].astype(np.float64)
    left, _, right = np.linalg.svd((seen - seen.mean(0)).T @ TEMPLATE)
    proper = np.diag([1.0, 1.0, np.sign(np.linalg.det(left @ right))])
    turn = left @ proper @ right
    return HeadPose(
        yaw=math.degrees(math.atan2(turn[2, 0], math.hypot(turn[0, 0], turn[1, 0]))),
        pitch=math.degrees(math.atan2(-turn[2, 1], turn[2, 2])),
        roll=math.degrees(math.atan2(turn[1, 0], turn[0, 0])),
    )


def _template() -> dict[int, tuple[float, float, float]]:
    """Return the still face in the image's axes: right, down, away from the camera."""
    points = {index: (0.0, -up, -near) for index, (up, near) in _MIDDLE.items()}
    for (left, right), (side, up, near) in _SIDES.items():
        points[left] = (-side, -up, -near)
        points[right] = (side, -up, -near)
    return points


def _centered(points: list[tuple[float, float, float]]) -> NDArray[np.float64]:
    array = np.array(points)
    centered: NDArray[np.float64] = array - array.mean(0)
    return centered


RIGID: Final = tuple(_template())
"""The mesh points that the pose is read from."""

TEMPLATE: Final = _centered(list(_template().values()))
"""len(RIGID)x3 float64, the still face about its mean."""
