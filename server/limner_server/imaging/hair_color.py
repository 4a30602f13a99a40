"""Which color hair has: its commonest one, and the class that this belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.color import ciede2000, srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo, Plane

    Prototypes = Mapping[str, Sequence[tuple[float, float, float]]]

SURE: Final = 243
"""The least alpha of a pixel that is nothing but hair: 0.95 of 255."""

GLARE: Final = 95.0
"""Lightness from which a pixel shows the lamp rather than the hair."""

CLUSTERS: Final = 3
"""Shadow, hair and gleam; or two dyes and what lies between."""

STEPS: Final = 12
"""Of k-means; the centers then move by less than 0.1."""

ONE_COLOR: Final = 8.0
"""CIELAB units between two centers under which both are of one color, cut in two by chance."""

MAX_SAMPLES: Final = 2_000
"""Pixels that are looked at; evenly taken from those there are."""

MAX_SEARCHED: Final = 250_000
"""Pixels in which they are looked for."""

MAX_DISTANCE: Final = 25.0
"""CIEDE2000 from the nearest prototype beyond which a color belongs to no class."""

MIN_MARGIN: Final = 3.0
"""CIEDE2000 by which the nearest class must be nearer than the next."""


@dataclass(frozen=True)
class HairColor:
    """A color of hair and the class it is nearest to."""

    lab: tuple[float, float, float]
    """CIELAB."""
    name: str
    """Of the nearest class."""
    distance: float
    """CIEDE2000 to that class's nearest prototype."""
    margin: float
    """By how much the next class is farther, at least 0."""

    @property
    def ambiguous(self) -> bool:
        """Whether no class is near, or two are about as near."""
        return self.distance > MAX_DISTANCE or self.margin < MIN_MARGIN


def classified(lab: Sequence[float] | NDArray[np.float64], prototypes: Prototypes) -> HairColor:
    """Return the class whose nearest prototype a color differs least from.

    Args:
        lab: CIELAB.
        prototypes: Of each class, at least one, in CIELAB; at least two classes.
    """
    color = np.array(lab, np.float64)
    apart = ciede2000(np.concatenate([np.array(some) for some in prototypes.values()]), color)
    starts = np.cumsum([0, *map(len, prototypes.values())])[:-1]
    distances = dict(zip(prototypes, np.minimum.reduceat(apart, starts).tolist(), strict=True))
    (name, distance), (_, next_one), *_ = sorted(distances.items(), key=lambda item: item[1])
    return HairColor(
        (float(color[0]), float(color[1]), float(color[2])), name, distance, next_one - distance
    )


def find_color(photo: Photo, alpha: Plane, prototypes: Prototypes) -> HairColor:
    """Return the color that most of the hair has.

    Args:
        photo: HxWx3 uint8, sRGB.
        alpha: HxW uint8, share of hair; at least one pixel above 0.
        prototypes: As for `classified`.
    """
    return color_among(photo[hair_places(alpha)], prototypes)


def color_among(pixels: NDArray[np.uint8], prototypes: Prototypes) -> HairColor:
    """Return the commonest of some colors.

    Args:
        pixels: Nx3 uint8, sRGB; at least one.
        prototypes: As for `classified`.

    Source: JP6921924B2 (S104) reads it from "the pixels found to be hair"; METHODS B.e4 takes
        the largest of three clusters. The first centers are quantiles of lightness, so that
        the same photo always gives the same color.
    """
    lab = srgb_to_lab(pixels)
    dull = lab[lab[:, 0] < GLARE]
    return classified(main_color(dull if len(dull) else lab), prototypes)


def hair_places(alpha: Plane) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows and columns of pixels that are nothing but hair, at most about MAX_SAMPLES."""
    step = max(1, int((alpha.size / MAX_SEARCHED) ** 0.5))
    some = np.ascontiguousarray(alpha[::step, ::step])
    most = int(some.max())
    if step > 1 and most < SURE:
        step, some = 1, alpha
        most = int(some.max())
    places = np.flatnonzero(some >= min(SURE, most))
    every = max(1, -(-len(places) // MAX_SAMPLES))
    rows, columns = np.divmod(places[::every], some.shape[1])
    return rows * step, columns * step


def main_color(lab: Floats) -> NDArray[np.float64]:
    """Return the middle of the largest cluster of colors; Nx3 CIELAB in, 3 out."""
    from limner_server.imaging.loops import cluster  # noqa: PLC0415, see loops.warm

    points = lab.astype(np.float64)
    order = np.argsort(points[:, 0], kind="stable")
    marks = (np.arange(CLUSTERS) + 0.5) / CLUSTERS * len(points)
    centers = points[order[marks.astype(np.intp)]]
    counts = np.empty(CLUSTERS)
    cluster(points, STEPS, centers, counts)
    one = np.sqrt(((centers[:, None] - centers) ** 2).sum(-1)) < ONE_COLOR
    share = counts * one[(one @ counts).argmax()]
    largest: NDArray[np.float64] = np.average(centers, 0, share)
    return largest
