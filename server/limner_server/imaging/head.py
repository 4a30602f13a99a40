"""The square around a head: where the networks that know hair look."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.geometry import Region, points_from, unit_of

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Points

INPUT_PX: Final = 256
"""Edge of the network's square input."""

EYES: Final = (468, 473)
"""The irises' middles at the image's left and right in the refined mesh."""

MOUTH: Final = (61, 291)
"""The corners of the mouth at the image's left and right."""

DOWN: Final = 0.1
"""Sides of the FFHQ square by which the crop's middle lies lower: long hair falls."""

WIDER: Final = 1.5
"""Side of the crop in sides of the FFHQ square."""

LOOKS: Final = (1.1, 0.8, 0.625)
"""Sides of the crops that are looked at together, the widest first, over the head's. The network's
mistakes differ with a head's size in the crop: their mean found more hair in photos than any one of
them did (docs/benchmarks.md)."""

FARTHER: Final = 1.45
"""Side of one more look over the head's, where hair reaches beyond the widest."""

CUT_SHARE: Final = 0.04
"""Share of the crop's rim that hair covers from which on it is taken to go on beyond."""


def head_region(landmarks: Points) -> Region:
    """Return the square around a head as the network was trained to see it.

    Args:
        landmarks: 478x3 float32, pixels of the photo.

    Source: the alignment of FFHQ (Karras et al., A Style-Based Generator Architecture for GANs,
        CVPR 2019), half as wide again and lower.
    """
    points = landmarks[:, :2].astype(np.float64)
    eyes, mouth = points[list(EYES)], points[list(MOUTH)]
    across, down = eyes[1] - eyes[0], mouth.mean(0) - eyes.mean(0)
    axis = across + np.array([down[1], -down[0]])
    axis /= max(math.hypot(*axis), 1e-9)
    half = max(2.0 * math.hypot(*across), 1.8 * math.hypot(*down), 1.0)
    side = 2 * half * WIDER
    below = np.array([-axis[1], axis[0]])
    center = eyes.mean(0) + 0.1 * down + 2 * half * DOWN * below
    center += (axis + below) * 0.5 * side / INPUT_PX  # crops begin in the middle of a pixel
    angle = math.atan2(axis[1], axis[0])
    return Region(float(center[0]), float(center[1]), side, side, angle)


def looks(region: Region) -> list[Region]:
    """Return the squares to look at around a head, the widest first."""
    return [scaled(region, side) for side in LOOKS]


def farther(region: Region) -> Region:
    """Return the square of a look from farther away."""
    return scaled(region, FARTHER)


def square_for(region: Region, hair: Flags, rows: slice, columns: slice) -> Region:
    """Return the nearest square around a head that shows all of its hair, else the farthest.

    Args:
        region: Around the head.
        hair: hxw bool with at least one true, over a part of a photo.
        rows: Of the photo; those of the part.
        columns: Of the photo; those of the part.
    """
    down, across = (
        span.start + np.flatnonzero(hair.any(axis))[[0, -1]]
        for span, axis in ((rows, 1), (columns, 0))
    )
    corners = np.array([(x, y) for x in across for y in down], np.float32)
    near = looks(region)[0]
    inside = np.abs(unit_of(near, corners) - 0.5) < 0.5
    return near if inside.all() else farther(region)


def scaled(region: Region, factor: float) -> Region:
    """Return the square so much larger, around the same middle."""
    return replace(region, width=factor * region.width, height=factor * region.height)


def is_cut(hair: Floats, region: Region, width: int, height: int) -> bool:
    """Return whether hair goes on beyond a crop, within the photo.

    Args:
        hair: SxS float32, its probability in the crop.
        region: Where the crop was taken.
        width: Of the photo in pixels.
        height: Of the photo in pixels.
    """
    size = hair.shape[-1]
    middles = (np.arange(size, dtype=np.float32) + 0.5) / size
    ends = [np.full_like(middles, end) for end in (0.5 / size, 1 - 0.5 / size)]
    rim = [(middles, ends[0]), (middles, ends[1]), (ends[0], middles), (ends[1], middles)]
    unit = np.concatenate([np.stack(pair, 1) for pair in rim])
    x, y = points_from(region, unit).T
    within = (x > 1) & (x < width - 2) & (y > 1) & (y < height - 2)
    along = np.concatenate([hair[0], hair[-1], hair[:, 0], hair[:, -1]])
    return float(np.mean(within & (along > 0.5))) > CUT_SHARE
