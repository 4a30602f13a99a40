"""Where five points of a face lie in an aligned crop, and the similarity that brings them there.

Training aligns by the studio's landmarks, the server by a mesh's: both by what is said here.
A coordinate is the index of a pixel: the middle of the top left pixel is (0, 0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Points = NDArray[np.float64]
    Matrix = NDArray[np.float64]

TEMPLATE: Final = (
    np.array(
        [
            (192.98138, 239.94708),
            (318.90277, 240.1936),
            (256.63416, 314.01935),
            (201.26117, 371.41043),
            (313.08905, 371.15118),
        ]
    )
    / 512
)
"""5x2, shares of a crop's side from its upper left corner: eye, eye, nose, mouth corner, mouth
corner; the image's left ones first.

Source: the means of aligned FFHQ faces that facexlib restores faces in.
"""

ON_MESH: Final = ((33, 133), (362, 263), (1,), (61,), (291,))
"""Which of MediaPipe's 478 points each of the five is the mean of: the corners of either eye, the
tip of the nose, the corners of the mouth."""

IN_STUDIO: Final = (
    ("eye_outer_r", "eye_inner_r"),
    ("eye_inner_l", "eye_outer_l"),
    ("nose_tip",),
    ("mouth_r",),
    ("mouth_l",),
)
"""Which of the studio's landmarks; the person's right is on the image's left."""


def five_of_mesh(landmarks: NDArray[np.float32]) -> Points:
    """Return a mesh's five points, 5x2.

    Args:
        landmarks: Nx2 or more columns, N at least 468, pixels of the photo.
    """
    points = landmarks[:, :2].astype(np.float64)
    return np.array([points[list(which)].mean(0) for which in ON_MESH])


def five_of_studio(points: Mapping[str, tuple[float, float]]) -> Points:
    """Return a drawn portrait's five points, 5x2, from its landmarks by name."""
    return np.array([np.mean([points[name] for name in names], axis=0) for names in IN_STUDIO])


def aligned(points: Points, size: int) -> Matrix:
    """Return the similarity that brings five points nearest to the template.

    Args:
        points: 5x2 pixels of a photo, not all at one place.
        size: Pixels a side of the crop.

    Returns:
        2x3: maps pixel indices of the photo to pixel indices of the crop.
    """
    return similarity(points, TEMPLATE * size - 0.5)


def similarity(points: Points, targets: Points) -> Matrix:
    """Return the turn, scale and shift, 2x3, that bring points nearest to targets, both Nx2.

    Source: Umeyama, Least-Squares Estimation of Transformation Parameters, 1991; in the plane and
        without mirroring it is linear in four numbers.
    """
    middle, goal = points.mean(0), targets.mean(0)
    p, q = points - middle, targets - goal
    spread = max(float((p * p).sum()), 1e-12)
    along = float((p * q).sum()) / spread
    across = float((p[:, 0] * q[:, 1] - p[:, 1] * q[:, 0]).sum()) / spread
    turn = np.array([[along, -across], [across, along]])
    return np.concatenate([turn, (goal - turn @ middle)[:, None]], axis=1)


def inverse(matrix: Matrix) -> Matrix:
    """Return the way back of a 2x3 map.

    Raises:
        numpy.linalg.LinAlgError: It brings all points to one line.
    """
    turn = np.linalg.inv(matrix[:, :2])
    return np.concatenate([turn, -(turn @ matrix[:, 2])[:, None]], axis=1)


def mapped(points: Points, matrix: Matrix) -> Points:
    """Return where a 2x3 map brings points, Nx2."""
    moved: Points = points @ matrix[:, :2].T + matrix[:, 2]
    return moved


def misfit(one: Points, other: Points) -> float:
    """Return how far one face's five points stay from another's once brought onto them.

    It is the root of the mean square over five points, as a share of the distance of the other's
    eyes: 0 for the same face in the same pose; how much is too far depends on the use.
    """
    away = mapped(one, similarity(one, other)) - other
    eyes = float(np.hypot(*(other[1] - other[0])))
    return float(np.sqrt((away**2).sum(1).mean())) / max(eyes, 1e-9)
