"""Animalize: faces found, each brought onto the animal's, drawn, and its head laid on the photo."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from limner.v1.reasons import NoHair, PoseTooFar
from limner_registry.animals import ANCHORS, ANIMALS, HEAD, index_of, onto, told_of_mesh
from limner_registry.contracts import ANIMALIZER, HAIR_SEGMENTER
from limner_registry.face_template import five_of_mesh, inverse, mapped
from limner_server.imaging.aligning import align, share_shown, validity
from limner_server.imaging.fusing import drawn_layer, fuse
from limner_server.imaging.mesh import oval
from limner_server.imaging.stickers import sticker_layer, wearer_of
from limner_server.imaging.vanishing import vanished
from limner_server.pipelines.coats import coat_like
from limner_server.pipelines.faces import Selector, find_faces, select_faces
from limner_server.pipelines.following import Follower
from limner_server.pipelines.hair import hair_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from limner_registry.face_template import Matrix
    from limner_server.call import Call
    from limner_server.imaging.arrays import Floats, Photo, Plane
    from limner_server.imaging.fusing import Layer
    from limner_server.imaging.stickers import Sticker, Wearer
    from limner_server.pipelines.faces import FoundFace
    from limner_server.pipelines.following import Followed
    from limner_server.pipelines.hair import Hair
    from limner_server.routing.models import Models

CROP: Final = ANIMALIZER.inputs[0].shape[0]
"""Pixels a side of what the network sees."""

DRAWN: Final = ANIMALIZER.outputs[0].shape[0]
"""Pixels a side of what it draws."""

MAX_YAW: Final = 45.0
"""Degrees; the heads it was taught by turn no farther."""

MAX_PITCH: Final = 35.0
"""Degrees."""

LARGEST: Final = Selector()
"""The face that is meant where nothing is said."""

BALD: Final = np.zeros((1, 1), bool), (slice(1), slice(1))
"""A head's hair where it has none, and the part of the photo that this speaks of."""

CUT: Final = 0.01
"""Share of a face beyond its photo from which the caller is told."""


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    animal: str
    """One of ANIMALS."""
    coat: int | None = None
    """Its place among the animal's; None lets the hair decide."""
    selector: Selector = LARGEST
    stickers: tuple[Sticker, ...] = ()
    """What every head wears, from behind to the front."""
    keep_hair: bool = False
    """Whether the person's own hair beside the animal's head stays."""


@dataclass(frozen=True, eq=False)
class Animal:
    """A person who became one."""

    face: FoundFace
    index: int
    """Place among all faces of the photo, from the image's left."""
    coat: int
    """Its place among the animal's."""
    wearer: Wearer
    """The animal's points, in pixels of the photo."""
    visible: float
    """Share of the person's face that the photo shows, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Animalized:
    """A photo with animals' heads."""

    photo: Photo
    mask: Plane
    """HxW uint8: how much of each pixel is not the photo's, of 255."""
    animals: tuple[Animal, ...]
    """From the image's left."""


@dataclass(frozen=True, eq=False)
class _Sitter:
    """A face as the network sees it."""

    crop: Photo
    points: Floats
    """23x2, shares of the crop's side."""
    to_drawn: Matrix
    """From the photo's pixels to those that are drawn."""
    visible: float


class Animalizing:
    """Turns people's heads into animals'."""

    def __init__(self, models: Models) -> None:
        """Ask `models` for the networks."""
        self._models = models

    async def animalize(
        self,
        photo: Photo,
        order: Order,
        call: Call,
        follower: Follower | None = None,
        now: float = 0.0,
    ) -> Animalized:
        """Return a photo with animals' heads, no hair beside them; all else keeps its bits.

        Args:
            photo: HxWx3 uint8, sRGB.
            order: What is asked for.
            call: Whose time it takes.
            follower: Knows a stream's faces; None for a photo alone.
            now: When the photo was taken, in seconds of the stream's own time.

        Raises:
            NoFace: There is no such face.
            PoseTooFar: The head that is meant, or every one of several, is turned too far.
        """
        faces = await find_faces(photo, self._models, call)
        chosen = _facing(faces, select_faces(faces, order.selector), call)
        fives = [five_of_mesh(faces[place].landmarks) for place in chosen]
        known = (follower or Follower()).follow(fives, now)
        hairs = [
            await self._hair(photo, faces, place, call)
            if not order.keep_hair or (one.coat is None and order.coat is None)
            else None
            for place, one in zip(chosen, known, strict=True)
        ]
        for one, hair in zip(known, hairs, strict=True):
            if one.coat is None:
                one.coat = await asyncio.to_thread(_coat, photo, hair, order)
        with call.stage("align"):
            sitters = await asyncio.to_thread(
                _aligned, photo, [faces[place] for place in chosen], known, order.animal
            )
        drawn, anchors = await self._drawn(sitters, known, order.animal, call)
        animals = tuple(
            Animal(faces[place], place, one.coat or 0, _wearer(points, sitter), sitter.visible)
            for place, one, sitter, points in zip(chosen, known, sitters, anchors, strict=True)
        )
        _warn_of_cuts(animals, call)
        bare, gone = photo, None
        if not order.keep_hair and _finds_hair(call):
            with call.stage("vanish"):
                bare, gone = await asyncio.to_thread(_without_heads, photo, animals, hairs)
        with call.stage("lay_on"):
            layers = _layers(animals, sitters, drawn, order.stickers)
            fused, mask = await asyncio.to_thread(fuse, bare, layers)
            mask = mask if gone is None else await asyncio.to_thread(np.maximum, mask, gone)
        return Animalized(fused, mask, animals)

    async def _hair(
        self, photo: Photo, faces: Sequence[FoundFace], place: int, call: Call
    ) -> Hair | None:
        """Return a head's hair; None where it has none, or where nothing is ready to find it."""
        if not _finds_hair(call):
            return None
        try:
            return await hair_of(photo, faces, place, self._models, call)
        except NoHair:
            return None

    async def _drawn(
        self, sitters: Sequence[_Sitter], known: Sequence[Followed], animal: str, call: Call
    ) -> tuple[NDArray[np.uint8], Floats]:
        """Return each sitter's head, and its points, in batches as large as the network takes."""
        parts = []
        for start in range(0, len(sitters), ANIMALIZER.max_batch):
            some = slice(start, start + ANIMALIZER.max_batch)
            coats = [one.coat or 0 for one in known[some]]
            inputs: dict[str, NDArray[Any]] = {
                "image": np.stack([sitter.crop for sitter in sitters[some]]),
                "points": np.stack([sitter.points for sitter in sitters[some]]),
                "animal": np.full((len(coats), 1), index_of(animal), np.uint8),
                "coat": np.array(coats, np.uint8)[:, None],
            }
            answers = await self._models.infer(ANIMALIZER, inputs, call)
            parts.append((answers["drawn"], answers["anchors"]))
        drawn, anchors = (np.concatenate(part) for part in zip(*parts, strict=True))
        return drawn, anchors


