"""Composite: a face in either photo, both aligned, shares and colors asked for, all laid on."""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner.errors import Violation
from limner.v1.reasons import NoFace, PoseTooFar
from limner_registry.contracts import (
    BACKGROUND_BLENDER,
    COLOR_CORRECTOR,
    COMPOSER,
    FACE_EXTRACTOR,
)
from limner_registry.face_template import aligned, five_of_mesh, mapped, misfit
from limner_server.imaging.aligning import align, align_valid, scale_of, share_shown
from limner_server.imaging.composing import Overlay, Place, blended, compose
from limner_server.imaging.mesh import oval
from limner_server.pipelines.faces import find_faces, select_face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_registry.contract import Contract
    from limner_server.call import Call
    from limner_server.imaging.arrays import Floats, Photo, Plane
    from limner_server.pipelines.faces import FoundFace, Selector
    from limner_server.routing.models import Models

SIDE: Final = 256
"""Pixels a side of the crops that the networks see."""

MAX_MISFIT: Final = 0.25
"""Of the distance of the eyes. Between 33 photographed people, two whose heads were turned alike
within 5 degrees were 0.08 apart in the median and 0.23 at most; at 40 to 60 degrees it was 0.28."""

MAX_TURN: Final = 20.0
"""Degrees, of yaw or pitch, by which the heads may differ; at 26 no face looked right."""

TURNED: Final = 10.0
"""Degrees from which the caller is told: at 12 outlines met, at 16 hair was seen at a temple."""

MAX_SCALE: Final = 8.0
"""Times that one face may be larger than the other."""

ENLARGED: Final = 0.5
"""Pixels of the converted photo for each of the original below which the caller is told."""

CUT: Final = 0.01
"""Share of a face beyond its photo from which the caller is told."""


class Engine(enum.Enum):
    """What decides which pixel comes from where."""

    NETWORK = enum.auto()
    CONVENTIONAL = enum.auto()


@dataclass(frozen=True, eq=False)
class Portrait:
    """A photo with the face that is meant."""

    photo: Photo
    face: FoundFace


@dataclass(frozen=True, eq=False)
class Composited:
    """A photo with another's face, and how it came about."""

    photo: Photo
    mask: Plane
    """HxW uint8: how much of each pixel is not the original's, of 255."""
    misfit: float
    """How far the faces stay apart, as a share of the distance of the eyes, at least 0."""
    scale: float
    """Pixels of the converted photo for each of the original."""
    visible: float
    """Share of the converted face that its photo shows, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class _Pair:
    """Two photos, aligned."""

    original: Place
    converted: Place
    original_crop: Photo
    converted_crop: Photo
    valid: Plane
    """255 where the converted crop shows its photo, else 0."""
    visible: float


class Compositing:
    """Lays converted faces into original photos."""

    def __init__(self, models: Models) -> None:
        """Ask `models` for the networks."""
        self._models = models

    async def look(self, photo: Photo, selector: Selector, which: str, call: Call) -> Portrait:
        """Return a photo with the face that is meant.

        Args:
            photo: Where to look.
            selector: Which face is meant.
            which: The request's field that it came in, such as `original`.
            call: Whose time it takes.

        Raises:
            NoFace: There is no such face; says in which photo.
        """
        try:
            faces = await find_faces(photo, self._models, call)
            return Portrait(photo, faces[select_face(faces, selector)])
        except NoFace as error:
            said = f"the {which}: {error}"
            raise NoFace(said, violations=[Violation(which, str(error))]) from error

    async def composite(
        self, original: Portrait, converted: Portrait, engine: Engine, call: Call
    ) -> Composited:
        """Return the original with the converted photo's face; all else keeps its bits.

        Raises:
            PoseTooFar: The faces are turned, shaped or scaled too differently.
        """
        apart, scale = _compared(original.face, converted.face)
        with call.stage("align"):
            pair = await asyncio.to_thread(_aligned, original, converted)
        if pair.visible < 1 - CUT:
            said = f"{1 - pair.visible:.0%} of the face lies beyond its photo"
            call.warn("FACE_CUT", f"{said}; there the original's face stays", "converted")
        if scale < ENLARGED:
            said = f"the face has {scale:.2f} pixels for each of the original's"
            call.warn("FACE_ENLARGED", f"{said}: it was enlarged", "converted")
        turn = max(_turns(original.face, converted.face))
        if turn > TURNED:
            said = f"the heads are turned {turn:.0f} degrees apart: their outlines may not meet"
            call.warn("FACES_TURNED", said, "converted")
        ask = self._composed if engine is Engine.NETWORK else self._blended
        source, overlay = await ask(pair, call)
        with call.stage("lay_on"):
            photo, mask = await asyncio.to_thread(
                compose, pair.original, pair.original_crop, source, overlay
            )
        return Composited(photo, mask, apart, scale, pair.visible)

    async def _composed(self, pair: _Pair, call: Call) -> tuple[Place, Overlay]:
        """Return what the composer makes of a pair, and whose pixels it shows."""
        inputs = {
            "original": pair.original_crop[None],
            "converted": pair.converted_crop[None],
            "valid": pair.valid[None],
        }
        answers = await self._models.infer(COMPOSER, inputs, call)
        masks = answers["masks"][0]
        ring, colors = answers["ring"][0], answers["colors"][0]
        return pair.converted, Overlay(masks[..., 0], masks[..., 2], ring, colors)

    async def _blended(self, pair: _Pair, call: Call) -> tuple[Place, Overlay]:
        """Return what the conventional chain, one network after the other, makes of a pair.

        What is shown are the last one's own pixels.
        """
        crops = np.stack((pair.original_crop, pair.converted_crop))
        original_face, face = await self._first(FACE_EXTRACTOR, {"image": crops}, call)
        face = face * (pair.valid > 0)
        known = {
            "face": _bytes(face)[None],
            "original": pair.original_crop[None],
            "original_face": _bytes(original_face)[None],
        }
        told = {"converted": pair.converted_crop[None], **known}
        corrected = await self._first(COLOR_CORRECTOR, told, call)
        told = {"corrected": _bytes(corrected), **known}
        picture = (await self._first(BACKGROUND_BLENDER, told, call))[0]
        return Place(_bytes(picture), np.eye(2, 3)), blended(picture, face, original_face)

    async def _first(
        self, contract: Contract, inputs: dict[str, NDArray[np.uint8]], call: Call
    ) -> Floats:
        """Return a network's only answer, batch axis first."""
        answers = await self._models.infer(contract, inputs, call)
        only: Floats = answers[contract.outputs[0].name]
        return only


