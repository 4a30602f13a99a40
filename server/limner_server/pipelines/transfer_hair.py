"""TransferHair: heads looked at, hair brought to the person's, the old taken away, all laid on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from limner.errors import Violation
from limner.v1.reasons import ModelNotReady, NoHair, PoseTooFar
from limner_registry.contracts import HAIR_REMOVER
from limner_server.call import side_by_side
from limner_server.imaging.beneath import hole_in_crop, hole_of, lay_beneath, skull_in_crop
from limner_server.imaging.facing import MAX_TURN, TURNED, facing
from limner_server.imaging.geometry import crop
from limner_server.imaging.head import head_region, square_for
from limner_server.imaging.skull import beneath_hair, head_of
from limner_server.pipelines.dressing import (
    Person,
    dressed,
    finished,
    fitted,
    laid_on,
    put_back,
    restyled_own,
    taken_off,
)
from limner_server.pipelines.optimize_hair import Search, expected_seconds, optimize, portrait_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo, Plane
    from limner_server.imaging.beneath import Hole
    from limner_server.imaging.fitting import Strands
    from limner_server.imaging.geometry import Region
    from limner_server.imaging.skull import Head as Skull
    from limner_server.imaging.transplanting import Transplant
    from limner_server.pipelines.course import Course
    from limner_server.pipelines.dressing import Transferred
    from limner_server.pipelines.faces import FoundFace, Selector
    from limner_server.pipelines.heads import Head, Heads
    from limner_server.pipelines.optimize_hair import Portrait
    from limner_server.pipelines.wigs import Reference
    from limner_server.routing.models import Models

REMOVED_AT: Final = HAIR_REMOVER.inputs[0].shape[0]
"""Pixels a side of what the network sees that takes hair away."""

SHOWS: Final = (0.01, 0.15)
"""Shares of the old hair beside the new from which the caller is told, and above which nobody would
want the picture, where no network can take it away."""

EXPECTED: Final = {
    "look": (0.6, 0.1),
    "fit": (0.04, 0.05),
    "remove": (0.1, 0.05),
    "lay_on": (0.02, 0.1),
    "encode": (0.01, 0.01),
}
"""Seconds that each part takes, and more for each megapixel of the person's photo."""


