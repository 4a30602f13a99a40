"""Places in a photo, and the crops and scales that bring them to a network and back.

A coordinate is the index of a pixel: the middle of the top left pixel is (0, 0). A region's edges
map onto a crop's edges without a half-pixel shift, as the networks were trained.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo, Points

ALIASING: Final = 2.0
"""Source pixels a crop pixel above which a photo is halved first: bilinear reads only two."""

MAX_WARPED: Final = 32_766
"""Pixels a side that OpenCV can warp."""

Border = Literal["black", "edge", "mirror"]

_BORDERS = {
    "black": cv2.BORDER_CONSTANT,
    "edge": cv2.BORDER_REPLICATE,
    "mirror": cv2.BORDER_REFLECT_101,
}

Pixels = TypeVar("Pixels", bound="NDArray[np.uint8] | NDArray[np.float32]")


@dataclass(frozen=True)
class Region:
    """A rectangle in a photo, leaning by an angle; it may reach over the edges."""

    center_x: float
    """Pixels from the photo's left."""
    center_y: float
    """Pixels from the photo's top."""
    width: float
    """Pixels along the region's own x axis, above 0."""
    height: float
    """Pixels along the region's own y axis, above 0."""
    angle: float = 0.0
    """Radians by which the region's x axis leans clockwise in the image."""


def whole(width: int, height: int) -> Region:
    """Return the region that is all of a photo and nothing else."""
    return Region(width / 2, height / 2, width, height)


def crop(photo: Photo, region: Region, width: int, height: int, border: Border = "black") -> Photo:
    """Return what a region holds, upright, at a given size.

    Args:
        photo: HxWx3 uint8, sRGB.
        region: Where to look.
        width: Of the crop in pixels, at least 1.
        height: Of the crop in pixels, at least 1.
        border: What lies beyond the photo: black, its outermost pixels repeated, or its mirror
            image.

    Returns:
        height x width x 3 uint8, sRGB.

    Source: MediaPipe's ImageToTensor (perspective warp, bilinear, on bytes). Theirs has no area
        filter; ours halves the photo as long as a crop pixel would skip over more than ALIASING
        of its pixels, and is the same to the bit where none would.
    """
    corners = points_from(region, np.array([[0, 1], [0, 0], [1, 0], [1, 1]], np.float32))
    halvings = _halvings((region.width / width, region.height / height), leans=bool(region.angle))
    return _warped(photo, corners, (width, height), halvings, border)


def crop_mapped(
    photo: Photo, back: NDArray[np.float64], width: int, height: int, border: Border = "black"
) -> Photo:
    """Return what an affine map brings to a crop, at a given size; `crop` tells the rest.

    Args:
        photo: HxWx3 uint8, sRGB.
        back: 2x3, from the crop's pixels to the photo's.
        width: Of the crop in pixels, at least 1.
        height: Of the crop in pixels, at least 1.
        border: What lies beyond the photo.
    """
    ends = np.array([[0, height], [0, 0], [width, 0], [width, height]])
    corners = (ends @ back[:, :2].T + back[:, 2]).astype(np.float32)
    halvings = _halvings((math.hypot(*back[:, 0]), math.hypot(*back[:, 1])), leans=True)
    return _warped(photo, corners, (width, height), halvings, border)


def points_from(region: Region, unit: Floats) -> Points:
    """Return where points of a region's unit square lie in the photo.

    Args:
        region: The place of the unit square.
        unit: Nx2 float32, (0, 0) the region's top left and (1, 1) its bottom right.

    Returns:
        Nx2 float32, pixels of the photo.
    """
    size = (region.width, region.height)
    leaning = (np.asarray(unit, np.float64) - 0.5) * size @ _turn(region.angle).T
    points: Points = (leaning + np.array([region.center_x, region.center_y])).astype(np.float32)
    return points


def unit_of(region: Region, points: Points) -> Floats:
    """Return where points of the photo lie in a region's unit square; undoes `points_from`."""
    away = np.asarray(points, np.float64) - np.array([region.center_x, region.center_y])
    own = away @ _turn(region.angle) / (region.width, region.height) + 0.5
    unit: Floats = own.astype(np.float32)
    return unit


