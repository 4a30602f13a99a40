"""Triangles and strands onto a picture with a depth per sample, the nearest winning."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from limner_models.studio.kernels.compiled import inlined, lean
from limner_models.studio.kernels.noise import scramble, unit

if TYPE_CHECKING:
    from limner_models.studio.arrays import F32, I32
    from limner_models.studio.kernels.compiled import Real, Whole

FAR = np.float32(1e9)
"""Depth of a sample that nothing covers."""
NEAR = np.float32(0.05)
"""What is nearer to the camera than this, in decimeters, is not drawn."""
EDGE = np.float32(-1e-5)
BIAS = np.float32(0.004)
"""Strands come this much nearer, so that those lying on the skin are not cut by it."""


class Canvas(NamedTuple):
    """Samples of a picture, (height, width) each."""

    depth: F32
    triangle: I32
    """Index of the nearest triangle, -1 where there is none."""
    weights: F32
    """(height, width, 2): the sample's place on its triangle, weights of the first two corners."""


class Shell(NamedTuple):
    """Triangles to draw."""

    corners: F32
    """(vertices, 3): x and y in samples, then depth in decimeters."""
    triangles: I32
    """(triangles, 3)."""
    cut: F32
    """(vertices,): where this is positive, the surface is cut away."""


@inlined
def _bounds(a: Real, b: Real, c: Real, size: Whole) -> tuple[Whole, Whole]:
    """Return the first and last sample whose center may lie within three coordinates."""
    low, high = min(a, b, c), max(a, b, c)
    half = np.float32(0.5)
    if high < 0 or low >= size:
        return 1, 0
    return max(0, (math.ceil(low - half))), min(size - 1, (math.floor(high - half)))


@lean
def draw_triangles(shell: Shell, canvas: Canvas, *, perspective: bool, depth_only: bool) -> None:
    """Draw triangles onto a canvas in place, both sides of each."""
    p, cut = shell.corners, shell.cut
    height, width = canvas.depth.shape
    for t in range(len(shell.triangles)):
        i, j, k = shell.triangles[t, 0], shell.triangles[t, 1], shell.triangles[t, 2]
        left, right = _bounds(p[i, 0], p[j, 0], p[k, 0], width)
        if left > right:
            continue
        top, bottom = _bounds(p[i, 1], p[j, 1], p[k, 1], height)
        hidden = top > bottom or (cut[i] > 0 and cut[j] > 0 and cut[k] > 0)
        if hidden or (perspective and min(p[i, 2], p[j, 2], p[k, 2]) < NEAR):
            continue
        a = (p[i, 0], p[i, 1], p[i, 2], cut[i])
        b = (p[j, 0], p[j, 1], p[j, 2], cut[j])
        c = (p[k, 0], p[k, 1], p[k, 2], cut[k])
        _fill(a, b, c, (left, right, top, bottom), (canvas, t, perspective, depth_only))


@inlined
def _fill(
    a: tuple[Real, Real, Real, Real],
    b: tuple[Real, Real, Real, Real],
    c: tuple[Real, Real, Real, Real],
    box: tuple[Whole, Whole, Whole, Whole],
    onto: tuple[Canvas, Whole, bool, bool],
) -> None:
    """Draw one triangle's samples in a box; corners are x, y, depth and cut."""
    canvas, t, perspective, depth_only = onto
    area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
    if abs(area) < np.float32(1e-9):
        return
    turn, one, half = np.float32(1) / area, np.float32(1), np.float32(0.5)
    qa, qb, qc = a[2], b[2], c[2]
    if perspective:
        qa, qb, qc = one / qa, one / qb, one / qc
    whole = a[3] <= 0 and b[3] <= 0 and c[3] <= 0
    for y in range(box[2], box[3] + 1):
        v = np.float32(y) + half
        for x in range(box[0], box[1] + 1):
            u = np.float32(x) + half
            w0 = ((b[0] - u) * (c[1] - v) - (c[0] - u) * (b[1] - v)) * turn
            w1 = ((c[0] - u) * (a[1] - v) - (a[0] - u) * (c[1] - v)) * turn
            w2 = one - w0 - w1
            if w0 < EDGE or w1 < EDGE or w2 < EDGE:
                continue
            depth = w0 * qa + w1 * qb + w2 * qc
            if perspective:
                depth = one / depth
                w0, w1, w2 = w0 * qa * depth, w1 * qb * depth, w2 * qc * depth
            if depth >= canvas.depth[y, x]:
                continue
            if not whole and w0 * a[3] + w1 * b[3] + w2 * c[3] > 0:
                continue
            canvas.depth[y, x] = depth
            if not depth_only:
                canvas.triangle[y, x] = t
                canvas.weights[y, x, 0], canvas.weights[y, x, 1] = w0, w1


