"""TransferHair: heads looked at, hair brought to the person's, the old taken away, all laid on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from limner.errors import Violation
from limner.v1.reasons import ModelNotReady, NoHair, PoseTooFar
from limner_registry.contracts import HAIR_REMOVER
from limner_server.call import side_by_side
from limner_server.imaging.appearance import appearance_of, restyled
from limner_server.imaging.beneath import hole_in_crop, hole_of, lay_beneath
from limner_server.imaging.facing import MAX_TURN, TURNED, facing
from limner_server.imaging.fitting import fit
from limner_server.imaging.geometry import crop
from limner_server.imaging.head import head_region, square_for
from limner_server.imaging.light import light_of, relit
from limner_server.imaging.restyling import restyle
from limner_server.imaging.skull import head_of
from limner_server.imaging.transplanting import kept_off_face, transplant

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_server.call import Call
    from limner_server.imaging.appearance import Appearance
    from limner_server.imaging.arrays import Photo, Plane
    from limner_server.imaging.beneath import Hole
    from limner_server.imaging.fitting import Strands
    from limner_server.imaging.geometry import Region
    from limner_server.imaging.skull import Head as Skull
    from limner_server.imaging.wig import Wig
    from limner_server.pipelines.course import Course
    from limner_server.pipelines.faces import FoundFace, Selector
    from limner_server.pipelines.heads import Head, Heads
    from limner_server.pipelines.wigs import Reference
    from limner_server.routing.models import Models

REMOVED_AT: Final = HAIR_REMOVER.inputs[0].shape[0]
"""Pixels a side of what the network sees that takes hair away."""

SHOWS: Final = 0.15
"""Share of the old hair that may show beside the new where no network can take it away."""


EXPECTED: Final = {
    "look": (1.0, 0.1),
    "fit": (0.05, 0.03),
    "remove": (0.2, 0.1),
    "lay_on": (0.02, 0.03),
    "encode": (0.01, 0.01),
}
"""Seconds that each part takes, and more for each megapixel of the person's photo."""


@dataclass(frozen=True, eq=False)
class Person:
    """Whose head gets the hair."""

    photo: Photo
    head: Head
    skull: Skull
    """In pixels of the head's part of the photo."""


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    keep_face: bool = True
    """Whether new hair ends before eyes, nose and mouth."""
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Transferred:
    """A person's photo with other hair, and how it came about."""

    photo: Photo
    mask: Plane
    """HxW uint8: 255 where it may differ from the original; where it is 0 no bit has changed."""
    alpha: Plane
    """HxW uint8, the new hair's share."""


class Transferring:
    """Puts the hair of references on people's heads."""

    def __init__(self, models: Models, heads: Heads) -> None:
        """Find people's heads with `heads`, and ask `models` to take hair away."""
        self._models = models
        self._heads = heads

    async def person(
        self, photo: Photo, selector: Selector, call: Call, *, keeps_shape: bool
    ) -> Person:
        """Return a photo with the head that is meant.

        Raises:
            NoFace: There is no such face.
            NoHair: It keeps its hair's shape, and has no hair.
        """
        head = await self._heads.of_person(photo, selector, call, want_colors=keeps_shape)
        if keeps_shape and not head.alpha.any():
            raise NoHair("the head has no hair that could look like another's")
        return Person(photo, head, await asyncio.to_thread(head_of, head.landmarks))

    async def transfer(
        self,
        person: Person,
        shape: Reference,
        look: Reference,
        order: Order,
        call: Call,
        course: Course,
    ) -> Transferred:
        """Return a person with one reference's hair, in the look of another's or its own.

        Raises:
            PoseTooFar: The heads are turned too differently.
            ModelNotReady: Much of the old hair would show, and no network can take it away.
        """
        mirrored = _check_turns(person.head.face, shape, call)
        course.begin("fit")
        with call.stage("fit"):
            wig = await asyncio.to_thread(shape.wig.mirrored) if mirrored else shape.wig
            strands = await asyncio.to_thread(_fitted, person, wig, order)
        course.begin("remove")
        beneath, dressed = await side_by_side(
            self._beneath(person, strands, order, call),
            asyncio.to_thread(_dressed, person, strands, wig, look),
        )
        course.begin("lay_on")
        with call.stage("lay_on"):
            return await asyncio.to_thread(_laid_on, person, beneath, dressed)

    async def restyle(
        self, person: Person, look: Reference, call: Call, course: Course
    ) -> Transferred:
        """Return a person whose own hair, in its own shape, looks like a reference's."""
        course.begin("lay_on")
        with call.stage("lay_on"):
            return await asyncio.to_thread(_restyled, person, look.wig.appearance)

    async def _beneath(
        self, person: Person, strands: Strands | None, order: Order, call: Call
    ) -> Photo:
        """Return the head's part of the photo without the old hair that new hair does not hide."""
        head = person.head
        with call.stage("hole"):
            hole = await asyncio.to_thread(hole_of, head.alpha, strands, person.skull.unit)
        if hole is None:
            return head.photo
        if HAIR_REMOVER.model not in call.routes.stable:
            await asyncio.to_thread(_check_little_shows, head.alpha, strands, hole, call)
            return head.photo
        with call.stage("crop_hair_remover"):
            region, inputs = await asyncio.to_thread(_seen, person, hole)
        answers = await self._models.infer(HAIR_REMOVER, inputs, call)
        painted = answers["beneath"][0]
        with call.stage("lay_beneath"):
            return await asyncio.to_thread(
                lay_beneath, head.photo, hole, painted, region, order.seed
            )


