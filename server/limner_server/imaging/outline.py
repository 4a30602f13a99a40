"""The outline of a person: a network's small, soft map drawn onto the photo's own edges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.geometry import shrink
from limner_server.imaging.guided import Guide, follow
from limner_server.imaging.pieces import without_holes, without_specks

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Matte, Photo

FIT_PX: Final = 256
"""Longest edge at which the map is fitted to the photo's colors; the network saw no more."""

WORK_PX: Final = 512
"""Longest edge of an outline. Fitted and drawn at 1024 it takes five times as long, and on five
portraits 0.1 to 0.25 % of the pixels come out otherwise."""

RADIUS: Final = 2
EPSILON: Final = 1e-4
"""The guided filter's window and evenness: an edge may lie two pixels of the network's off."""

SPECK_SHARE: Final = 0.05
"""Of the largest piece: smaller pieces of person are specks. A second person is larger."""

HOLE_SHARE: Final = 0.002
"""Of the picture: smaller holes are the network's; larger may lie between arm and body."""


def outline(person: Matte, photo: Photo) -> Flags:
    """Return where a person is in a photo.

    The network's map follows the photo's edges by a guided filter, is cut at a half and rid of
    specks and small holes.

    Args:
        person: Probability of a person, any size, float32 in [0, 1]; stretched over the photo.
        photo: HxWx3 uint8, sRGB.

    Returns:
        hxw bool of the photo's shape, at most WORK_PX along the longest edge.

    Source: He and Sun, Fast Guided Filter, 2015.
    """
    small = shrink(photo, WORK_PX)
    tiny = shrink(small, FIT_PX)
    soft = cv2.resize(person, (tiny.shape[1], tiny.shape[0]))
    model = Guide(tiny, RADIUS).linear_model(soft.astype(np.float32), EPSILON)
    sharp = follow(small, model)
    whole_pieces = without_specks(sharp > 0.5, SPECK_SHARE)
    return without_holes(whole_pieces, HOLE_SHARE * sharp.size)


def stretched(inside: Flags, width: int, height: int) -> Flags:
    """Return an outline at another size, its edges smooth between its pixels."""
    soft = cv2.resize(inside.astype(np.uint8) * 255, (width, height))
    larger: Flags = soft > 127
    return larger
