"""SegmentService: check, decode, find, encode; one photo or a stream of frames."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from limner.v1 import image_pb2, segment_pb2, segment_pb2_grpc
from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    HAIR_SEGMENTER,
    PERSON_SEGMENTER,
)
from limner_server.call import Budget, Call, side_by_side
from limner_server.imaging.advice import hints
from limner_server.pipelines.faces import find_faces, select_face
from limner_server.pipelines.hair import Label, find_labels
from limner_server.pipelines.person import find_outline
from limner_server.services import wire
from limner_server.services.checks import Checks
from limner_server.services.frames import Answer, answer_newest, on_image

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.imaging.arrays import Flags, Photo, Plane
    from limner_server.pipelines.faces import FoundFace
    from limner_server.routing.models import Models

PERSON = segment_pb2.SEGMENT_CLASS_PERSON
BACKGROUND = segment_pb2.SEGMENT_CLASS_BACKGROUND
OF_THE_PERSON = {
    segment_pb2.SEGMENT_CLASS_HAIR: Label.HAIR,
    segment_pb2.SEGMENT_CLASS_FACE_SKIN: Label.FACE_SKIN,
    segment_pb2.SEGMENT_CLASS_BODY_AND_CLOTHES: Label.BODY,
}
"""The classes that tell the person's parts apart, and their labels."""
UNASKED = (BACKGROUND, PERSON)


class SegmentService(segment_pb2_grpc.SegmentServiceServicer):
    """Finds the person, the hair and the faces of a photo."""

    name: ClassVar[str] = "limner.v1.SegmentService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        PERSON_SEGMENTER,
        HAIR_SEGMENTER,
    )
    uses: ClassVar[tuple[Contract, ...]] = ()
    budgets: ClassVar[Mapping[str, Budget]] = {
        "Segment": Budget(default=20.0, floor=0.005),
        "SegmentStream": Budget(default=3600.0, floor=0.0, frame=20.0),
    }

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._models = models

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        segment_pb2_grpc.add_SegmentServiceServicer_to_server(self, server)

    async def Segment(
        self, request: segment_pb2.SegmentRequest, context: Any
    ) -> segment_pb2.SegmentResponse:
        """Return a mask for each class, and every face with its mesh, pose and outline."""
        call = Call.current()
        _check(request)
        if request.options.validate_only:
            wire.check_header(request.image)
            return segment_pb2.SegmentResponse(served_by=call.served_by())
        return await self._answer(request, request.image, call)

    def SegmentStream(
        self, request_iterator: AsyncIterator[segment_pb2.SegmentStreamRequest], context: Any
    ) -> AsyncIterator[segment_pb2.SegmentStreamResponse]:
        """Yield the same for the newest of many frames, as they come."""
        return answer_newest(
            request_iterator, _check_settings, self._prepare, segment_pb2.SegmentStreamResponse
        )

    async def _prepare(
        self, settings: segment_pb2.SegmentRequest, call: Call
    ) -> Answer[segment_pb2.SegmentResponse]:
        return on_image(partial(self._answer, settings))

    async def _answer(
        self, request: segment_pb2.SegmentRequest, image: image_pb2.Image, call: Call
    ) -> segment_pb2.SegmentResponse:
        """Return what `request` asks of an image."""
        photo = await wire.read_photo(image, call)
        response = segment_pb2.SegmentResponse(width_px=photo.shape[1], height_px=photo.shape[0])
        faces: list[FoundFace] = []
        selected = None
        if request.without_faces:
            person = await find_outline(photo, self._models, call)
        else:
            person, faces = await side_by_side(
                find_outline(photo, self._models, call), find_faces(photo, self._models, call)
            )
            selected = select_face(faces, wire.selector(request.selector))
            _write_faces(faces, selected, photo, response)
        labels = None
        if OF_THE_PERSON.keys() & set(request.classes):
            labels = await find_labels(photo, faces, selected, person, self._models, call)
        with call.stage("encode"):
            masks = await asyncio.to_thread(_masks, person, labels, request)
        response.masks.extend(masks)
        call.sign(response)
        return response


def _check(request: segment_pb2.SegmentRequest) -> None:
    checks = Checks()
    checks.image(request.image, "image")
    _check_fields(request, checks)


def _check_settings(settings: segment_pb2.SegmentRequest) -> None:
    checks = Checks("settings.")
    checks.settings(settings, left_out=("image",))
    _check_fields(settings, checks)


def _check_fields(request: segment_pb2.SegmentRequest, checks: Checks) -> None:
    checks.output(request.output)
    checks.options(request.options)
    checks.selector(request.selector)
    for place, wanted in enumerate(request.classes):
        is_class = wanted in {*UNASKED, *OF_THE_PERSON}
        checks.require(is_class, f"classes[{place}]", f"{wanted} is no class there is")
    once = len(set(request.classes)) == len(request.classes)
    checks.require(once, "classes", "each at most once")
    checks.done()


def _masks(
    person: Flags, labels: Plane | None, request: segment_pb2.SegmentRequest
) -> list[segment_pb2.ClassMask]:
    flags = {PERSON: person, BACKGROUND: ~person}
    if labels is not None:
        flags |= {kind: labels == label for kind, label in OF_THE_PERSON.items()}
    masks = []
    for wanted in request.classes or UNASKED:
        plane = np.where(flags[wanted], np.uint8(255), np.uint8(0))
        mask = wire.write_mask(plane, request.output)
        area = float(flags[wanted].mean())
        masks.append(segment_pb2.ClassMask(**{"class": wanted}, mask=mask, area=area))
    return masks


def _write_faces(
    faces: list[FoundFace], selected: int, photo: Photo, response: segment_pb2.SegmentResponse
) -> None:
    face = faces[selected]
    response.faces.extend(wire.write_face(face) for face in faces)
    response.selected_face = selected
    for hint in hints(face.detection, face.pose, photo):
        advice = f"CAPTURE_ADVICE_{hint.advice.name}"
        response.hints.append(segment_pb2.CaptureHint(advice=advice, message=hint.message))