def expected(height: int, width: int) -> dict[str, float]:
    """Return the seconds that each part of a call may take, in order."""
    megapixels = height * width / 1e6
    return {name: first + more * megapixels for name, (first, more) in EXPECTED.items()}


def _check_turns(person: FoundFace, shape: Reference, call: Call) -> bool:
    """Return whether a reference is to be mirrored, for its head to be turned like a person's.

    Raises:
        PoseTooFar: Neither it nor its mirror image is near enough.
    """
    found = facing(person.pose, shape.face.pose)
    apart = f"yaw differs by {found.yaw:.0f} degrees and pitch by {found.pitch:.0f}"
    if found.is_too_far:
        said = f"the shape's head is turned too far from the person's: {apart}"
        raise PoseTooFar(
            f"{said}; at most {MAX_TURN:.0f} will do", violations=[Violation("shape", apart)]
        )
    if max(found.yaw, found.pitch) > TURNED:
        call.warn("HEADS_TURNED", f"{apart}: the hair may not sit as it would", "shape")
    if shape.is_cut:
        said = "the shape's photo cuts its hair: it fades out there"
        call.warn("HAIR_CUT", said, "shape")
    return found.mirrored


def _fitted(person: Person, wig: Wig, order: Order) -> Strands | None:
    """Return a reference's hair as it sits on a person, in its own colors."""
    head = person.head
    strands = fit(wig.strands, wig.head, person.skull, head.photo.shape)
    if strands is None or not order.keep_face:
        return strands
    return kept_off_face(strands, head.landmarks, person.skull.unit)


def _dressed(person: Person, strands: Strands | None, wig: Wig, look: Reference) -> Strands | None:
    """Return hair in another's look and in the light of the person's photo."""
    if strands is None:
        return None
    unit, wanted = person.skull.unit, look.wig.appearance
    colors = strands.colors
    if wanted is not wig.appearance:
        colors = restyled(colors, strands.alpha, unit, wig.appearance, wanted)
    head = person.head
    light = light_of(head.photo, head.landmarks, head.alpha)
    if light is not None and look.wig.light is not None:
        corner = strands.rows.start, strands.columns.start
        colors = relit(colors, corner, person.skull, look.wig.light, light)
    return replace(strands, colors=colors)


def _check_little_shows(old: Plane, new: Strands | None, hole: Hole, call: Call) -> None:
    """Go on only if little of the old hair shows; the caller is told.

    Raises:
        ModelNotReady: Much of it does.
    """
    bare = np.ones(old.shape, np.float32)
    if new is not None:
        bare[new.rows, new.columns] -= new.alpha / np.float32(255)
    place = hole.rows, hole.columns
    seen = old[place] * (hole.opened * np.float32(1 / 255)) * bare[place]
    share = float(seen.sum()) / float(old.sum(dtype=np.float64))
    said = f"{share:.0%} of the old hair shows beside the new"
    missing = f"no version of {HAIR_REMOVER.model} is ready to take it away"
    if share > SHOWS:
        raise ModelNotReady(f"{said}, and {missing}", retry_after=2.0)
    call.warn("OLD_HAIR_SHOWS", f"{said}: {missing}", "shape")


def _seen(person: Person, hole: Hole) -> tuple[Region, dict[str, NDArray[np.uint8]]]:
    """Return the square that the network sees, and what it sees there."""
    head = person.head
    places = hole.hair, hole.rows, hole.columns
    region = square_for(head_region(head.landmarks), *places)
    image = crop(head.photo, region, REMOVED_AT, REMOVED_AT, "mirror")
    away = hole_in_crop(hole, region, REMOVED_AT)
    return region, {"image": image[None], "hole": away[None]}


def _laid_on(person: Person, beneath: Photo, strands: Strands | None) -> Transferred:
    head = person.head
    done = transplant(head.photo, beneath, strands, head.landmarks, person.skull)
    return _put_back(person, done.photo, done.mask, done.alpha)


def _restyled(person: Person, wanted: Appearance) -> Transferred:
    head, unit = person.head, person.skull.unit
    was = appearance_of(head.colors, head.alpha, unit)
    colors = restyled(head.colors, head.alpha, unit, was, wanted)
    photo, mask = restyle(head.photo, head.alpha, head.colors, colors)
    return _put_back(person, photo, mask, head.alpha)


def _put_back(person: Person, part: Photo, mask: Plane, alpha: Plane) -> Transferred:
    """Return what was made of a head's part, in the whole photo."""
    box = person.head.rows, person.head.columns
    photo = person.photo.copy()
    planes = np.zeros((2, *photo.shape[:2]), np.uint8)
    photo[box] = part
    planes[0][box], planes[1][box] = mask, alpha
    return Transferred(photo, planes[0], planes[1])