def _compared(original: FoundFace, converted: FoundFace) -> tuple[float, float]:
    """Return how far two faces stay apart, and the second's size over the first's.

    Raises:
        PoseTooFar: They are too different to become one.
    """
    one, other = (five_of_mesh(face.landmarks) for face in (converted, original))
    apart = misfit(one, other)
    scale = scale_of(aligned(other, SIDE)) / scale_of(aligned(one, SIDE))
    yaw, pitch = _turns(original, converted)
    too_far = [
        said
        for wrong, said in (
            (yaw > MAX_TURN, f"yaw differs by {yaw:.0f} degrees, at most {MAX_TURN:.0f} will do"),
            (pitch > MAX_TURN, f"pitch by {pitch:.0f}, at most {MAX_TURN:.0f}"),
            (apart > MAX_MISFIT, f"the misfit is {apart:.2f}, at most {MAX_MISFIT}"),
            (
                not 1 / MAX_SCALE <= scale <= MAX_SCALE,
                f"one face is {max(scale, 1 / scale):.1f} times larger, at most {MAX_SCALE:.0f}",
            ),
        )
        if wrong
    ]
    if too_far:
        raise PoseTooFar(f"the faces are too far apart: {'; '.join(too_far)}")
    return apart, scale


def _turns(one: FoundFace, other: FoundFace) -> tuple[float, float]:
    """Return by how many degrees of yaw and of pitch two heads differ."""
    return abs(one.pose.yaw - other.pose.yaw), abs(one.pose.pitch - other.pose.pitch)


def _aligned(original: Portrait, converted: Portrait) -> _Pair:
    below, above = (_place(portrait) for portrait in (original, converted))
    crop, valid = align_valid(above.photo, above.matrix, SIDE)
    outline = mapped(oval(converted.face.landmarks).astype(np.float64), above.matrix)
    below_crop = align(below.photo, below.matrix, SIDE)
    return _Pair(below, above, below_crop, crop, valid, share_shown(valid, outline))


def _place(portrait: Portrait) -> Place:
    return Place(portrait.photo, aligned(five_of_mesh(portrait.face.landmarks), SIDE))


def _bytes(shares: Floats) -> NDArray[np.uint8]:
    """Return values in [0, 1] as bytes of 255."""
    return np.asarray(np.clip(shares, 0, 1) * 255 + np.float32(0.5), np.uint8)
