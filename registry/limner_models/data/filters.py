"""OpenCV's filters on float pictures, with types that say a float picture comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]


def blurred(picture: Floats, sigma: float, sigma_down: float | None = None) -> Floats:
    """Return a picture or a plane after a Gaussian of `sigma` pixels, maybe another downwards."""
    down = sigma if sigma_down is None else sigma_down
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigmaX=sigma, sigmaY=down), np.float32)


def resized(picture: Floats, size: int, how: int = cv2.INTER_LINEAR) -> Floats:
    """Return a picture or a plane at `size` pixels a side, by one of OpenCV's INTER constants."""
    return np.asarray(cv2.resize(picture, (size, size), interpolation=how), np.float32)


def warped(
    picture: Floats, matrix: NDArray[np.float64], size: int, border: int = cv2.BORDER_REFLECT_101
) -> Floats:
    """Return a picture of up to four channels under an affine map, SxS.

    Args:
        picture: What to move.
        matrix: 2x3, from indices of pixels here to indices in the result.
        size: Pixels a side of the result.
        border: What lies beyond the picture, one of OpenCV's BORDER constants.
    """
    moved = cv2.warpAffine(picture, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    return np.asarray(moved, np.float32)