def _coat(photo: Photo, hair: Hair | None, order: Order) -> int:
    """Return the coat that is wanted, else the one most like the person's hair, else the first."""
    if order.coat is not None:
        return order.coat
    return 0 if hair is None else coat_like(photo, hair, order.animal)


def _finds_hair(call: Call) -> bool:
    return HAIR_SEGMENTER.model in call.routes.stable


def _without_heads(
    photo: Photo, animals: Sequence[Animal], hairs: Sequence[Hair | None]
) -> tuple[Photo, Plane]:
    """Return a photo without some heads and their hair, and how much of each pixel is changed."""
    gone = np.zeros(photo.shape[:2], np.uint8)
    for animal, hair in zip(animals, hairs, strict=True):
        inside, box = (hair.inside, (hair.rows, hair.columns)) if hair else BALD
        wall = hair.seen.wall() if hair else None
        photo, more = vanished(photo, inside, box, animal.face.landmarks, wall)
        np.maximum(gone, more, out=gone)
    return photo, gone


def _facing(faces: Sequence[FoundFace], chosen: Sequence[int], call: Call) -> list[int]:
    """Return those faces that look near enough into the camera; warn of the others.

    Raises:
        PoseTooFar: There are none.
    """
    sideways = {place: said for place in chosen if (said := _turned(faces[place]))}
    if len(sideways) == len(chosen):
        whose = "the head" if len(chosen) == 1 else "every head"
        raise PoseTooFar(f"{whose} is turned too far: {'; '.join(sideways.values())}")
    for place, said in sideways.items():
        call.warn("POSE_TOO_FAR", f"face {place} was left as it is: {said}", "selector")
    return [place for place in chosen if place not in sideways]


def _turned(face: FoundFace) -> str:
    """Return how a head is turned if that is too far; else nothing."""
    turns = (("yaw", abs(face.pose.yaw), MAX_YAW), ("pitch", abs(face.pose.pitch), MAX_PITCH))
    return ", ".join(
        f"{name} is {turn:.0f} degrees, at most {most:.0f} will do"
        for name, turn, most in turns
        if turn > most
    )


def _aligned(
    photo: Photo, faces: Sequence[FoundFace], known: Sequence[Followed], name: str
) -> list[_Sitter]:
    animal = ANIMALS[name]
    eyes = (animal.template[1][0] - animal.template[0][0]) / HEAD
    sitters = []
    for face, one in zip(faces, known, strict=True):
        to_crop = onto(one.head.points, animal, CROP)
        told = (mapped(told_of_mesh(face.landmarks), to_crop) + 0.5) / CROP
        outline = mapped(oval(face.landmarks).astype(np.float64), to_crop)
        sitters.append(
            _Sitter(
                align(photo, to_crop, CROP),
                one.steady_expression(told, eyes).astype(np.float32),
                onto(one.head.points, animal, DRAWN),
                share_shown(validity(photo.shape[:2], to_crop, CROP), outline),
            )
        )
    return sitters


def _wearer(anchors: Floats, sitter: _Sitter) -> Wearer:
    """Return a drawn head in pixels of the photo."""
    places = mapped(anchors.astype(np.float64) * DRAWN - 0.5, inverse(sitter.to_drawn))
    return wearer_of(dict(zip(ANCHORS, places, strict=True)))


def _layers(
    animals: Sequence[Animal],
    sitters: Sequence[_Sitter],
    drawn: NDArray[np.uint8],
    stickers: Sequence[Sticker],
) -> Iterator[Layer]:
    """Yield heads and what they wear from the farthest to the nearest: small ones are far."""
    for n in sorted(range(len(animals)), key=lambda n: animals[n].wearer.unit):
        yield drawn_layer(drawn[n], sitters[n].to_drawn)
        for sticker in stickers:
            yield sticker_layer(sticker, animals[n].wearer)


def _warn_of_cuts(animals: Sequence[Animal], call: Call) -> None:
    for animal in animals:
        if animal.visible < 1 - CUT:
            said = f"{1 - animal.visible:.0%} of face {animal.index} lies beyond the photo"
            call.warn("FACE_CUT", f"{said}; the animal was drawn as far as that goes", "image")
