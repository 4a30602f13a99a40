"""What many replies have in common: faces, colors, pictures, and what each says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from limner.v1 import image_pb2
from limner_client.pictures import Picture, Plane
from limner_client.values import (
    Box,
    Caution,
    Color,
    Face,
    HeadPose,
    Lab,
    ModelUse,
    Stage,
    Timings,
)

if TYPE_CHECKING:
    from limner.v1 import (
        animalize_pb2,
        composite_pb2,
        dye_pb2,
        matte_pb2,
        segment_pb2,
        stylize_pb2,
        transfer_hair_pb2,
    )


def about(
    reply: segment_pb2.SegmentResponse
    | matte_pb2.MatteResponse
    | dye_pb2.DyeResponse
    | composite_pb2.CompositeResponse
    | animalize_pb2.AnimalizeResponse
    | stylize_pb2.StylizeResult
    | transfer_hair_pb2.TransferHairResult,
) -> dict[str, Any]:
    """Return what every reply says of itself."""
    return {
        "served_by": tuple(
            ModelUse(use.model, use.version, name_of(image_pb2.Arm, use.arm))
            for use in reply.served_by.models
        ),
        "timings": Timings(
            tuple(Stage(stage.name, stage.seconds) for stage in reply.timings.stages),
            reply.timings.total_seconds,
        ),
        "warnings": tuple(Caution(one.code, one.message, one.field) for one in reply.warnings),
        "request_id": reply.served_by.request_id,
    }


def how_far(progress: image_pb2.Progress) -> dict[str, Any]:
    """Return what every long call says of how far it is."""
    remaining = progress.remaining_seconds if progress.HasField("remaining_seconds") else None
    return {
        "stage": progress.stage,
        "fraction": progress.fraction,
        "remaining_seconds": remaining,
        "preview": picture_of(progress.preview) if progress.HasField("preview") else None,
    }


def face_of(face: image_pb2.Face) -> Face:
    """Return a found face, its columns of landmarks as points."""
    box, pose, points = face.box, face.pose, face.landmarks
    return Face(
        box=Box(box.left_px, box.top_px, box.right_px, box.bottom_px),
        score=face.score,
        pose=HeadPose(pose.yaw_deg, pose.pitch_deg, pose.roll_deg),
        scheme=name_of(image_pb2.LandmarkScheme, points.scheme),
        landmarks=tuple(zip(points.x_px, points.y_px, points.z_px, strict=True)),
        oval=tuple(zip(face.oval.x_px, face.oval.y_px, strict=True)),
    )


def color_of(lab: image_pb2.Lab, srgb: image_pb2.Srgb) -> Color:
    """Return a color, as it is measured and as a screen shows it."""
    return Color(Lab(lab.l, lab.a, lab.b), (srgb.red, srgb.green, srgb.blue))


def plane_of(plane: image_pb2.Mask | image_pb2.Alpha) -> Plane:
    """Return a mask's or an alpha's values."""
    format_: Any = name_of(image_pb2.PlaneFormat, plane.format)
    return Plane(plane.data, format_, plane.width_px, plane.height_px)


def picture_of(image: image_pb2.Image) -> Picture:
    """Return an image as results hold it."""
    format_: Any = name_of(image_pb2.ImageFormat, image.format)
    return Picture(image.data, format_, image.width_px, image.height_px)


def name_of(enum: Any, number: int) -> str:
    """Return the lower-case name `enum` gives to `number`; a newer server's, as its digits."""
    values = enum.DESCRIPTOR.values_by_number
    if number not in values:
        return str(number)
    prefix = values[0].name.removesuffix("UNSPECIFIED")
    return str(values[number].name).removeprefix(prefix).lower()
