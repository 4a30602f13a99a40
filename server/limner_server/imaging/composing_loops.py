"""The loops over the pixels of a photo that gets another face, or pictures laid on.

Imported when needed, as `loops`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo, Plane

    Maps = NDArray[np.float64]

ZERO, ONE, HALF, BYTE = np.float32(0), np.float32(1), np.float32(0.5), np.float32(255)
COPIED = np.float32(0.99)
"""Share of the original above which a pixel is left alone, as the networks were taught."""
SEEN = np.float32(0.5 / 255)
"""Share of a picture below which a pixel is left alone: less makes no difference to a byte."""


def warm() -> None:
    """Compile the loops, or read the machine code that an earlier run left."""
    photo, mask = np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2), np.uint8)
    overlay = (np.ones((2, 2, 5), np.float32), np.zeros((2, 2, 12), np.float32))
    maps = np.array([np.eye(2, 3), np.eye(2, 3)])
    rims = np.array([2.0, 1.0, -0.5, -0.5, 1.5, 1.5, 1.0])
    compose_rows(photo, mask, (0, 0, 2), overlay, photo.copy(), maps, rims)
    fuse_rows(photo, mask, (0, 0, 2), np.ones((2, 2, 4), np.float32), mask.copy(), maps[0])


@compiled
def compose_rows(
    photo: Photo,
    mask: Plane,
    corner: tuple[int, int, int],
    overlay: tuple[Floats, Floats],
    piece: Photo,
    maps: Maps,
    rims: NDArray[np.float64],
) -> None:
    """Lay a face into some rows of a photo; see `composing.compose`.

    Args:
        photo: Whole rows of the photo, changed in place.
        mask: The same rows; gets how much of a pixel is not the original's, of 255.
        corner: Number of the first row; first column to look at, and the one after the last.
        overlay: Planes hxwx5 over all of the crop: shares of face and ring, and what a ring adds
            to sRGB of 255; and color maps, nxnx12.
        piece: What is shown of the converted photo.
        maps: From the photo's pixels to the crop's, and to the piece's.
        rims: Side of the crop; pixels of it over which its rim is feathered; left, top, right,
            bottom of the converted photo in the piece; the piece's pixels for each of the crop.
    """
    planes, colors = overlay
    size, feather = rims[0], rims[1]
    cell, grid = planes.shape[1] / size, colors.shape[1] / size
    some, affine = np.empty(5, np.float32), np.empty(12, np.float32)
    color, across, down = np.empty(3, np.float32), np.empty(4, np.float32), np.empty(4, np.float32)
    to_crop, to_piece = maps[0], maps[1]
    for i in range(photo.shape[0]):
        y = float(corner[0] + i)
        for x in range(corner[1], corner[2]):
            u = to_crop[0, 0] * x + to_crop[0, 1] * y + to_crop[0, 2]
            v = to_crop[1, 0] * x + to_crop[1, 1] * y + to_crop[1, 2]
            away = min(min(u, v) + 0.5, size - 0.5 - max(u, v))
            if away <= 0:
                continue
            _mix(planes, (u + 0.5) * cell - 0.5, (v + 0.5) * cell - 0.5, some)
            rim = _eased(away / feather)
            face, ring = some[0] * rim, some[1] * rim
            if ONE - face - ring > COPIED:
                continue
            px = to_piece[0, 0] * x + to_piece[0, 1] * y + to_piece[0, 2]
            py = to_piece[1, 0] * x + to_piece[1, 1] * y + to_piece[1, 2]
            inside = min(px - rims[2], py - rims[3], rims[4] - px, rims[5] - py)
            face *= _eased(inside / (rims[6] * feather))
            if ONE - face - ring > COPIED:
                continue
            if face > ZERO:
                _mix(colors, (u + 0.5) * grid - 0.5, (v + 0.5) * grid - 0.5, affine)
                _weigh(px, across)
                _weigh(py, down)
                _read(piece, px, py, across, down, color)
            for k in range(3):
                was = np.float32(photo[i, x, k])
                value = was + ring * some[2 + k]
                if face > ZERO:
                    laid = affine[4 * k + 3] * BYTE
                    for n in range(3):
                        laid += affine[4 * k + n] * color[n]
                    value += face * (laid - was)
                photo[i, x, k] = np.uint8(min(max(value, ZERO), BYTE) + HALF)
            mask[i, x] = np.uint8(min(max((face + ring) * BYTE, ONE), BYTE) + HALF)


@compiled
def fuse_rows(
    photo: Photo,
    mask: Plane,
    corner: tuple[int, int, int],
    picture: Floats,
    reached: Plane,
    matrix: Maps,
) -> None:
    """Lay a picture on some rows of a photo; see `fusing.fuse`.

    Args:
        photo: Whole rows of the photo, changed in place.
        mask: The same rows; gets how much of a pixel is hidden, of 255, on top of what was.
        corner: Number of the first row; first column to look at, and the one after the last.
        picture: hxwx4, sRGB of 255 times alpha, then alpha in [0, 1]; clear beyond its edges.
        reached: hxw, 0 where nothing of the picture is near.
        matrix: From the photo's pixels to the picture's.
    """
    high, wide = picture.shape[0], picture.shape[1]
    across, down = np.empty(4, np.float32), np.empty(4, np.float32)
    laid = np.empty(4, np.float32)
    for i in range(photo.shape[0]):
        y = float(corner[0] + i)
        for x in range(corner[1], corner[2]):
            u = matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2]
            v = matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2]
            if u <= -1 or v <= -1 or u >= wide or v >= high:
                continue
            near_x = min(max(int(u + 0.5), 0), wide - 1)
            near_y = min(max(int(v + 0.5), 0), high - 1)
            if reached[near_y, near_x] == 0:
                continue
            _weigh(u, across)
            _weigh(v, down)
            _gather(picture, int(np.floor(u)) - 1, int(np.floor(v)) - 1, across, down, laid)
            alpha = min(laid[3], ONE)
            if alpha < SEEN:
                continue
            whole = alpha / laid[3]  # 1, but where a cubic overshoots
            for k in range(3):
                color = min(max(laid[k] * whole, ZERO), alpha * BYTE)
                value = color + (ONE - alpha) * np.float32(photo[i, x, k])
                photo[i, x, k] = np.uint8(min(max(value, ZERO), BYTE) + HALF)
            clear = (ONE - alpha) * (BYTE - np.float32(mask[i, x]))
            mask[i, x] = np.uint8(min(max(BYTE - clear, ONE), BYTE) + HALF)


@compiled
def _gather(
    picture: Floats, left: int, top: int, across: Floats, down: Floats, laid: Floats
) -> None:
    """Read four planes between their pixels; beyond the edges they are clear."""
    high, wide = picture.shape[0], picture.shape[1]
    laid[:] = ZERO
    for j in range(4):
        row = top + j
        if row < 0 or row >= high:
            continue
        for n in range(4):
            column = left + n
            if column < 0 or column >= wide:
                continue
            weight = down[j] * across[n]
            for k in range(4):
                laid[k] += weight * picture[row, column, k]


@compiled
def _eased(share: float) -> np.float32:
    """Return 0 at 0, 1 from 1 on, and a smooth rise between."""
    kept = min(max(share, 0.0), 1.0)
    return np.float32(kept * kept * (3 - 2 * kept))


@compiled
def _mix(planes: Floats, x: float, y: float, mixed: Floats) -> None:
    """Read planes between their pixels, whose edges go on beyond."""
    high, wide = planes.shape[0], planes.shape[1]
    x, y = min(max(x, 0.0), wide - 1.0), min(max(y, 0.0), high - 1.0)
    left, top = int(x), int(y)
    right, bottom = min(left + 1, wide - 1), min(top + 1, high - 1)
    p, q = np.float32(x - left), np.float32(y - top)
    for k in range(mixed.size):
        above = planes[top, left, k] + p * (planes[top, right, k] - planes[top, left, k])
        below = planes[bottom, left, k] + p * (planes[bottom, right, k] - planes[bottom, left, k])
        mixed[k] = above + q * (below - above)


@compiled
def _weigh(place: float, weights: Floats) -> None:
    """Write how much each of four neighbors counts: Catmull and Rom's cubic."""
    p = np.float32(place - np.floor(place))
    q = ONE - p
    weights[0] = -HALF * p * q * q
    weights[3] = -HALF * q * p * p
    weights[1] = q * (ONE + p - np.float32(1.5) * p * p)
    weights[2] = ONE - weights[0] - weights[1] - weights[3]


@compiled
def _read(piece: Photo, x: float, y: float, across: Floats, down: Floats, color: Floats) -> None:
    """Read a color between pixels, each of 255; edges go on beyond."""
    high, wide = piece.shape[0], piece.shape[1]
    left, top = int(np.floor(x)) - 1, int(np.floor(y)) - 1
    color[:] = ZERO
    for j in range(4):
        row = min(max(top + j, 0), high - 1)
        for n in range(4):
            column = min(max(left + n, 0), wide - 1)
            weight = down[j] * across[n]
            for k in range(3):
                color[k] += weight * np.float32(piece[row, column, k])
    for k in range(3):
        color[k] = min(max(color[k], ZERO), BYTE)
