"""The loops over pixels that arrays alone would be too slow or too large for.

Importing this takes half a second and, the first time on a machine, some more to compile; so the
modules that use it import it when they need it, and `warm` does so ahead of the first call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Matte, Photo, Plane

    Placed = tuple[Floats, Floats, Floats]
    """An image, and where the rows and the columns of something larger lie in it."""
    Samples = tuple[Floats, NDArray[np.intp]]

FARNESS = np.float32(0.05)
"""What a pixel between a sample and the pixel it is to explain costs, in percent of sRGB."""

PERCENT = np.float32(100 / 255)
"""Of a byte, so that colors are as far apart as CIELAB's."""

FIRM = 0.02
"""Share of hair from 0 or 1 within which an unknown pixel is not compared."""


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
    compare_rows(photo, alpha, samples, samples, (2, 0.5, 1.0), share)


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
    levels = maps.shape[2]
    row = np.empty((maps.shape[1], levels, 12), np.float32)
    color, factors = np.empty(3, np.float32), np.empty(12, np.float32)
    for i in range(alpha.shape[0]):
        below = min(int(gy[i]), maps.shape[0] - 2)
        _mix_rows(maps, below, gy[i] - below, row)
        for j in range(alpha.shape[1]):
            if alpha[i, j] == 0:
                continue
            pixel = photo[i, start + j]
            share = np.float32(alpha[i, j]) / np.float32(255)
            _hair_color(pixel, layers, i, j, share, color)
            z = color[0] * luma[0] + color[1] * luma[1] + color[2] * luma[2]
            low = min(max(int(z), 0), levels - 2)
            left = min(int(gx[j]), maps.shape[1] - 2)
            up = np.float32(min(max(z - low, np.float32(0)), np.float32(1)))
            _map_color(row, left, low, np.float32(gx[j] - left), up, factors)
            for k in range(3):
                n = 4 * k
                new = factors[n] * color[0] + factors[n + 1] * color[1] + factors[n + 2] * color[2]
                new = min(
                    max(new + factors[n + 3] * np.float32(255), np.float32(0)), np.float32(255)
                )
                value = pixel[k] + np.float32(strength) * share * (new - color[k])
                pixel[k] = np.uint8(
                    min(max(value, np.float32(0)), np.float32(255)) + np.float32(0.5)
                )


@compiled
def _mix_rows(maps: Floats, below: int, share: np.float32, row: Floats) -> None:
    """Write the maps between two rows of cells into `row`."""
    for i in range(row.shape[0]):
        for j in range(row.shape[1]):
            for k in range(12):
                here = maps[below, i, j, k]
                row[i, j, k] = here + share * (maps[below + 1, i, j, k] - here)


@compiled
def _map_color(
    row: Floats, left: int, low: int, right: np.float32, up: np.float32, factors: Floats
) -> None:
    """Write the map between four cells of a row."""
    one = np.float32(1)
    a, b = (one - right) * (one - up), (one - right) * up
    c, d = right * (one - up), right * up
    for n in range(12):
        near = a * row[left, low, n] + b * row[left, low + 1, n]
        factors[n] = near + c * row[left + 1, low, n] + d * row[left + 1, low + 1, n]


@compiled
def _hair_color(
    pixel: NDArray[np.uint8], layers: Placed, i: int, j: int, share: np.float32, color: Floats
) -> None:
    """Write the hair's own color at a pixel, in [0, 255]; the pixel's where no layers are.

    Source: the least change of both layers after which they mix to the photo exactly; Forte,
        Approximate Fast Foreground Colour Estimation, ICIP 2021.
    """
    colors, ly, lx = layers
    if colors.shape[0] == 0 or share == 1:
        for k in range(3):
            color[k] = pixel[k]
        return
    top, left = int(ly[i]), int(lx[j])
    bottom, right = min(top + 1, colors.shape[0] - 1), min(left + 1, colors.shape[1] - 1)
    v, u = ly[i] - top, lx[j] - left
    norm = share * share + (1 - share) * (1 - share)
    for k in range(3):
        own = _between(colors, top, bottom, left, right, v, u, k)
        back = _between(colors, top, bottom, left, right, v, u, k + 3)
        missing = pixel[k] - 255 * (share * own + (1 - share) * back)
        settled = 255 * own + share * missing / norm
        color[k] = min(max(settled, np.float32(0)), np.float32(255))


