"""Where hair is: what a network sees in crops of a head, drawn onto the photo."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.geometry import points_from, shrink
from limner_server.imaging.guided import follow, linear_model
from limner_server.imaging.pieces import without_holes, without_specks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo
    from limner_server.imaging.geometry import Region

WORK_PX: Final = 384
"""Longest edge of the map; the network saw half of that."""

FIT_PX: Final = 224
"""Longest edge at which the map is fitted to the photo's colors."""

RADIUS: Final = 4
EPSILON: Final = 1e-4
"""The guided filter's window and evenness, as METHODS B.e1 has them."""

ODDS: Final = np.float32(1.3)
"""How much likelier hair is than the network says: taught by drawings, it sees too little of it in
photos (mean IoU over 36 photos 0.785 instead of 0.780)."""

SPECK_OF_FACE: Final = 0.002
"""Of the face's area: smaller pieces of hair are specks."""

SPECK_SHARE: Final = 0.02
"""Of the largest piece: smaller ones are specks too."""

HOLE_SHARE: Final = 0.004
"""Of the map: smaller holes in the hair are the network's."""

SKULL: Final = 0.29
"""Sides of the crop: radius of the circle that hair grows on."""

SKULL_UP: Final = 0.14
"""Sides of the crop from its middle up to the middle of that circle."""

NECK: Final = 0.06
"""Radii of the skull: half the width of a bridge by which two people's hair seems one."""

OTHERS_SHARE: Final = 0.2
"""Of the head's own hair that a piece beyond a bridge has at least to be somebody else's."""


_SUMMED: Final = np.ones((4, 1), np.float32)
"""Sums the classes: numpy's own sum takes ten times as long along so short an axis."""


class Label(enum.IntEnum):
    """The network's classes, in its order."""

    BACKGROUND = 0
    HAIR = 1
    FACE_SKIN = 2
    BODY = 3


@dataclass(frozen=True, eq=False)
class ClassMap:
    """The probability of each class over an upright part of a photo, at a bounded size."""

    rows: slice
    """Of the photo."""
    columns: slice
    hair: Matte
    """hxw float32 in [0, 1], on the photo's own edges."""
    soft: Floats
    """Of every class as the network saw it, smaller, x4 float32 in [0, 1]; they sum to 1."""

    @property
    def scale(self) -> float:
        """Pixels of the map for each of the photo's, at most about 1."""
        return float(self.hair.shape[0] / (self.rows.stop - self.rows.start))

    def classes(self) -> Floats:
        """Return the probability of every class, hxwx4 float32; they sum to 1."""
        height, width = self.hair.shape
        classes = cv2.resize(self.soft, (width, height)).astype(np.float32)
        classes[..., Label.HAIR] = 0
        classes *= ((1 - self.hair) / np.maximum(classes.sum(-1), 1e-6))[..., None]
        classes[..., Label.BACKGROUND] += 1 - self.hair - classes.sum(-1)
        classes[..., Label.HAIR] = self.hair
        return classes


def class_map(
    photo: Photo,
    looks: Sequence[tuple[Region, Floats]],
    farther: tuple[Region, Floats] | None = None,
) -> ClassMap:
    """Return the classes that a network saw in crops of a head, the hair on the photo's own edges.

    Args:
        photo: HxWx3 uint8, sRGB.
        looks: Crops and the answers for them, 4xSxS float32, the widest first: where several saw
            a pixel, their mean is believed. What none saw is background.
        farther: A look from farther away, believed only where the others end; None where they
            saw all the hair.

    Source: He and Sun, Fast Guided Filter, 2015, for the edges.
    """
    rows, columns = _box(photo, (farther or looks[0])[0])
    part = photo[rows, columns]
    small = shrink(part, WORK_PX)
    tiny = shrink(small, FIT_PX)
    factor = tiny.shape[1] / part.shape[1]
    soft = np.zeros((*tiny.shape[:2], 4), np.float32)
    soft[..., Label.BACKGROUND] = 1
    for group in ([farther] if farther else [], looks):
        total, widest = np.zeros_like(soft), np.zeros_like(soft[..., :1])
        for region, classes in group:
            matrix = _onto(region, classes.shape[-1], (rows, columns), factor)
            seen = _laid(classes, matrix, (tiny.shape[1], tiny.shape[0]))
            total += seen
            np.maximum(widest, seen @ _SUMMED, out=widest)
        mean = total / np.maximum(total @ _SUMMED, np.float32(1e-6))
        soft += widest * (mean - soft)
    soft[..., Label.HAIR] *= ODDS
    soft /= soft @ _SUMMED
    hair = follow(small, linear_model(tiny, soft[..., Label.HAIR], RADIUS, EPSILON))
    return ClassMap(rows, columns, hair, soft)


