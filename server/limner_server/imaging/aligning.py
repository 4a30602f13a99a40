"""Faces brought to where the networks expect them, and what of a crop shows its photo."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.face_template import inverse, mapped
from limner_server.imaging.geometry import crop_mapped

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Photo, Plane

    Matrix = NDArray[np.float64]
    """2x3: maps pixel indices to pixel indices."""

BEYOND: Final = 127
"""Gray of a converted crop where its photo ends; the composer was taught with it."""


def align(photo: Photo, matrix: Matrix, size: int) -> Photo:
    """Return an aligned crop, size x size x 3 uint8; beyond the photo its edge is repeated.

    Args:
        photo: HxWx3 uint8, sRGB.
        matrix: The affine map from the photo's pixels to the crop's.
        size: Pixels a side.
    """
    return crop_mapped(photo, inverse(matrix), size, size, "edge")


def align_valid(photo: Photo, matrix: Matrix, size: int) -> tuple[Photo, Plane]:
    """Return an aligned crop that is gray beyond its photo, and 255 where it shows it, else 0."""
    valid = validity(photo.shape[:2], matrix, size)
    aligned = align(photo, matrix, size)
    return np.where(valid[..., None] > 0, aligned, np.uint8(BEYOND)), valid


def validity(extent: tuple[int, ...], matrix: Matrix, size: int) -> Plane:
    """Return where an aligned crop shows a photo: 255 there, else 0; size x size uint8.

    Args:
        extent: Height and width of the photo.
        matrix: The affine map from the photo's pixels to the crop's.
        size: Pixels a side.
    """
    back = inverse(matrix)
    down, right = np.indices((size, size), np.float64)
    x = back[0, 0] * right + back[0, 1] * down + back[0, 2]
    y = back[1, 0] * right + back[1, 1] * down + back[1, 2]
    height, width = extent
    inside = (x >= -0.5) & (x <= width - 0.5) & (y >= -0.5) & (y <= height - 0.5)
    return np.where(inside, np.uint8(255), np.uint8(0))


def scale_of(matrix: Matrix) -> float:
    """Return how many pixels a similarity makes of one, along a side."""
    return math.hypot(matrix[0, 0], matrix[1, 0])


def share_shown(valid: Plane, outline: NDArray[np.float64]) -> float:
    """Return the share of what an outline holds that an aligned crop shows, in [0, 1].

    Args:
        valid: HxW uint8, 255 where the crop shows its photo, else 0.
        outline: Nx2, in pixels of the crop.
    """
    held = np.zeros(valid.shape, np.uint8)
    cv2.fillPoly(held, [np.rint(outline).astype(np.int32)], (1,))
    return int(held[valid > 0].sum()) / max(int(held.sum()), 1)


def shown_box(
    matrix: Matrix, size: tuple[int, int], extent: tuple[int, ...]
) -> tuple[int, int, int, int]:
    """Return the rows and columns of a photo that a crop shows: first, end, first, end.

    Args:
        matrix: The affine map from the photo's pixels to the crop's.
        size: Width and height of the crop.
        extent: Height and width of the photo, and maybe more.
    """
    back = inverse(matrix)
    ends = np.array([(x, y) for x in (-0.5, size[0] - 0.5) for y in (-0.5, size[1] - 0.5)])
    corners = mapped(ends, back)
    low, high = np.floor(corners.min(0)).astype(int), np.ceil(corners.max(0)).astype(int) + 1
    (left, top), (right, bottom) = low, high
    height, width = extent[:2]
    return (
        int(np.clip(top, 0, height)),
        int(np.clip(bottom, 0, height)),
        int(np.clip(left, 0, width)),
        int(np.clip(right, 0, width)),
    )


def chained(first: Matrix, then: Matrix) -> Matrix:
    """Return the map that does one map and then another."""
    turn = then[:, :2] @ first[:, :2]
    return np.concatenate([turn, (then[:, :2] @ first[:, 2] + then[:, 2])[:, None]], axis=1)