@compiled
def _between(
    image: Floats, top: int, bottom: int, left: int, right: int, v: float, u: float, k: int
) -> float:
    over = image[top, left, k] * (1 - u) + image[top, right, k] * u
    under = image[bottom, left, k] * (1 - u) + image[bottom, right, k] * u
    mixed: float = over * (1 - v) + under * v
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
    row = np.empty((model[0].shape[1], 4), np.float32)
    for i in range(photo.shape[0]):
        _model_row(model, i, row)
        for j in range(photo.shape[1]):
            share[i, j] = _modeled(photo, row, i, j, model[2][j])


@compiled
def lift_rows(photo: Photo, model: Placed, start: int, alpha: Plane) -> None:
    """Replace what is unknown in some rows of a trimap by what a linear model of color says.

    All but the trimap begins at its column `start`; see `band.lifted`.
    """
    row = np.empty((model[0].shape[1], 4), np.float32)
    for i in range(photo.shape[0]):
        _model_row(model, i, row)
        for j in range(photo.shape[1]):
            if alpha[i, start + j] == 128:
                share = _modeled(photo, row, i, j, model[2][j])
                alpha[i, start + j] = np.uint8(share * np.float32(255) + np.float32(0.5))


@compiled
def _model_row(model: Placed, i: int, row: Floats) -> None:
    """Write the model between two of its rows."""
    factors, y, _ = model
    top = int(y[i])
    bottom, v = min(top + 1, factors.shape[0] - 1), y[i] - top
    for j in range(row.shape[0]):
        for k in range(4):
            row[j, k] = factors[top, j, k] * (1 - v) + factors[bottom, j, k] * v


@compiled
def _modeled(photo: Photo, row: Floats, i: int, j: int, x: np.float32) -> np.float32:
    """Return what a row of a model says of a pixel, in [0, 1]."""
    left = int(x)
    right, u = min(left + 1, row.shape[0] - 1), x - left
    share = row[left, 3] * (1 - u) + row[right, 3] * u
    for k in range(3):
        factor = row[left, k] * (1 - u) + row[right, k] * u
        share += factor * (np.float32(photo[i, j, k]) / np.float32(255))
    return np.float32(min(max(share, np.float32(0)), np.float32(1)))


@compiled
def compare_rows(
    photo: Photo,
    trimap: Plane,
    hair: Samples,
    behind: Samples,
    weight: tuple[int, float, float],
    share: Matte,
) -> None:
    """Move the share of hair at doubtful pixels towards what the best pair of samples says.

    Samples are Nx5: a color, then a row and a column; with them the nearest ones of each block of
    pixels. `weight` is the block's side, the most that a pair counts for, and what it leaves
    unexplained, or cannot tell apart, at which it has lost most of that; see
    `comparison.compared`.
    """
    block, say, doubt = weight
    color = np.empty(3, np.float32)
    for i in range(photo.shape[0]):
        for j in range(photo.shape[1]):
            own = share[i, j]
            if trimap[i, j] == 128 and FIRM < own < 1 - FIRM:
                for k in range(3):
                    color[k] = np.float32(photo[i, j, k]) * PERCENT
                told, left = _best_pair(color, hair, behind, i, j, block)
                open_to = min(4 * own * (1 - own), np.float32(1))
                share[i, j] = own + say * np.exp(-((left / doubt) ** 2)) * open_to * (told - own)


@compiled
def _best_pair(
    color: Floats, hair: Samples, behind: Samples, i: int, j: int, block: int
) -> tuple[np.float32, np.float32]:
    """Return the share of hair in the mixture that explains a color best, and what that leaves."""
    ours, theirs = hair[1][i // block, j // block], behind[1][i // block, j // block]
    best, share, doubt = np.float32(1e9), np.float32(0), np.float32(1e3)
    for m in theirs:
        b = behind[0][m]
        x, y, z = color[0] - b[0], color[1] - b[1], color[2] - b[2]
        square = x * x + y * y + z * z
        far = FARNESS * np.sqrt((b[3] - i) ** 2 + (b[4] - j) ** 2)
        for n in ours:
            f = hair[0][n]
            u, v, w = f[0] - b[0], f[1] - b[1], f[2] - b[2]
            along, apart = x * u + y * v + z * w, u * u + v * v + w * w
            a = min(max(along / (apart + np.float32(1)), np.float32(0)), np.float32(1))
            left = np.sqrt(max(square - a * (2 * along - a * apart), np.float32(0)))
            cost = left + far + FARNESS * np.sqrt((f[3] - i) ** 2 + (f[4] - j) ** 2)
            if cost < best:
                best, share = cost, a
                doubt = left + np.float32(200) / (np.sqrt(apart) + np.float32(1))
    return share, doubt
