"""Where a head lies: the square around it that a network sees, from four points of the face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

DOWN = 0.1
"""How far the middle moves down the face, in sides of the FFHQ square: long hair falls."""
WIDER = 1.5
"""Side of the crop in sides of the FFHQ square."""


def face_points(points: Mapping[str, tuple[float, float]]) -> NDArray[np.float64]:
    """Return the four points a head crop is made from, out of the studio's landmarks.

    Returns:
        4x2 pixels: eye and eye, mouth corner and mouth corner; the image's left ones first.
    """
    names = ("pupil_r", "pupil_l", "mouth_r", "mouth_l")  # the person's right is on the left
    return np.array([points[name] for name in names], np.float64)


def head_crop(
    points: NDArray[np.float64],
    size: int,
    scale: float = 1.0,
    shift: tuple[float, float] = (0.0, 0.0),
    roll: float = 0.0,
) -> NDArray[np.float64]:
    """Return the similarity that brings a photo's head upright into a square.

    Args:
        points: 4x2 pixels of the photo: eye and eye, mouth corner and mouth corner, the image's
            left ones first.
        size: Pixels a side of the square.
        scale: How much more of the photo to take; 1 as the server does.
        shift: How far to move the crop, in its own sides along its own axes.
        roll: Radians by which to lean it clockwise.

    Returns:
        2x3: maps pixel indices of the photo to pixel indices of the square.

    Source: the alignment of FFHQ (Karras et al., A Style-Based Generator Architecture for GANs,
        CVPR 2019). Ours is half as wide again and lies lower, so that long hair is seen too.
    """
    eyes, mouth = points[:2].mean(0), points[2:].mean(0)
    across, down = points[1] - points[0], mouth - eyes
    axis = across - np.array([-down[1], down[0]])
    axis /= max(float(np.hypot(*axis)), 1e-9)
    half = max(2.0 * float(np.hypot(*across)), 1.8 * float(np.hypot(*down)), 1e-6)
    upright = np.stack([axis, [-axis[1], axis[0]]])
    side = 2 * half * WIDER * scale
    center = eyes + 0.1 * down + 2 * half * DOWN * upright[1]
    center = center + side * (np.array(shift) @ upright)
    cosine, sine = np.cos(roll), np.sin(roll)
    leaning = np.array([[cosine, sine], [-sine, cosine]]) @ upright
    turn = leaning * (size / side)
    # centers of pixels, not their corners, are what the indices name
    offset = size / 2 - 0.5 - turn @ center
    return np.concatenate([turn, offset[:, None]], axis=1)
