"""Where hair is: what a network sees in crops of a head, drawn onto the photo."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.geometry import points_from, shrink, touched
from limner_server.imaging.guided import Guide, follow
from limner_server.imaging.head import INPUT_PX
from limner_server.imaging.pieces import grown_on, without_holes, without_specks
from limner_server.imaging.wall import Wall

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo
    from limner_server.imaging.geometry import Region
    from limner_server.imaging.pieces import Circle

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

BARE: Final = np.float32(0.9)
"""The least probability of background where nobody is taken to be."""

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


class Label(enum.IntEnum):
    """The network's classes, in its order."""

    BACKGROUND = 0
    HAIR = 1
    FACE_SKIN = 2
    BODY = 3


@dataclass(frozen=True, eq=False)
class Ground:
    """A part of a photo, made ready to be drawn on before the network has answered."""

    rows: slice
    """Of the photo."""
    columns: slice
    photo: Photo
    """Of the map's size."""
    guide: Guide
    """Smaller: how the photo's colors vary where the map is fitted to them."""
    size: tuple[int, int]
    """Columns and rows of that."""
    layers: tuple[_Layer, ...]
    """The second is believed where the first ends."""


@dataclass(frozen=True, eq=False)
class _Layer:
    """Crops that are believed together."""

    matrices: tuple[Floats, ...]
    """2x3 each: from the crop's pixels to those that the map is fitted at."""
    mean: Matte
    """By which the sum of what the crops show is multiplied: the more of them saw a pixel, the
    less; and by how much it is believed, which ends softly."""
    rest: Matte
    """How much what lies under the layer is believed, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class ClassMap:
    """The probability of each class over an upright part of a photo, at a bounded size."""

    ground: Ground
    answers: tuple[Sequence[Floats], ...]
    """Of each layer's crops, 4xSxS float32 each."""
    hair: Matte
    """hxw float32 in [0, 1], on the photo's own edges."""

    @property
    def rows(self) -> slice:
        """Of the photo."""
        return self.ground.rows

    @property
    def columns(self) -> slice:
        """Of the photo."""
        return self.ground.columns

    @property
    def scale(self) -> float:
        """Pixels of the map for each of the photo's, at most about 1."""
        return float(self.hair.shape[0] / (self.rows.stop - self.rows.start))

    def wall(self) -> Wall:
        """Return where next to nothing but background is seen."""
        behind = _believed(self.ground, self.answers, Label.BACKGROUND)
        return Wall(self.rows, self.columns, behind > BARE)

    def classes(self) -> Floats:
        """Return the probability of every class, hxwx4 float32; they sum to 1."""
        height, width = self.hair.shape
        soft = np.zeros((*self.ground.size[::-1], 4), np.float32)
        for label in (Label.FACE_SKIN, Label.BODY):
            soft[..., label] = _believed(self.ground, self.answers, label)
        soft[..., Label.BACKGROUND] = 1 - soft.sum(-1)
        soft[..., Label.BACKGROUND] -= _believed(self.ground, self.answers, Label.HAIR)
        classes = cv2.resize(np.maximum(soft, 0), (width, height)).astype(np.float32)
        classes *= ((1 - self.hair) / np.maximum(classes.sum(-1), 1e-6))[..., None]
        classes[..., Label.BACKGROUND] += 1 - self.hair - classes.sum(-1)
        classes[..., Label.HAIR] = self.hair
        return classes


def ground_of(photo: Photo, looks: Sequence[Region], farther: Region | None = None) -> Ground:
    """Return what a map needs of a photo.

    Args:
        photo: HxWx3 uint8, sRGB.
        looks: Where crops are taken, the widest first: where several see a pixel, their mean is
            believed.
        farther: Where a look from farther away is taken, believed only where the others end; None
            for none.
    """
    box = touched(farther or looks[0], *photo.shape[:2])
    part = photo[box]
    small = shrink(part, WORK_PX)
    tiny = shrink(small, FIT_PX)
    size = (tiny.shape[1], tiny.shape[0])
    factor = size[0] / part.shape[1]
    groups = [looks, *([[farther]] if farther else [])]
    layers = tuple(_layer(group, box, factor, size) for group in groups)
    return Ground(*box, small, Guide(tiny, RADIUS), size, layers)


