"""Random crops: turned, mirrored, scaled, with a chosen point in the middle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float32]


def crop_at(
    middle: ArrayLike, scale: float, size: int, rng: np.random.Generator, tilt: float
) -> NDArray[np.float64]:
    """Return the 2x3 map from a picture to a crop of it, mirrored half the time.

    Args:
        middle: The point (x, y) of the picture that lies in the crop's middle.
        scale: Of the crop over the picture.
        size: Pixels a side of the crop.
        rng: Decides the turn, and whether it is mirrored.
        tilt: Standard deviation of the turn, in degrees.
    """
    map_ = np.asarray(cv2.getRotationMatrix2D((0.0, 0.0), float(rng.normal(0, tilt)), scale), float)
    if rng.random() < 0.5:
        map_[:, 0] *= -1
    map_[:, 2] = size / 2 - map_[:, :2] @ np.asarray(middle, float)
    return map_


def cropped(layers: Floats, map_: NDArray[np.float64], size: int) -> Floats:
    """Return HxWxC layers under a map, SxSxC; beyond their edges they are mirrored."""
    moved = cv2.warpAffine(
        layers, map_, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return np.asarray(moved, np.float32)
