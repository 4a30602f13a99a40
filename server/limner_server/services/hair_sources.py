"""Where requests say hair comes from: photos of the caller's or stored ones, looked at for it."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from limner.v1 import transfer_hair_pb2
from limner_server.imaging.facing import facing
from limner_server.services import wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    from limner.v1.transfer_hair_pb2 import HairReference, TransferHairRequest, UsedReference
    from limner_server.call import Call
    from limner_server.imaging.pose import HeadPose
    from limner_server.pipelines.course import Course
    from limner_server.pipelines.wigs import Reference, Wigs
    from limner_server.references.reference import Reference as Stored
    from limner_server.services.checks import Checks
    from limner_server.services.references import References

ROLES: Final = ("shape", "look")
"""What hair is taken from a reference for; the request's fields."""


@dataclass(frozen=True, eq=False)
class Source:
    """A reference as a request names it, looked at."""

    name: str
    """Empty for a photo of the caller's."""
    sha256: str
    """Of its photo's data."""
    reference: Reference


def told(request: TransferHairRequest) -> dict[str, HairReference]:
    """Return the references that a request names, by role."""
    return {role: getattr(request, role) for role in ROLES if request.HasField(role)}


def check(request: TransferHairRequest, checks: Checks) -> None:
    """Note what is wrong with the fields of a request's references."""
    checks.require(bool(told(request)), "shape", "required, unless there is a look")
    for role, reference in told(request).items():
        kind = reference.WhichOneof("photo")
        checks.require(kind is not None, role, "required: an image, or a name")
        if kind == "image":
            checks.image(reference.image, f"{role}.image")
        checks.require(len(reference.name) <= 64, f"{role}.name", "at most 64 letters")
        checks.selector(reference.selector, f"{role}.selector")


def describe(source: Source, person: HeadPose, *, gave_shape: bool) -> UsedReference:
    """Return a reference as a reply tells of it; what gave its look alone was not mirrored."""
    face = source.reference.face
    found = facing(person, face.pose, may_mirror=gave_shape)
    return transfer_hair_pb2.UsedReference(
        name=source.name,
        sha256=source.sha256,
        mirrored=found.mirrored,
        pose_gap_deg=found.gap,
        face=wire.write_face(face),
    )


class HairSources:
    """Finds and looks at what requests name."""

    def __init__(self, stored: References, wigs: Wigs) -> None:
        """Know the `stored` ones, and have all of them looked at by `wigs`."""
        self._stored = stored
        self._wigs = wigs

    async def find(self, request: TransferHairRequest, call: Call) -> dict[str, Stored]:
        """Return the stored ones among a request's references, by role; check the others' headers.

        Raises:
            ReferenceUnknown: None has such a name.
            LimnerError: As `wire.check_header`; says of which photo.
        """
        found = {}
        for role, reference in told(request).items():
            if reference.WhichOneof("photo") == "name":
                found[role] = await self._stored.find(reference.name, call)
                continue
            with wire.said_of(f"the {role}", f"{role}.image"):
                wire.check_header(reference.image)
        return found

    async def look_at(
        self,
        request: TransferHairRequest,
        found: Mapping[str, Stored],
        person: Awaitable[HeadPose],
        call: Call,
        course: Course,
    ) -> tuple[Source | None, Source]:
        """Return whose shape it is, None for the person's own, and whose look.

        One after the other: a photo that has both roles is looked at once, and no two are held.

        Args:
            request: Names one reference at least.
            found: What `find` found.
            person: How the person's head is turned; decides which view of a stored one it is.
            call: Whose time it takes.
            course: Learns of every one that has been looked at.

        Raises:
            LimnerError: As `Wigs.of` and `wire.read_photo`; says of which photo.
        """
        sources = {}
        for role, reference in told(request).items():
            with wire.said_of(f"the {role}", f"{role}.{reference.WhichOneof('photo')}"):
                sources[role] = await self._source(reference, found.get(role), person, call)
            course.advance()
        shape = sources.get("shape")
        return shape, sources.get("look") or sources["shape"]

    async def _source(
        self, told: HairReference, stored: Stored | None, person: Awaitable[HeadPose], call: Call
    ) -> Source:
        selector = wire.selector(told.selector)
        if stored is not None:
            view = await self._stored.view(stored, person, call)
            read = partial(self._stored.read, view, call)
            reference = await self._wigs.of(view.sha256, selector, read, call)
            return Source(view.name, view.sha256, reference)
        image = told.image
        with call.stage("digest"):
            sha256 = await asyncio.to_thread(_digest, image.data)
        content = sha256, image.format, image.width_px, image.height_px
        read = partial(wire.read_photo, image, call)
        return Source("", sha256, await self._wigs.of(content, selector, read, call))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