def class_map(ground: Ground, *answers: Sequence[Floats]) -> ClassMap:
    """Return the classes that a network saw in crops of a head, the hair on the photo's own edges.

    What no crop showed is background.

    Args:
        ground: From `ground_of`.
        answers: For the looks, then for the one from farther away if there is one: probabilities
            of classes in each crop, 4xINPUT_PXxINPUT_PX float32.

    Source: He and Sun, Fast Guided Filter, 2015, for the edges.
    """
    hair = _believed(ground, answers, Label.HAIR)
    likelier = ODDS * hair / (1 + (ODDS - 1) * hair)
    model = ground.guide.linear_model(likelier, EPSILON)
    return ClassMap(ground, answers, follow(ground.photo, model))


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


def cleaned(hair: Matte, face_area: float, skull: Circle | None) -> Flags:
    """Return where a head's hair is, without specks, small holes and other people's hair.

    Args:
        hair: hxw float32 in [0, 1].
        face_area: Of the face in pixels of the map; 0 where there is none.
        skull: The circle that hair grows on, in pixels of the map; None where no face was found.
    """
    inside = hair > 0.5
    if skull is not None:
        inside = grown_on(inside, skull)
    pieces = without_specks(inside, SPECK_SHARE, SPECK_OF_FACE * face_area)
    return without_holes(pieces, HOLE_SHARE * hair.size)


def skull_of(head: Region, found: ClassMap) -> Circle:
    """Return the circle that a head's hair grows on, in pixels of a map."""
    (x, y), *_ = points_from(head, np.array([[0.5, 0.5 - SKULL_UP]], np.float32)).tolist()
    scale = found.scale
    radius = SKULL * head.width * scale
    return (x - found.columns.start) * scale, (y - found.rows.start) * scale, radius


def _layer(
    regions: Sequence[Region], box: tuple[slice, slice], factor: float, size: tuple[int, int]
) -> _Layer:
    """Return how crops lie on a part of a photo that is shrunk to a size."""
    matrices = tuple(_onto(region, box, factor) for region in regions)
    covers = np.stack([cv2.warpAffine(FADED, matrix, size) for matrix in matrices])
    total, widest = covers.sum(0), covers.max(0)
    return _Layer(matrices, widest / np.maximum(total, np.float32(1e-6)), 1 - widest)


def _onto(region: Region, box: tuple[slice, slice], factor: float) -> Floats:
    """Return the map from a crop's pixels to those of a part of the photo, shrunk by a factor."""
    unit = np.array([[0, 0], [1, 0], [1, 1]], np.float32)
    places = points_from(region, unit) - np.array([box[1].start, box[0].start], np.float32)
    target = (places + 0.5) * factor - 0.5
    return cv2.getAffineTransform(unit * INPUT_PX, target.astype(np.float32))  # type: ignore[return-value]


def _believed(ground: Ground, answers: Sequence[Sequence[Floats]], label: Label) -> Matte:
    """Return what is believed of one class where the map is fitted; 0 where nothing was seen."""
    seen = np.zeros(ground.size[::-1], np.float32)
    for layer, shown in reversed(list(zip(ground.layers, answers, strict=True))):
        total = sum(
            cv2.warpAffine(classes[label] * FADED, matrix, ground.size)
            for classes, matrix in zip(shown, layer.matrices, strict=True)
        )
        seen = layer.rest * seen + layer.mean * total
    return seen


def _faded(size: int) -> Floats:
    """Return how much a crop is believed: wholly, but for its rim."""
    places = np.arange(size, dtype=np.float32) + 0.5
    ramp = np.clip(np.minimum(places, size - places) / (0.06 * size), 0, 1)
    faded: Floats = np.minimum(ramp[:, None], ramp).astype(np.float32)
    return faded


FADED: Final = _faded(INPUT_PX)
