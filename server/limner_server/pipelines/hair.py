"""Hair: found around a face, of the head that is meant, drawn onto the photo's edges."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from limner.v1.reasons import NoFace, NoHair
from limner_registry.contracts import HAIR_SEGMENTER
from limner_server.call import side_by_side
from limner_server.imaging import hair_map, head
from limner_server.imaging.detection import letterbox
from limner_server.imaging.geometry import Region, crop
from limner_server.imaging.guided import rows_resized
from limner_server.imaging.hair_map import Label, ground_of
from limner_server.imaging.strips import each_strip
from limner_server.pipelines.faces import Selector, find_faces, select_face

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_server.call import Call
    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo, Plane
    from limner_server.imaging.hair_map import ClassMap
    from limner_server.pipelines.faces import FoundFace
    from limner_server.routing.models import Models

__all__ = ["Hair", "Label", "find_hair", "find_labels", "hair_of"]

LEAST_OF_FACE = 0.03
"""Share of the face's area below which what looks like hair is stubble, or a mistake."""

LEAST_OF_PHOTO = 0.002
"""The same of the photo, where no face was found."""


@dataclass(frozen=True, eq=False)
class Hair:
    """The hair of one head over a part of the photo, at a bounded size."""

    rows: slice
    """Of the photo."""
    columns: slice
    probability: Matte
    """hxw float32 in [0, 1]."""
    inside: Flags
    """hxw bool: where hair is taken to be."""
    seen: ClassMap
    """What the network saw there."""

    @property
    def scale(self) -> float:
        """Pixels of the maps for each of the photo's, at most about 1."""
        return float(self.inside.shape[0] / (self.rows.stop - self.rows.start))


async def find_hair(photo: Photo, selector: Selector, models: Models, call: Call) -> Hair:
    """Return where the hair of the head that is meant is.

    Without a face the whole photo is looked at, and the caller is warned; unless a certain face
    was asked for.

    Raises:
        NoFace: There is no face such as was asked for.
        NoHair: The head shows none, or too little.
    """
    try:
        faces = await find_faces(photo, models, call)
    except NoFace:
        if selector != Selector():
            raise
        call.warn("NO_FACE", "no face was found: hair was looked for in the photo as a whole")
        return await hair_of(photo, (), 0, models, call)
    return await hair_of(photo, faces, select_face(faces, selector), models, call)


async def hair_of(
    photo: Photo, faces: Sequence[FoundFace], selected: int, models: Models, call: Call
) -> Hair:
    """Return where the hair of one of a photo's faces is; without any, of the whole photo.

    Raises:
        NoHair: The head shows none, or too little.
    """
    height, width, _ = photo.shape
    own, others, face_area = letterbox(width, height), list[Region](), 0.0
    if faces:
        own, others = _heads(faces, selected)
        face_area = faces[selected].detection.area
    found = await _look(photo, own, models, call)
    with call.stage("hair_map"):
        hair = await asyncio.to_thread(_drawn, found, own, others, face_area)
    _check_enough(hair, height * width, face_area)
    return hair


async def find_labels(
    photo: Photo,
    faces: Sequence[FoundFace],
    selected: int | None,
    person: Flags,
    models: Models,
    call: Call,
) -> Plane:
    """Return the class of every pixel of a photo.

    Args:
        photo: HxWx3 uint8, sRGB.
        faces: Those that were found; may be none.
        selected: Place in `faces` of the one whose head is meant; None where there are none.
        person: HxW bool, where people are: what of them no crop showed is BODY.
        models: Runs the network.
        call: Whose deadline, plan and record apply.

    Returns:
        HxW uint8 of Label.
    """
    height, width, _ = photo.shape
    others: list[Region] = []
    face_area = 0.0
    if selected is None:
        own = letterbox(width, height)
        call.warn("NO_FACE", "no face was found: hair was looked for in the photo as a whole")
    else:
        own, others = _heads(faces, selected)
        face_area = faces[selected].detection.area
    found = await _look(photo, own, models, call)
    with call.stage("labels"):
        return await asyncio.to_thread(_labels, found, own, others, face_area, person)


