"""Where pictures lie that heads wear: held by a point of the head, as large and as turned as it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.fusing import Layer, premultiplied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats

    Place = NDArray[np.float64]

BELOW: Final = 1.35
"""How often the eyes are as far from each other as from the mouth, on an animal that looks
straight: a head that is turned keeps the one, one that nods the other."""

LONGEST: Final = 1024
"""Longest edge in pixels at which a sticker is kept: heads are drawn at half of it."""


@dataclass(frozen=True, eq=False)
class Sticker:
    """A picture, and how it is worn; lengths are counted in distances of the wearer's eyes."""

    picture: Floats
    """hxwx4, as `kept` returns it."""
    anchor: str
    """The wearer's point that holds it."""
    held: tuple[float, float] = (0.5, 0.5)
    """The picture's point that is held there: shares of its width and its height."""
    width: float = 2.0
    """Of the whole picture, above 0."""
    shift: tuple[float, float] = (0.0, 0.0)
    """How far from there, along the head's right (the image's, if it is upright) and down."""


@dataclass(frozen=True, eq=False)
class Wearer:
    """A head in a photo, as far as what it wears is concerned."""

    anchors: Mapping[str, Place]
    """Its points by name, (x, y) in pixels; `eyes` and `mouth` are the middles of both."""
    unit: float
    """Pixels between its eyes when they look straight, above 0."""
    lean: float
    """Radians by which it leans clockwise in the image."""


def kept(picture: NDArray[np.uint8]) -> Floats:
    """Return a picture as a sticker holds it: premultiplied, and no larger than it needs to be.

    Args:
        picture: hxwx4, sRGB that is not premultiplied, and alpha.
    """
    laid = premultiplied(picture)
    high, wide, _ = laid.shape
    skip = max(high, wide) / LONGEST
    if skip <= 1:
        return laid
    size = (max(1, round(wide / skip)), max(1, round(high / skip)))
    return np.asarray(cv2.resize(laid, size, interpolation=cv2.INTER_AREA), np.float32)


def wearer_of(anchors: Mapping[str, Place]) -> Wearer:
    """Return the head whose points lie so.

    Args:
        anchors: At least `eye_r` and `eye_l`, `mouth_r` and `mouth_l`; `_r` is the head's own
            right, the image's left.
    """
    eyes = (anchors["eye_r"] + anchors["eye_l"]) / 2
    mouth = (anchors["mouth_r"] + anchors["mouth_l"]) / 2
    right, down = (float(v) for v in anchors["eye_l"] - anchors["eye_r"])
    apart = math.hypot(right, down)
    unit = max(apart, BELOW * math.hypot(*(mouth - eyes)), 1.0)
    return Wearer({**anchors, "eyes": eyes, "mouth": mouth}, unit, math.atan2(down, right))


def sticker_layer(sticker: Sticker, wearer: Wearer) -> Layer:
    """Return a sticker as it is laid on its wearer.

    Raises:
        KeyError: The wearer has no such point as is to hold it.
    """
    high, wide, _ = sticker.picture.shape
    pixels = wide / (sticker.width * wearer.unit)
    cosine, sine = pixels * math.cos(wearer.lean), pixels * math.sin(wearer.lean)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    moved = np.array(sticker.shift) * wearer.unit * pixels
    held = np.array(sticker.held) * (wide, high) - 0.5 - moved
    place = held - turn @ wearer.anchors[sticker.anchor]
    return Layer(sticker.picture, np.concatenate([turn, place[:, None]], axis=1))