@dataclass(frozen=True)
class Order:
    """What is asked for."""

    keep_face: bool = True
    """Whether new hair ends before eyes, nose and mouth."""
    seed: int = 0
    steps: int = 0
    """Of a search, in [0, 2000]; 0 leaves it to the server."""


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
        skull = await asyncio.to_thread(_skull_of, head)
        return Person(photo, head, skull)

    async def transfer(
        self,
        person: Person,
        shape: Reference | None,
        look: Reference,
        order: Order,
        call: Call,
        course: Course,
    ) -> Transferred:
        """Return a person with one reference's hair, in the look of another's or its own.

        Without a shape their own hair, in its own shape, gets the look.

        Raises:
            PoseTooFar: The heads are turned too differently.
            ModelNotReady: Much of the old hair would show, and no network can take it away.
        """
        if shape is None:
            course.begin("lay_on")
            with call.stage("lay_on"):
                part = await asyncio.to_thread(restyled_own, person, look.wig.appearance)
                return await asyncio.to_thread(put_back, person, part)
        course.begin("fit")
        strands, dress = await self._fitted(person, shape, look, order, call)
        return await self._put_on(person, strands, dress, order, call, course)

    async def search(
        self,
        person: Person,
        shape: Reference | None,
        look: Reference,
        order: Order,
        call: Call,
        course: Course,
    ) -> Transferred:
        """Return a person with hair that a generator's portrait was optimized to have.

        It is asked for the hair as `transfer` lays it on, so that it sits and is lit as the
        person's would; without a shape for their own hair in the look.

        Raises:
            PoseTooFar: The heads are turned too differently.
            LimnerError: As `optimize`; ModelNotReady as `transfer`.
        """
        head = person.head
        course.begin("fit")
        if shape is None:
            wear = partial(restyled_own, person, look.wig.appearance)
        else:
            _, dress = await self._fitted(person, shape, look, order, call)
            wear = partial(_tried_on, person, dress)
        with call.stage("lay_on"):
            worn = await asyncio.to_thread(wear)
        with call.stage("align"):
            own, wished = await asyncio.to_thread(_portraits, head, worn)
        styled = wished if look is shape else look.portrait
        search = Search(order.steps, order.seed)
        found = await optimize(own, wished, styled, search, self._models, call, course)
        with call.stage("take_off"):
            kept = order.keep_face
            strands = await asyncio.to_thread(taken_off, person, found, worn, keep_face=kept)
        finish = partial(finished, person, strands, found, worn)
        done = await self._put_on(person, strands, finish, order, call, course)
        return replace(done, found=found)

    async def _fitted(
        self, person: Person, shape: Reference, look: Reference, order: Order, call: Call
    ) -> tuple[Strands | None, Callable[[], Strands | None]]:
        """Return a reference's hair as it sits on a person, and what gives it its last colors."""
        mirrored = _check_turns(person.head.face, shape, call)
        with call.stage("fit"):
            wig = await asyncio.to_thread(shape.wig.mirrored) if mirrored else shape.wig
            strands = await asyncio.to_thread(fitted, person, wig, keep_face=order.keep_face)
        return strands, partial(dressed, person, strands, wig, look.wig)

    async def _put_on(
        self,
        person: Person,
        strands: Strands | None,
        dress: Callable[[], Strands | None],
        order: Order,
        call: Call,
        course: Course,
    ) -> Transferred:
        """Return a person with hair where it belongs; `dress` returns it in its last colors."""
        course.begin("remove")
        beneath, worn = await side_by_side(
            self._beneath(person, strands, order, call), asyncio.to_thread(dress)
        )
        course.begin("lay_on")
        with call.stage("lay_on"):
            part = await asyncio.to_thread(laid_on, person, beneath, worn)
            return await asyncio.to_thread(put_back, person, part)

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
        wall = head.wall and head.wall.moved(-head.columns.start, -head.rows.start)
        with call.stage("lay_beneath"):
            return await asyncio.to_thread(
                lay_beneath, head.photo, hole, painted, region, person.skull, wall, order.seed
            )


def expected(height: int, width: int, order: Order, *, searches: bool) -> dict[str, float]:
    """Return the seconds that each part of a call may take, in order."""
    megapixels = height * width / 1e6
    seconds = {name: first + more * megapixels for name, (first, more) in EXPECTED.items()}
    names = ["look", "fit", *(["search"] if searches else []), "remove", "lay_on", "encode"]
    search = expected_seconds(Search(order.steps))
    return {name: seconds.get(name, search) for name in names}


def _tried_on(person: Person, dress: Callable[[], Strands | None]) -> Transplant:
    """Return a head with hair laid over its own."""
    return laid_on(person, person.head.photo, dress())


def _portraits(head: Head, worn: Transplant) -> tuple[Portrait, Portrait]:
    """Return a head's portrait as it is, and as it shall be."""
    wished = portrait_of(worn.photo, head.landmarks, worn.alpha)
    return portrait_of(head.photo, head.landmarks), wished


def _skull_of(head: Head) -> Skull:
    return beneath_hair(head_of(head.landmarks), head.alpha)


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
    if share > SHOWS[1]:
        raise ModelNotReady(f"{said}, and {missing}", retry_after=2.0)
    if share >= SHOWS[0]:
        call.warn("OLD_HAIR_SHOWS", f"{said}: {missing}", "shape")


def _seen(person: Person, hole: Hole) -> tuple[Region, dict[str, NDArray[np.uint8]]]:
    """Return the square that the network sees, and what it sees there."""
    head = person.head
    places = hole.hair, hole.rows, hole.columns
    region = square_for(head_region(head.landmarks), *places)
    image = crop(head.photo, region, REMOVED_AT, REMOVED_AT, "mirror")
    away = hole_in_crop(hole, region, REMOVED_AT)
    skull = skull_in_crop(person.skull, region, REMOVED_AT)
    return region, {"image": image[None], "hole": away[None], "skull": skull[None]}