def shrink(image: Pixels, longest_edge: int) -> Pixels:
    """Return an image no larger than asked, its pixels averaged by area; never enlarges.

    Args:
        image: HxW or HxWx3, uint8 or float32.
        longest_edge: In pixels, at least 1.
    """
    height, width = image.shape[:2]
    if max(height, width) <= longest_edge:
        return image
    factor = longest_edge / max(height, width)
    return averaged(image, max(1, round(width * factor)), max(1, round(height * factor)))


def averaged(image: Pixels, width: int, height: int) -> Pixels:
    """Return an image shrunk to a size, its pixels averaged by area.

    Halves first, as long as that can be: it takes a fifteenth of the time. What cannot be halved
    is left out at the edges, at most half of one of the result's pixels at each.

    Args:
        image: HxW or HxWxC, uint8 or float32.
        width: In pixels, in [1, W].
        height: In pixels, in [1, H].
    """
    high, wide = image.shape[:2]
    halvings = int(math.log2(min(wide / width, high / height)))
    left, top = (extent % (1 << halvings) // 2 for extent in (wide, high))
    wide, high = wide >> halvings, high >> halvings
    image = image[top : top + (high << halvings), left : left + (wide << halvings)]  # type: ignore[assignment]
    for more in reversed(range(halvings)):
        size = (wide << more, high << more)
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    if (wide, high) == (width, height):
        return image
    return cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def around(marked: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """Return the rows and columns that hold all marked pixels, with a margin within the image.

    Args:
        marked: HxW bool with at least one true.
        margin: In pixels, at least 0.
    """
    rows = np.flatnonzero(marked.any(1))
    columns = np.flatnonzero(marked[rows[0] : rows[-1] + 1].any(0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


def touched(region: Region, height: int, width: int) -> tuple[slice, slice]:
    """Return the rows and columns of a photo that a region touches; at least one of each."""
    corners = points_from(region, np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32))
    left, top = np.clip(np.floor(corners.min(0)), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(0)), (left + 1, top + 1), (width, height))
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _turn(angle: float) -> NDArray[np.float64]:
    cosine, sine = math.cos(angle), math.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _cut(photo: Photo, corners: Points) -> tuple[Photo, Points]:
    """Return the part of a photo around the corners, and where the corners lie in it.

    At least a pixel, so that a region beyond the photo still finds an edge to repeat.
    """
    height, width = photo.shape[:2]
    low = np.floor(corners.min(0)) - 2
    high = np.ceil(corners.max(0)) + 3
    left, top = (int(v) for v in np.clip(low, 0, (width - 1, height - 1)))
    right, bottom = (int(v) for v in np.clip(high, (left + 1, top + 1), (width, height)))
    offset = np.array([left, top], np.float32)
    return photo[top:bottom, left:right], corners - offset


def _warped(
    photo: Photo, corners: Points, size: tuple[int, int], halvings: tuple[int, int], border: Border
) -> Photo:
    """Return what lies between corners: bottom left, top left, top right, bottom right."""
    width, height = size
    piece, source = photo, corners
    if any(halvings) or max(photo.shape) > MAX_WARPED:
        piece, source = _cut(photo, corners)
    if any(halvings):
        piece, source = _calm(piece, source, halvings)
    target = np.array([[0, height], [0, 0], [width, 0], [width, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target)
    return cv2.warpPerspective(  # type: ignore[return-value]
        piece, matrix, size, flags=cv2.INTER_LINEAR, borderMode=_BORDERS[border]
    )


def _halvings(skips: tuple[float, float], *, leans: bool) -> tuple[int, int]:
    """Return how often the photo is halved, across and down, before every such pixel is read."""
    across, down = skips
    if leans:
        across = down = min(across, down)
    often = [math.ceil(math.log2(max(1.0, skip / ALIASING))) for skip in (across, down)]
    return often[0], often[1]


def _calm(piece: Photo, corners: Points, halvings: tuple[int, int]) -> tuple[Photo, Points]:
    """Return a piece halved by area, and where the corners lie in it.

    Its outermost pixels are repeated once: what lay in the middle of the photo's first pixel now
    lies outside the middle of the first one here, and must not darken.
    """
    high, wide = piece.shape[:2]
    wide, high = (max(1, n >> often) for n, often in zip((wide, high), halvings, strict=True))
    calm = averaged(piece[: high << halvings[1], : wide << halvings[0]], wide, high)
    framed = cv2.copyMakeBorder(calm, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    factors = np.float32(0.5) ** np.array(halvings, np.float32)
    return framed, (corners + np.float32(0.5)) * factors + np.float32(0.5)  # type: ignore[return-value]
