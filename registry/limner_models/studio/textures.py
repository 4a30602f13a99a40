"""Backgrounds drawn from nothing, many of them of hair's own colors and grain."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter, map_coordinates

from limner_models.studio.palette import TEXTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.random import Generator

    from limner_models.studio.arrays import Array

    Drawing = Callable[[Generator, int], Array]


def _grid(size: int) -> tuple[Array, Array]:
    """Return columns and rows in [0, 1)."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / size
    return columns, rows


def _paint(draws: Generator) -> Array:
    """Return a color: half of the time nearly gray."""
    if draws.random() < 0.5:
        bright = draws.choice([0.05, 0.2, 0.5, 0.85])
        return bright * np.exp(draws.normal(0, 0.06, 3))  # type: ignore[no-any-return]
    return np.asarray(draws.random(3) ** 1.6)


def _wood(draws: Generator) -> Array:
    """Return a color of wood, cloth or leather."""
    return np.array(TEXTURES[draws.integers(len(TEXTURES))]) * np.exp(draws.normal(0, 0.3))  # type: ignore[no-any-return]


def _wave(draws: Generator, x: Array) -> Array:
    """Return smooth noise in [0, 1] along a line."""
    knots = draws.random(math.ceil(float(np.ptp(x))) + 3).astype(np.float32)
    at = x - x.min()
    below = at.astype(int)
    share = at - below
    share = share * share * (3 - 2 * share)
    return knots[below] * (1 - share) + knots[below + 1] * share  # type: ignore[no-any-return]


def _cloud(draws: Generator, size: int, rate: float, octaves: int = 3) -> Array:
    """Return smooth noise of about zero mean over a picture."""
    columns, rows = _grid(size)
    total, strength = np.zeros((size, size), np.float32), 1.0
    for _ in range(octaves):
        knots = draws.normal(0, 1, (math.ceil(rate) + 2, math.ceil(rate) + 2))
        total += strength * map_coordinates(knots, [rows * rate, columns * rate], order=1)
        rate, strength = rate * 2.1, strength * 0.55
    return total


def _soften(image: Array, draws: Generator, most: float) -> Array:
    radius = len(image) * abs(draws.normal(0, most))
    return gaussian_filter(image, (radius, radius, 0)) if radius > 0.3 else image


def plain(draws: Generator, size: int) -> Array:
    """Return a wall: one color, hardly uneven."""
    uneven = 1 + 0.05 * draws.random() * _cloud(draws, size, 2)
    return np.asarray(_paint(draws) * uneven[..., None])


def gradient(draws: Generator, size: int) -> Array:
    """Return a backdrop that brightens along a line or around a point."""
    columns, rows = _grid(size)
    one, other = _paint(draws), _paint(draws)
    if draws.random() < 0.5:
        center = draws.uniform(0.3, 0.7), draws.uniform(0.2, 0.7)
        share = np.hypot(columns - center[0], rows - center[1]) * 1.4
    else:
        angle = draws.uniform(0, 2 * math.pi)
        share = 0.5 + (columns - 0.5) * math.cos(angle) + (rows - 0.5) * math.sin(angle)
    share = np.clip(share, 0, 1)[..., None]
    return one + (other - one) * share  # type: ignore[no-any-return]


def bokeh(draws: Generator, size: int) -> Array:
    """Return lights far out of focus before a dark or dim backdrop."""
    columns, rows = _grid(size)
    image = gradient(draws, size) * draws.uniform(0.1, 0.9)
    radius = draws.uniform(0.02, 0.09)
    for _ in range(int(draws.integers(8, 45))):
        x, y, r = *draws.uniform(-0.05, 1.05, 2), radius * draws.uniform(0.6, 1.4)
        distance = np.hypot(columns - x, rows - y) / r
        rim = 1 + 0.35 * np.clip(distance, 0, 1) ** 4
        disc = np.clip((1 - distance) * r * size / 2, 0, 1) * rim
        image = image + disc[..., None] * draws.random(3) ** 1.5 * draws.uniform(0.1, 0.8)
    return _soften(image, draws, 0.003)


