"""The face mesh: where its network looks, and its points in the photo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.geometry import Region, points_from

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Points
    from limner_server.imaging.detection import Detection

INPUT_PX: Final = 192
"""Edge of the network's square input."""

POINTS: Final = 468
"""Points of the surface; the irises follow them."""

MARGIN: Final = 1.5
"""Edge of the look over the longer edge of the face: half a face of room in all."""

EYE_LEFT, EYE_RIGHT = 33, 263
"""Outer corners of the eyes at the image's left and right."""

FACE_OVAL: Final = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288),
    *(397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136),
    *(172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
"""The outline of the face, 36 points clockwise from the top of the forehead."""


def region_of_detection(face: Detection) -> Region:
    """Return the square around a detected face, its eyes level."""
    left, right = face.keypoints[0], face.keypoints[1]
    side = MARGIN * max(face.width, face.height)
    center = ((face.left + face.right) / 2, (face.top + face.bottom) / 2)
    return Region(*center, side, side, _lean(left, right))


def region_of_landmarks(landmarks: Points) -> Region:
    """Return the square around a first mesh, its eyes level; a second look from there is steadier.

    Args:
        landmarks: 468x2 or more rows and columns, float32, pixels of the photo.
    """
    points = landmarks[:POINTS, :2].astype(np.float64)
    low, high = points.min(0), points.max(0)
    side = MARGIN * float((high - low).max())
    center = (low + high) / 2
    lean = _lean(points[EYE_LEFT], points[EYE_RIGHT])
    return Region(float(center[0]), float(center[1]), side, side, lean)


def landmarks_in_photo(landmarks: Points, region: Region) -> Points:
    """Return a mesh in pixels of the photo.

    Args:
        landmarks: Nx3 float32, pixels of the network's input; z on x's scale.
        region: The square that the input showed.

    Returns:
        Nx3 float32, pixels of the photo; z on x's scale, smaller nearer the camera.
    """
    points = np.empty(landmarks.shape, np.float32)
    points[:, :2] = points_from(region, landmarks[:, :2] / np.float32(INPUT_PX))
    points[:, 2] = landmarks[:, 2] * np.float32(region.width / INPUT_PX)
    return points


def oval(landmarks: Points) -> Points:
    """Return the 36 points around a face, clockwise from its top, as 36x2 float32."""
    return landmarks[list(FACE_OVAL), :2]


def _lean(left: Points, right: Points) -> float:
    """Return how far a line between the eyes leans clockwise, in [-pi, pi]."""
    return math.atan2(float(right[1] - left[1]), float(right[0] - left[0]))
