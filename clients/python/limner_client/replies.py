"""The messages of replies turned into results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limner.v1 import image_pb2, segment_pb2
from limner_client.pictures import Picture, Plane
from limner_client.results import (
    Box,
    Caution,
    Face,
    HeadPose,
    Hint,
    MatteResult,
    ModelUse,
    SegmentResult,
    Stage,
    Timings,
)

if TYPE_CHECKING:
    from limner.v1 import matte_pb2


def segment_result(reply: segment_pb2.SegmentResponse) -> SegmentResult:
    """Return `reply` with its masks keyed by class and the selected face looked up."""
    faces = tuple(_face(face) for face in reply.faces)
    names = [_name(segment_pb2.SegmentClass, getattr(mask, "class")) for mask in reply.masks]
    return SegmentResult(
        width=reply.width_px,
        height=reply.height_px,
        masks={name: _plane(mask.mask) for name, mask in zip(names, reply.masks, strict=True)},
        areas={name: mask.area for name, mask in zip(names, reply.masks, strict=True)},
        faces=faces,
        selected=faces[reply.selected_face] if reply.HasField("selected_face") else None,
        hints=tuple(
            Hint(_name(segment_pb2.CaptureAdvice, hint.advice), hint.message)
            for hint in reply.hints
        ),
        **_about(reply),
    )


def matte_result(reply: matte_pb2.MatteResponse) -> MatteResult:
    """Return `reply` with its planes and, where one was wanted, its foreground."""
    return MatteResult(
        width=reply.width_px,
        height=reply.height_px,
        alpha=_plane(reply.alpha),
        trimap=_plane(reply.trimap),
        unknown=reply.unknown,
        foreground=_picture(reply.foreground) if reply.HasField("foreground") else None,
        **_about(reply),
    )


def _about(reply: segment_pb2.SegmentResponse | matte_pb2.MatteResponse) -> dict[str, Any]:
    """Return what every reply says of itself."""
    return {
        "served_by": tuple(
            ModelUse(use.model, use.version, _name(image_pb2.Arm, use.arm))
            for use in reply.served_by.models
        ),
        "timings": Timings(
            tuple(Stage(stage.name, stage.seconds) for stage in reply.timings.stages),
            reply.timings.total_seconds,
        ),
        "warnings": tuple(Caution(one.code, one.message, one.field) for one in reply.warnings),
        "request_id": reply.served_by.request_id,
    }


def _face(face: image_pb2.Face) -> Face:
    box, pose, points = face.box, face.pose, face.landmarks
    return Face(
        box=Box(box.left_px, box.top_px, box.right_px, box.bottom_px),
        score=face.score,
        pose=HeadPose(pose.yaw_deg, pose.pitch_deg, pose.roll_deg),
        scheme=_name(image_pb2.LandmarkScheme, points.scheme),
        landmarks=tuple(zip(points.x_px, points.y_px, points.z_px, strict=True)),
        oval=tuple(zip(face.oval.x_px, face.oval.y_px, strict=True)),
    )


def _plane(plane: image_pb2.Mask | image_pb2.Alpha) -> Plane:
    format_: Any = _name(image_pb2.PlaneFormat, plane.format)
    return Plane(plane.data, format_, plane.width_px, plane.height_px)


def _picture(image: image_pb2.Image) -> Picture:
    format_: Any = _name(image_pb2.ImageFormat, image.format)
    return Picture(image.data, format_, image.width_px, image.height_px)


def _name(enum: Any, number: int) -> str:
    """Return the lower-case name `enum` gives to `number`; a newer server's, as its digits."""
    values = enum.DESCRIPTOR.values_by_number
    if number not in values:
        return str(number)
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    return str(values[number].name).removeprefix(prefix).lower()