def hair_of(found: ClassMap, own: Region, others: Sequence[Region]) -> Matte:
    """Return the probability of one head's hair over a map; neighbors keep theirs.

    Args:
        found: The classes.
        own: The square around the head that is meant.
        others: The squares around other heads; hair nearer to one of them, in sides of the
            squares, is theirs.

    Returns:
        hxw float32 in [0, 1], of the map's size.
    """
    if not others:
        return found.hair
    hair = found.hair.copy()
    height, width = hair.shape
    x = (np.arange(width) + 0.5) / found.scale + found.columns.start
    y = (np.arange(height) + 0.5) / found.scale + found.rows.start

    def away(head: Region) -> Floats:
        return np.hypot(x - head.center_x, (y - head.center_y)[:, None]) / head.width  # type: ignore[no-any-return]

    mine = away(own)
    for other in others:
        hair[away(other) < mine] = 0
    return hair


def cleaned(hair: Matte, face_area: float, skull: tuple[float, float, float] | None) -> Flags:
    """Return where a head's hair is, without specks, small holes and other people's hair.

    Args:
        hair: hxw float32 in [0, 1].
        face_area: Of the face in pixels of the map; 0 where there is none.
        skull: Column, row and radius of the circle that hair grows on, in pixels of the map; None
            where no face was found.
    """
    inside = hair > 0.5
    if skull is not None:
        inside = _own_pieces(inside, *skull)
    pieces = without_specks(inside, SPECK_SHARE, SPECK_OF_FACE * face_area)
    return without_holes(pieces, HOLE_SHARE * hair.size)


def skull_of(head: Region, found: ClassMap) -> tuple[float, float, float]:
    """Return the circle that a head's hair grows on, in pixels of a map."""
    (x, y), *_ = points_from(head, np.array([[0.5, 0.5 - SKULL_UP]], np.float32)).tolist()
    scale = found.scale
    radius = SKULL * head.width * scale
    return (x - found.columns.start) * scale, (y - found.rows.start) * scale, radius


def _own_pieces(inside: Flags, x: float, y: float, radius: float) -> Flags:
    """Return the pieces of a mask that grow on a skull.

    A large piece that hangs together with one of them by a narrow neck only is somebody else's;
    from there on each pixel is the nearer one's.
    """
    inside = _reaching(inside, x, y, radius)
    reach = round(NECK * radius)
    cores = cv2.erode(inside.view(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    mine = _reaching(cores, x, y, radius)
    beyond = cores & ~mine
    if not beyond.any() or not mine.any():
        return inside
    others = without_specks(beyond, 0.0, OTHERS_SHARE * np.count_nonzero(mine))
    if not others.any():
        return inside
    to_mine, to_others = (
        cv2.distanceTransform((~some).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
        for some in (mine, others)
    )
    kept: Flags = inside & (to_mine <= to_others)
    return kept


def _reaching(inside: Flags, x: float, y: float, radius: float) -> Flags:
    """Return the pieces of a mask that come into a circle."""
    count, labels = cv2.connectedComponents(inside.view(np.uint8), connectivity=8)
    rows, columns = np.nonzero(inside)
    near = np.hypot(columns - x, rows - y) < radius
    comes = np.zeros(count, np.bool_)
    comes[labels[rows[near], columns[near]]] = True
    reaching: Flags = comes[labels]
    return reaching


def _box(photo: Photo, region: Region) -> tuple[slice, slice]:
    """Return the photo's rows and columns that a region touches; at least one of each."""
    height, width = photo.shape[:2]
    corners = points_from(region, np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32))
    left, top = np.clip(np.floor(corners.min(0)), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(corners.max(0)), (left + 1, top + 1), (width, height))
    return slice(int(top), int(bottom)), slice(int(left), int(right))


def _onto(region: Region, size: int, box: tuple[slice, slice], factor: float) -> Floats:
    """Return the map from a crop's pixels to those of a part of the photo, shrunk by a factor."""
    unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    places = points_from(region, unit) - np.array([box[1].start, box[0].start], np.float32)
    target = (places + 0.5) * factor - 0.5
    return cv2.getPerspectiveTransform(unit * size, target.astype(np.float32))  # type: ignore[return-value]


def _laid(classes: Floats, matrix: Floats, size: tuple[int, int]) -> Floats:
    """Return a crop's classes laid onto a picture, hxwx4; they sum to how much they count."""
    counted = np.ascontiguousarray((classes * _faded(classes.shape[-1])).transpose(1, 2, 0))
    return cv2.warpPerspective(counted, matrix, size)  # type: ignore[return-value]


def _faded(size: int) -> Floats:
    """Return how much a crop is believed: wholly, but for its rim."""
    places = np.arange(size, dtype=np.float32) + 0.5
    ramp = np.clip(np.minimum(places, size - places) / (0.06 * size), 0, 1)
    faded: Floats = np.minimum(ramp[:, None], ramp)
    return faded
