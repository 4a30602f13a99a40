"""Every doubtful pixel against every pair of samples: the loop of `comparison`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Matte, Photo, Plane

    Samples = tuple[Floats, NDArray[np.intp]]

FARNESS = np.float32(0.05)
"""What a pixel between a sample and the pixel it is to explain costs, in percent of sRGB."""

PERCENT = np.float32(100 / 255)
"""Of a byte, so that colors are as far apart as CIELAB's."""

FIRM = 0.02
"""Share of hair from 0 or 1 within which an unknown pixel is not compared."""


@compiled
def compare_rows(
    photo: Photo,
    trimap: Plane,
    hair: Samples,
    behind: Samples,
    weight: tuple[int, float, float],
    rows: tuple[int, int],
    share: Matte,
) -> None:
    """Move the share of hair at doubtful pixels of some rows towards what the best pair says.

    Samples are Nx5: a color, then a row and a column; with them the nearest ones of each block of
    pixels. `weight` is the block's side, the most that a pair counts for, and what it leaves
    unexplained, or cannot tell apart, at which it has lost most of that; see
    `comparison.compared`.
    """
    block, say, doubt = weight
    (samples, near_hair), (others, near_behind) = hair, behind
    ours, theirs = near_hair.shape[2], near_behind.shape[2]
    pairs = np.empty((theirs, ours, 5), np.float32)
    color, far = np.empty(3, np.float32), np.empty(ours, np.float32)
    start, stop = rows
    for top in range(start // block * block, stop, block):
        for left in range(0, photo.shape[1], block):
            f, b = near_hair[top // block, left // block], near_behind[top // block, left // block]
            told = False
            for i in range(max(top, start), min(top + block, stop)):
                for j in range(left, min(left + block, photo.shape[1])):
                    own = share[i, j]
                    if trimap[i, j] != 128 or not FIRM < own < 1 - FIRM:
                        continue
                    if not told:
                        _pair(samples, f, others, b, pairs)
                        told = True
                    for k in range(3):
                        color[k] = np.float32(photo[i, j, k]) * PERCENT
                    for n in range(ours):
                        far[n] = _farness(samples, f[n], i, j)
                    best, left_over = _best(color, others, b, pairs, far, i, j)
                    unsure = min(4 * own * (1 - own), np.float32(1))
                    heard = say * np.exp(-((left_over / doubt) ** 2)) * unsure
                    share[i, j] = own + np.float32(heard) * (best - own)


@compiled
def _pair(
    hair: Floats,
    ours: NDArray[np.intp],
    behind: Floats,
    theirs: NDArray[np.intp],
    pairs: Floats,
) -> None:
    """Write of each pair of samples the way between their colors, its square and its inverse."""
    for m in range(len(theirs)):
        for n in range(len(ours)):
            square = np.float32(0)
            for k in range(3):
                way = hair[ours[n], k] - behind[theirs[m], k]
                pairs[m, n, k] = way
                square += way * way
            pairs[m, n, 3] = square
            pairs[m, n, 4] = np.float32(1) / (square + np.float32(1))


@compiled
def _farness(samples: Floats, n: int, i: int, j: int) -> np.float32:
    """Return what the way to a sample costs."""
    down, across = samples[n, 3] - np.float32(i), samples[n, 4] - np.float32(j)
    far: np.float32 = FARNESS * np.sqrt(down * down + across * across)
    return far


@compiled
def _best(
    color: Floats,
    behind: Floats,
    theirs: NDArray[np.intp],
    pairs: Floats,
    far: Floats,
    i: int,
    j: int,
) -> tuple[np.float32, np.float32]:
    """Return the share of hair in the mixture that explains a color best, and what that leaves."""
    best, share, doubt = np.float32(1e9), np.float32(0), np.float32(1e3)
    for m in range(len(theirs)):
        b = theirs[m]
        x, y, z = color[0] - behind[b, 0], color[1] - behind[b, 1], color[2] - behind[b, 2]
        square = x * x + y * y + z * z
        from_b = _farness(behind, b, i, j)
        for n in range(len(far)):
            apart = pairs[m, n, 3]
            along = x * pairs[m, n, 0] + y * pairs[m, n, 1] + z * pairs[m, n, 2]
            a = min(max(along * pairs[m, n, 4], np.float32(0)), np.float32(1))
            left = np.sqrt(max(square - a * (along + along - a * apart), np.float32(0)))
            cost = left + from_b + far[n]
            if cost < best:
                best, share = cost, a
                doubt = left + np.float32(200) / (np.sqrt(apart) + np.float32(1))
    return share, doubt
