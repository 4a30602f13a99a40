"""The loops over pixels that arrays alone would be too slow or too large for.

Importing this takes half a second and, the first time on a machine, some more to compile; so the
modules that use it import it when they need it, and `warm` does so ahead of the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.compiled import compiled
from limner_server.imaging.pairs import compare_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Matte, Photo, Plane

    Placed = tuple[Floats, Floats, Floats]
    """An image, and where the rows and the columns of something larger lie in it."""


ZERO, ONE, BYTE = np.float32(0), np.float32(1), np.float32(255)
"""Whole numbers would make doubles of what they are mixed with."""


def warm() -> None:
    """Compile every loop, or read the machine code that an earlier run left."""
    photo, alpha = np.zeros((2, 2, 3), np.uint8), np.full((2, 2), 128, np.uint8)
    places = np.zeros(2, np.float32)
    cells = (np.zeros((2, 2, 2, 12), np.float32), places, places)
    layers = (np.zeros((2, 2, 6), np.float32), places, places)
    dye_rows(photo, 0, alpha, layers, cells, 1.0, np.ones(3, np.float32))
    model = (np.zeros((2, 2, 4), np.float32), places, places)
    share, colors = np.zeros((2, 2), np.float32), np.zeros((2, 2, 3), np.float32)
    fit_rows(colors, np.zeros((2, 2, 6), np.float32), share, colors, 1.0, model[0])
    follow_rows(photo, model, share)
    lift_rows(photo, model, 0, alpha.copy())
    samples = (np.zeros((1, 6), np.float32), np.zeros((1, 1, 1), np.intp))
    cluster(np.zeros((2, 3)), 1, np.zeros((1, 3)), np.zeros(1))
    compare_rows(photo, alpha, samples, samples, (2, 0.5, 1.0), (0, 2), share)


@compiled
def dye_rows(
    photo: Photo,
    start: int,
    alpha: Plane,
    layers: Placed,
    cells: Placed,
    strength: float,
    luma: Floats,
) -> None:
    """Change the hair in some rows of a photo; see `dyeing.Canvas`.

    All but the photo begins at its column `start`. `luma` gives a color's level in the grid, from
    bytes.
    """
    maps, gy, gx = cells
    colors, ly, lx = layers
    across, levels = maps.shape[1], maps.shape[2]
    flat, row = maps.ravel(), np.empty(across * levels * 12, np.float32)
    mixture, wide = colors.ravel(), 6 * colors.shape[1]
    color, factors = np.empty(3, np.float32), np.empty(12, np.float32)
    for i in range(alpha.shape[0]):
        below = min(int(gy[i]), maps.shape[0] - 2)
        _mix_rows(flat, below * row.size, gy[i] - np.float32(below), row)
        for j in range(alpha.shape[1]):
            if alpha[i, j] == 0:
                continue
            share = np.float32(alpha[i, j]) / BYTE
            for k in range(3):
                color[k] = photo[i, start + j, k]
            if wide > 0 and share < ONE:
                _settle(mixture, wide, ly[i], lx[j], share, color)
            z = color[0] * luma[0] + color[1] * luma[1] + color[2] * luma[2]
            low, left = min(max(int(z), 0), levels - 2), min(int(gx[j]), across - 2)
            up = min(max(z - np.float32(low), ZERO), ONE)
            place = 12 * (left * levels + low)
            _map_color(row, place, 12 * levels, gx[j] - np.float32(left), up, factors)
            for k in range(3):
                n = 4 * k
                new = factors[n] * color[0] + factors[n + 1] * color[1] + factors[n + 2] * color[2]
                new = min(max(new + factors[n + 3] * BYTE, ZERO), BYTE)
                value = photo[i, start + j, k] + np.float32(strength) * share * (new - color[k])
                photo[i, start + j, k] = np.uint8(min(max(value, ZERO), BYTE) + np.float32(0.5))


@compiled
def _mix_rows(maps: Floats, above: int, share: np.float32, row: Floats) -> None:
    """Write the maps between the row of cells that begins at `above` and the next one."""
    for n in range(row.size):
        here = maps[above + n]
        row[n] = here + share * (maps[above + row.size + n] - here)


@compiled
def _map_color(
    row: Floats, place: int, right: int, across: np.float32, up: np.float32, factors: Floats
) -> None:
    """Write the map between four cells of a row: at `place`, up, and `right` of both."""
    a, b = (ONE - across) * (ONE - up), (ONE - across) * up
    c, d = across * (ONE - up), across * up
    for n in range(12):
        near = a * row[place + n] + b * row[place + 12 + n]
        factors[n] = near + c * row[place + right + n] + d * row[place + right + 12 + n]


@compiled
def _settle(
    layers: Floats, wide: int, y: np.float32, x: np.float32, share: np.float32, color: Floats
) -> None:
    """Replace a pixel's color by that of its hair alone, in [0, 255].

    Source: the least change of both layers after which they mix to the photo exactly; Forte,
        Approximate Fast Foreground Colour Estimation, ICIP 2021.
    """
    top, left = int(y), int(x)
    v, u = y - np.float32(top), x - np.float32(left)
    place = wide * top + 6 * left
    right = 6 if 6 * left + 6 < wide else 0
    down = wide if place + right + wide < layers.size else 0
    gain = share / (share * share + (ONE - share) * (ONE - share))
    for k in range(3):
        own = _between(layers, place + k, right, down, v, u)
        back = _between(layers, place + k + 3, right, down, v, u)
        missing = color[k] - BYTE * (share * own + (ONE - share) * back)
        color[k] = min(max(BYTE * own + gain * missing, ZERO), BYTE)


@compiled
def _between(
    image: Floats, place: int, right: int, down: int, v: np.float32, u: np.float32
) -> np.float32:
    over = image[place] * (ONE - u) + image[place + right] * u
    under = image[place + down] * (ONE - u) + image[place + down + right] * u
    mixed: np.float32 = over * (ONE - v) + under * v
    return mixed


@compiled
def fit_rows(
    means: Floats,
    products: Floats,
    followers: Matte,
    crossed: Floats,
    epsilon: float,
    model: Floats,
) -> None:
    """Write the linear model of color at each pixel from the means around it.

    Args:
        means: HxWx3: of R, G, B in [0, 1].
        products: HxWx6: of RR, RG, RB, GG, GB, BB.
        followers: HxW: of what follows them.
        crossed: HxWx3: of R, G, B times what follows them.
        epsilon: Added to the variance of each.
        model: HxWx4, written: factors of R, G, B, and an offset.

    In double precision: where the channels vary as one, single precision leaves no digit of the
    determinant.
    """
    for i in range(means.shape[0]):
        for j in range(means.shape[1]):
            r, g = np.float64(means[i, j, 0]), np.float64(means[i, j, 1])
            b, follows = np.float64(means[i, j, 2]), np.float64(followers[i, j])
            rr, rg = products[i, j, 0] - r * r + epsilon, products[i, j, 1] - r * g
            rb, gg = products[i, j, 2] - r * b, products[i, j, 3] - g * g + epsilon
            gb, bb = products[i, j, 4] - g * b, products[i, j, 5] - b * b + epsilon
            x, y = crossed[i, j, 0] - r * follows, crossed[i, j, 1] - g * follows
            z = crossed[i, j, 2] - b * follows
            c_rr, c_rg, c_rb = gg * bb - gb * gb, gb * rb - rg * bb, rg * gb - gg * rb
            c_gg, c_gb, c_bb = rr * bb - rb * rb, rg * rb - rr * gb, rr * gg - rg * rg
            scale = 1 / (rr * c_rr + rg * c_rg + rb * c_rb)
            f_r = (c_rr * x + c_rg * y + c_rb * z) * scale
            f_g = (c_rg * x + c_gg * y + c_gb * z) * scale
            f_b = (c_rb * x + c_gb * y + c_bb * z) * scale
            model[i, j, 0], model[i, j, 1], model[i, j, 2] = f_r, f_g, f_b
            model[i, j, 3] = follows - f_r * r - f_g * g - f_b * b


@compiled
def follow_rows(photo: Photo, model: Placed, share: Matte) -> None:
    """Write what a linear model of color fitted at a smaller size says; see `guided.follow`."""
    factors, y, x = model
    flat, wide = factors.ravel(), 4 * factors.shape[1]
    row = np.empty(wide, np.float32)
    for i in range(photo.shape[0]):
        _model_row(flat, y[i], row)
        for j in range(photo.shape[1]):
            r, g, b = photo[i, j, 0], photo[i, j, 1], photo[i, j, 2]
            share[i, j] = _modeled(row, x[j], r, g, b)


@compiled
def lift_rows(photo: Photo, model: Placed, start: int, alpha: Plane) -> None:
    """Replace what is unknown in some rows of a trimap by what a linear model of color says.

    All but the trimap begins at its column `start`; see `band.lifted`.
    """
    factors, y, x = model
    flat, wide = factors.ravel(), 4 * factors.shape[1]
    row = np.empty(wide, np.float32)
    for i in range(photo.shape[0]):
        _model_row(flat, y[i], row)
        for j in range(photo.shape[1]):
            if alpha[i, start + j] == 128:
                r, g, b = photo[i, j, 0], photo[i, j, 1], photo[i, j, 2]
                share = _modeled(row, x[j], r, g, b)
                alpha[i, start + j] = np.uint8(share * BYTE + np.float32(0.5))


@compiled
def _model_row(factors: Floats, y: np.float32, row: Floats) -> None:
    """Write the model between two of its rows."""
    top = int(y)
    v, place = y - np.float32(top), top * row.size
    down = row.size if place + row.size < factors.size else 0
    for n in range(row.size):
        row[n] = factors[place + n] * (ONE - v) + factors[place + down + n] * v


@compiled
def _modeled(row: Floats, x: np.float32, r: np.uint8, g: np.uint8, b: np.uint8) -> np.float32:
    """Return what a row of a model says of a color, in [0, 1]."""
    place = 4 * int(x)
    u = x - np.float32(int(x))
    right = 4 if place + 4 < row.size else 0
    share = row[place + 3] * (ONE - u) + row[place + right + 3] * u
    share += (row[place] * (ONE - u) + row[place + right] * u) * (np.float32(r) / BYTE)
    share += (row[place + 1] * (ONE - u) + row[place + right + 1] * u) * (np.float32(g) / BYTE)
    share += (row[place + 2] * (ONE - u) + row[place + right + 2] * u) * (np.float32(b) / BYTE)
    return min(max(share, ZERO), ONE)


@compiled
def cluster(
    points: NDArray[np.float64],
    steps: int,
    centers: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> None:
    """Move centers, Mx3, into the middles of the points, Nx3, nearest to each; Lloyd's k-means.

    `counts` gets how many points each center had at the last step; one without any stays.
    """
    sums = np.empty_like(centers)
    for _ in range(steps):
        counts[:] = 0
        sums[:] = 0
        for i in range(points.shape[0]):
            nearest, least = 0, np.inf
            for m in range(centers.shape[0]):
                apart = 0.0
                for k in range(3):
                    apart += (points[i, k] - centers[m, k]) ** 2
                if apart < least:
                    nearest, least = m, apart
            counts[nearest] += 1
            for k in range(3):
                sums[nearest, k] += points[i, k]
        for m in range(centers.shape[0]):
            for k in range(3):
                if counts[m] > 0:
                    centers[m, k] = sums[m, k] / counts[m]