def clutter(draws: Generator, size: int) -> Array:
    """Return bars and boxes of any color."""
    columns, rows = _grid(size)
    image = gradient(draws, size)
    for _ in range(int(draws.integers(6, 32))):
        x, y, r = *draws.random(2), draws.uniform(0.03, 0.25)
        angle = draws.choice([0, math.pi / 2, draws.uniform(0, 6.28)])
        u = (columns - x) * math.cos(angle) + (rows - y) * math.sin(angle)
        v = -(columns - x) * math.sin(angle) + (rows - y) * math.cos(angle)
        inside = ((np.abs(u) < r) & (np.abs(v) < r * draws.uniform(0.1, 1)))[..., None]
        image = np.where(inside, 0.2 * image + 0.8 * draws.random(3) ** 1.5, image)
    return _soften(image, draws, 0.012)


def streaks(draws: Generator, size: int) -> Array:
    """Return wood, curtains, reeds or fur: hair's colors and grain where no hair is."""
    return _soften(_streaks(draws, size), draws, 0.006)


def _streaks(draws: Generator, size: int) -> Array:
    columns, rows = _grid(size)
    angle = draws.choice([0, math.pi / 2]) + draws.normal(0, 0.25)
    across = columns * math.cos(angle) + rows * math.sin(angle)
    along = -columns * math.sin(angle) + rows * math.cos(angle)
    bend = np.sin(along * draws.uniform(2, 14) + draws.uniform(0, 6))
    across = across + draws.uniform(0, 0.06) * bend
    across = across + draws.uniform(0, 0.02) * (_wave(draws, along * draws.uniform(5, 30)) - 0.5)
    rate, strength, grain = draws.uniform(3, 25), 1.0, np.zeros((size, size))
    for _ in range(4):
        grain = grain + strength * (_wave(draws, across * rate) - 0.5)
        rate, strength = rate * 2.3, strength * draws.uniform(0.45, 0.9)
    share = np.clip(0.5 + grain * draws.uniform(0.5, 1.3), 0, 1)[..., None]
    one = _wood(draws)
    other = one * draws.uniform(0.15, 0.6) if draws.random() < 0.7 else _wood(draws)
    light = 0.7 + 0.5 * _wave(draws, along * draws.uniform(1, 4))
    return (other + (one - other) * share) * light[..., None]  # type: ignore[no-any-return]