class Painting(NamedTuple):
    """Samples that strands are painted on, (height, width) each."""

    depth: F32
    owner: I32
    """Which painted strand point is nearest, -1 - label where it is no strand."""
    share: F32
    """How far the sample lies between that point and the next, in [0, 1]."""


@lean
def draw_strands(strands: F32, widths: F32, first: Whole, painting: Painting, seed: Whole) -> None:
    """Draw opaque strands whose edges are dithered, so that the mean over samples is exact.

    Args:
        strands: (n, points, 3) float32: x and y in samples, then depth in decimeters.
        widths: (n, points) float32, samples.
        first: Number of the first point, counted over everything drawn so far.
        painting: Changed in place; `owner` gets the numbers of points.
        seed: Of the dither.
    """
    count, points = strands.shape[0], strands.shape[1]
    for n in range(count):
        word = scramble(seed + n * 747796405)
        for k in range(points - 1):
            wide, thin = widths[n, k], widths[n, k + 1]
            if wide <= 0 and thin <= 0:
                continue
            a = (strands[n, k, 0], strands[n, k, 1], strands[n, k, 2], wide)
            b = (strands[n, k + 1, 0], strands[n, k + 1, 1], strands[n, k + 1, 2], thin)
            _segment(a, b, painting, (first + n * points + k, word, k))


@inlined
def _segment(
    a: tuple[Real, Real, Real, Real],
    b: tuple[Real, Real, Real, Real],
    painting: Painting,
    which: tuple[Whole, Whole, Whole],
) -> None:
    """Draw the piece of a strand between two points: x, y, depth and width."""
    height, width = painting.depth.shape
    dx, dy = b[0] - a[0], b[1] - a[1]
    outside = max(a[0], b[0]) < -2 or min(a[0], b[0]) > width + 2
    outside = outside or max(a[1], b[1]) < -2 or min(a[1], b[1]) > height + 2
    longest = max(abs(dx), abs(dy))
    if outside or min(a[2], b[2]) < NEAR or longest > 4000:
        return
    number, word, k = which
    one, half = np.float32(1), np.float32(0.5)
    steps = max((math.ceil(longest)), 1)
    level = abs(dx) >= abs(dy)
    # a slanted strand covers more samples of a column than it is wide
    slant = np.float32(math.sqrt(dx * dx + dy * dy)) / longest if longest > 1e-3 else one
    part, pace = min(longest, one), one / np.float32(steps)
    for i in range(steps):
        t = (np.float32(i) + half) * pace
        bits = scramble(np.uint32(word) ^ np.uint32(k * 131071 + i * 8191))
        if part < one and unit(bits) > part:
            continue
        x, y = a[0] + dx * t, a[1] + dy * t
        depth = a[2] + (b[2] - a[2]) * t - BIAS
        size = (a[3] + (b[3] - a[3]) * t) * slant
        low = (y if level else x) - half * size + unit(scramble(bits))
        start, end = (math.floor(low)), (math.floor(low + size))
        fixed = (math.floor(x)) if level else (math.floor(y))
        for j in range(start, end):
            px, py = (fixed, j) if level else (j, fixed)
            if px < 0 or py < 0 or px >= width or py >= height or depth >= painting.depth[py, px]:
                continue
            painting.depth[py, px] = depth
            painting.owner[py, px] = number
            painting.share[py, px] = t
