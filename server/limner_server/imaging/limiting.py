"""Pictures reduced to a few colors, exactly: for thread, and for print."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.color import srgb_to_lab
from limner_server.imaging.laying import Laid
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo

COLORS: Final = 1 << 24
"""That bytes of sRGB can say."""


def chosen(sample: Photo, centers: Floats, picture: Photo, count: int) -> Photo:
    """Return the colors of a picture that stand for all of them.

    For each center the nearest color of those it is nearest to; where that makes too few, the
    ones farthest from all chosen.

    Args:
        sample: Nx3 uint8 sRGB, some of the picture's pixels.
        centers: Kx3 CIELAB, around which the sample gathers; K at most `count`.
        picture: HxWx3 uint8 sRGB.
        count: How many are wanted, at least 1.

    Returns:
        Kx3 uint8 sRGB from dark to light, all different, each in the picture; K is `count`, or
        as many as the picture has.
    """
    colors = np.unique(sample, axis=0)
    lab = srgb_to_lab(colors)
    apart = _apart(lab, centers)
    own = apart.argmin(1)
    taken = [
        int(members[apart[members, m].argmin()])
        for m in range(len(centers))
        if len(members := np.flatnonzero(own == m))
    ]
    found = colors[taken]
    if len(found) < count:
        found = _filled(found, colors_of(picture), count)
    order = np.argsort(srgb_to_lab(found)[:, 0], kind="stable")
    return np.ascontiguousarray(found[order])


def colors_of(picture: Photo) -> Photo:
    """Return every color of a picture once, Nx3 uint8."""
    from limner_server.imaging.drawing_loops import mark_rows  # noqa: PLC0415, see loops.warm

    table = np.zeros(COLORS, np.uint8)
    mark_rows(np.ascontiguousarray(picture), table)
    codes = np.flatnonzero(table)
    colors: Photo = np.stack([codes >> 16, (codes >> 8) & 255, codes & 255], 1).astype(np.uint8)
    return colors


def limit(picture: Photo, palette: Photo, is_over: Callable[[], bool] = lambda: False) -> Laid:
    """Return a picture with each pixel in the color of a palette that is nearest in CIELAB.

    Args:
        picture: HxWx3 uint8 sRGB.
        palette: Kx3 uint8 sRGB, all different, K at most 64.
        is_over: As for `laying.lay_on`.
    """
    from limner_server.imaging import drawing_loops  # noqa: PLC0415, see loops.warm

    centers = srgb_to_lab(palette)
    table = np.full(COLORS, drawing_loops.UNKNOWN, np.uint8)
    table[palette.astype(np.int64) @ (1 << 16, 1 << 8, 1)] = np.arange(len(palette))
    limited = np.empty_like(picture)
    counts, counting = np.zeros(len(palette), np.int64), threading.Lock()

    def limit_strip(strip: slice) -> None:
        if is_over():
            return
        met, before = np.zeros_like(counts), np.ascontiguousarray(picture[strip])
        drawing_loops.limit_rows(before, centers, palette, table, limited[strip], met)
        with counting:
            counts[:] += met

    each_strip(0, len(picture), limit_strip)
    return Laid(limited, counts)


def _filled(found: Photo, colors: Photo, count: int) -> Photo:
    """Return colors, and the ones farthest from all so far until there are enough."""
    lab = srgb_to_lab(colors)
    nearest = _apart(lab, srgb_to_lab(found)).min(1)
    more: list[Photo] = []
    while len(found) + len(more) < min(count, len(colors)):
        farthest = int(nearest.argmax())
        more.append(colors[farthest])
        nearest = np.minimum(nearest, _apart(lab, lab[farthest : farthest + 1])[:, 0])
    return np.concatenate([found, np.array(more, np.uint8).reshape(-1, 3)])


def _apart(colors: Floats, centers: Floats) -> NDArray[np.float32]:
    """Return the squared distance of each color to each center, N of K."""
    squares: NDArray[np.float32] = np.stack([((colors - one) ** 2).sum(1) for one in centers], 1)
    return squares