def _check_enough(hair: Hair, photo_area: int, face_area: float) -> None:
    """Raise NoHair where what was found is too little to be worked on."""
    pixels = np.count_nonzero(hair.inside) / hair.scale**2
    covers = f"hair covers {pixels / photo_area:.2%} of the photo"
    if pixels < LEAST_OF_FACE * face_area:
        share = f"{pixels / face_area:.1%} of the face's size"
        raise NoHair(f"{covers} and {share}; {LEAST_OF_FACE:.0%} of that is needed")
    if not face_area and pixels < LEAST_OF_PHOTO * photo_area:
        raise NoHair(f"{covers}, {LEAST_OF_PHOTO:.1%} is needed")


def _heads(faces: Sequence[FoundFace], selected: int) -> tuple[Region, list[Region]]:
    """Return the square around the head that is meant, and those around the others."""
    regions = [head.head_region(face.landmarks) for face in faces]
    return regions[selected], regions[:selected] + regions[selected + 1 :]


async def _look(photo: Photo, region: Region, models: Models, call: Call) -> ClassMap:
    """Return what the segmenter sees around a head; from farther away too if that cuts hair."""
    height, width, _ = photo.shape
    looks, farther = head.looks(region), head.farther(region)
    squares = await _cropped(photo, looks, call)
    seen, ground = await side_by_side(
        _segmented(squares, models, call), asyncio.to_thread(ground_of, photo, looks)
    )
    answers = [seen]
    if head.is_cut(seen[0][Label.HAIR], looks[0], width, height):
        squares = await _cropped(photo, [farther], call)
        more, ground = await side_by_side(
            _segmented(squares, models, call), asyncio.to_thread(ground_of, photo, looks, farther)
        )
        answers.append(more)
    with call.stage("class_map"):
        return await asyncio.to_thread(hair_map.class_map, ground, *answers)


async def _cropped(photo: Photo, regions: Sequence[Region], call: Call) -> Photo:
    """Return what the segmenter sees of some regions, Nx256x256x3 uint8."""
    with call.stage("crop_hair_segmenter"):
        return await asyncio.to_thread(_squares, photo, regions)


async def _segmented(squares: Photo, models: Models, call: Call) -> Sequence[Floats]:
    """Return the segmenter's classes in each of some squares, 4x256x256 float32."""
    answers = await models.infer(HAIR_SEGMENTER, {"image": squares}, call)
    return list(answers["classes"])


def _squares(photo: Photo, regions: Sequence[Region]) -> Photo:
    rows, columns, _ = HAIR_SEGMENTER.inputs[0].shape
    return np.stack([crop(photo, region, columns, rows, "mirror") for region in regions])


def _drawn(found: ClassMap, own: Region, others: list[Region], face_area: float) -> Hair:
    probability = hair_map.hair_of(found, own, others)
    skull = hair_map.skull_of(own, found) if face_area else None
    inside = hair_map.cleaned(probability, face_area * found.scale**2, skull)
    return Hair(found.rows, found.columns, probability, inside, found)


def _labels(
    found: ClassMap, own: Region, others: list[Region], face_area: float, person: Flags
) -> Plane:
    """Return the classes at the photo's size, by strips."""
    labels = np.where(person, np.uint8(Label.BODY), np.uint8(Label.BACKGROUND))
    hair = _drawn(found, own, others, face_area)
    classes = found.classes()
    theirs = (classes[..., Label.HAIR] > 0.5) & ~hair.inside
    classes[..., Label.BODY][theirs] += classes[..., Label.HAIR][theirs]
    classes[..., Label.HAIR][theirs] = 0
    classes[hair.inside & (hair.probability <= 0.5)] = np.eye(4, dtype=np.float32)[Label.HAIR]
    part = labels[found.rows, found.columns]

    def label_strip(rows: slice) -> None:
        seen = rows_resized(classes, rows, *part.shape).argmax(-1).astype(np.uint8)
        np.copyto(part[rows], seen, where=seen != Label.BACKGROUND)

    each_strip(0, len(part), label_strip)
    return labels
