"""SegmentService: check, decode, find, encode."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from limner.v1 import image_pb2, segment_pb2, segment_pb2_grpc
from limner_registry.contracts import (
    FACE_DETECTOR,
    FACE_MESH,
    FACE_MESH_ATTENTION,
    PERSON_SEGMENTER,
)
from limner_server.call import Budget, Call, side_by_side
from limner_server.imaging.advice import hints
from limner_server.imaging.mesh import oval
from limner_server.pipelines.faces import Selector, find_faces, select_face
from limner_server.pipelines.person import find_outline
from limner_server.services import wire
from limner_server.services.checks import Checks

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc

    from limner_registry.contracts import Contract
    from limner_server.imaging.arrays import Flags
    from limner_server.pipelines.faces import FoundFace
    from limner_server.triton.client import Triton

PERSON = segment_pb2.SEGMENT_CLASS_PERSON
BACKGROUND = segment_pb2.SEGMENT_CLASS_BACKGROUND
EVERY_CLASS = (BACKGROUND, PERSON)


class SegmentService(segment_pb2_grpc.SegmentServiceServicer):
    """Finds the person and the faces of a photo."""

    name: ClassVar[str] = "limner.v1.SegmentService"
    needs: ClassVar[tuple[Contract, ...]] = (
        FACE_DETECTOR,
        FACE_MESH,
        FACE_MESH_ATTENTION,
        PERSON_SEGMENTER,
    )
    budgets: ClassVar[Mapping[str, Budget]] = {"Segment": Budget(default=20.0, floor=0.005)}

    def __init__(self, triton: Triton) -> None:
        """Answer with the help of `triton`."""
        self._triton = triton

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
        photo = await wire.read_photo(request.image, call)
        response = segment_pb2.SegmentResponse(width_px=photo.shape[1], height_px=photo.shape[0])

        if request.without_faces:
            person = await find_outline(photo, self._triton, call)
        else:
            person, faces = await side_by_side(
                find_outline(photo, self._triton, call), find_faces(photo, self._triton, call)
            )
            _write_faces(faces, _selector(request.selector), response)
        with call.stage("encode"):
            masks = await asyncio.to_thread(_masks, person, request)
        response.masks.extend(masks)
        call.sign(response)
        return response


def _check(request: segment_pb2.SegmentRequest) -> None:
    checks = Checks()
    checks.image(request.image, "image")
    checks.output(request.output)
    checks.options(request.options)
    for place, wanted in enumerate(request.classes):
        checks.require(wanted in EVERY_CLASS, f"classes[{place}]", f"{wanted} is no class there is")
    once = len(set(request.classes)) == len(request.classes)
    checks.require(once, "classes", "each at most once")
    index = request.selector.index
    checks.require(0 <= index < 64, "selector.index", f"{index} is not in [0, 63]")
    checks.done()


def _selector(selector: image_pb2.FaceSelector) -> Selector:
    match selector.WhichOneof("rule"):
        case "index":
            return Selector(index=selector.index)
        case "point":
            return Selector(point=(selector.point.x_px, selector.point.y_px))
        case _:
            return Selector()


def _masks(person: Flags, request: segment_pb2.SegmentRequest) -> list[segment_pb2.ClassMask]:
    flags = {PERSON: person, BACKGROUND: ~person}
    masks = []
    for wanted in request.classes or EVERY_CLASS:
        plane = np.where(flags[wanted], np.uint8(255), np.uint8(0))
        mask = wire.write_mask(plane, request.output)
        area = float(flags[wanted].mean())
        masks.append(segment_pb2.ClassMask(**{"class": wanted}, mask=mask, area=area))
    return masks


def _write_faces(
    faces: list[FoundFace], selector: Selector, response: segment_pb2.SegmentResponse
) -> None:
    selected = select_face(faces, selector)
    face = faces[selected]
    response.faces.extend(_face(face) for face in faces)
    response.selected_face = selected
    for hint in hints(face.detection, face.pose, response.width_px, response.height_px):
        advice = f"CAPTURE_ADVICE_{hint.advice.name}"
        response.hints.append(segment_pb2.CaptureHint(advice=advice, message=hint.message))


def _face(face: FoundFace) -> image_pb2.Face:
    found, pose, outline = face.detection, face.pose, oval(face.landmarks)
    x, y, z = face.landmarks.T
    return image_pb2.Face(
        box=image_pb2.Box(
            left_px=found.left, top_px=found.top, right_px=found.right, bottom_px=found.bottom
        ),
        score=found.score,
        pose=image_pb2.HeadPose(yaw_deg=pose.yaw, pitch_deg=pose.pitch, roll_deg=pose.roll),
        landmarks=image_pb2.Landmarks(
            scheme=image_pb2.LANDMARK_SCHEME_MEDIAPIPE_478, x_px=x, y_px=y, z_px=z
        ),
        oval=image_pb2.Polygon(x_px=outline[:, 0], y_px=outline[:, 1]),
    )