def panels(draws: Generator, size: int) -> Array:
    """Return doors, shelves and screens: boxes of wood and paint."""
    image = np.ones((size, size, 3)) * _wood(draws)
    for _ in range(int(draws.integers(2, 10))):
        left, right = np.sort(draws.integers(0, size, 2))
        top, bottom = np.sort(draws.integers(-size // 3, size + size // 3, 2)).clip(0, size)
        if right - left < 4 or bottom - top < 4:
            continue
        filling = (
            _streaks(draws, size)
            if draws.random() < 0.45
            else np.ones((size, size, 3)) * _wood(draws)
        )
        image[top:bottom, left:right] = filling[top:bottom, left:right]
    return _soften(image, draws, 0.012)


def foliage(draws: Generator, size: int) -> Array:
    """Return leaves upon leaves, each a pointed oval with a lighter rib."""
    columns, rows = _grid(size)
    green = np.array([0.05, 0.16, 0.03]) if draws.random() < 0.75 else _wood(draws)
    light = np.exp(0.35 * _cloud(draws, size, 3))[..., None]
    image = green * draws.uniform(0.2, 0.6) * light
    length = draws.uniform(0.05, 0.22)
    for layer in range(int(draws.integers(60, 170))):
        x, y, angle = *draws.uniform(-0.1, 1.1, 2), draws.uniform(0, 2 * math.pi)
        r = length * draws.uniform(0.5, 1.2)
        low, high = max(0, int((y - r) * size)), min(size, int((y + r) * size) + 1)
        left, right = max(0, int((x - r) * size)), min(size, int((x + r) * size) + 1)
        if low >= high or left >= right:
            continue
        box = (slice(low, high), slice(left, right))
        u = ((columns[box] - x) * math.cos(angle) + (rows[box] - y) * math.sin(angle)) / r
        v = ((rows[box] - y) * math.cos(angle) - (columns[box] - x) * math.sin(angle)) / r
        inside = (np.abs(v) < 0.32 * (1 - u * u))[..., None] & (np.abs(u) < 1)[..., None]
        rib = 1 + 0.5 * (np.abs(v) < 0.02)[..., None] + 0.25 * (v > 0)[..., None]
        tone = (
            green * np.exp(draws.normal(-0.5 + layer / 130, 0.3)) * (1, 1 + 0.2 * draws.normal(), 1)
        )
        image[box] = np.where(inside, tone * rib, image[box])
    return _soften(image * draws.uniform(0.8, 3), draws, 0.02)


def room(draws: Generator, size: int) -> Array:
    """Return a wall with a window, pictures, a shelf of books and something like a sofa."""
    columns, rows = _grid(size)
    falls = np.clip(1.1 - draws.uniform(0, 0.6) * columns, 0.3, 1.2)[..., None]
    image = (_paint(draws) * 0.8 + 0.05) * falls * (1 + 0.04 * _cloud(draws, size, 2))[..., None]

    def box(x: float, y: float, width: float, height: float) -> Array:
        inside = (np.abs(columns - x) < width / 2) & (np.abs(rows - y) < height / 2)
        return np.asarray(inside)[..., None]

    if draws.random() < 0.6:
        x, y, w, h = (
            draws.uniform(0, 1),
            draws.uniform(0.1, 0.5),
            draws.uniform(0.2, 0.5),
            draws.uniform(0.3, 0.8),
        )
        image = np.where(box(x, y, w + 0.04, h + 0.04), _wood(draws), image)
        view = gaussian_filter(gradient(draws, size), (size * 0.02, size * 0.02, 0))
        image = np.where(box(x, y, w, h), view * draws.uniform(0.8, 4), image)
        image = np.where(box(x, y, 0.012, h) | box(x, y, w, 0.012), _wood(draws), image)
    for _ in range(int(draws.integers(0, 4))):
        x, y, w = draws.uniform(0, 1), draws.uniform(0.05, 0.5), draws.uniform(0.08, 0.3)
        image = np.where(box(x, y, w + 0.02, w * 1.2 + 0.02), _wood(draws), image)
        image = np.where(box(x, y, w, w * 1.2), _paint(draws), image)
    if draws.random() < 0.5:
        image = _books(draws, image, columns, rows)
    if draws.random() < 0.4:
        edge = 1.02 - draws.uniform(0.1, 0.4) + 0.03 * np.sin(columns * draws.uniform(3, 9))
        image = np.where(
            (rows > edge)[..., None],
            _wood(draws) * (1 + 0.1 * _cloud(draws, size, 4))[..., None],
            image,
        )
    return _soften(image, draws, 0.016)


def _books(draws: Generator, image: Array, columns: Array, rows: Array) -> Array:
    """Return a picture with rows of upright books on boards."""
    height = draws.uniform(0.15, 0.3)
    left, right = np.sort(draws.uniform(-0.1, 1.1, 2))
    for shelf in range(int(draws.integers(1, 4))):
        bottom, x = draws.uniform(0.1, 0.3) + shelf * height * 1.3, left
        board = (np.abs(rows - bottom) < 0.008) & (columns > left) & (columns < right)
        image = np.where(board[..., None], _wood(draws), image)
        while x < right:
            width, tall = draws.uniform(0.012, 0.045), height * draws.uniform(0.6, 1)
            book = (columns >= x) & (columns < x + width) & (rows < bottom) & (rows > bottom - tall)
            color = _wood(draws) if draws.random() < 0.5 else _paint(draws)
            image = np.where(book[..., None], color, image)
            x += width
    return image


KINDS: Mapping[str, Drawing] = MappingProxyType(
    {
        "plain": plain,
        "gradient": gradient,
        "bokeh": bokeh,
        "clutter": clutter,
        "streaks": streaks,
        "panels": panels,
        "foliage": foliage,
        "room": room,
    }
)
"""Every background that needs no photo."""
