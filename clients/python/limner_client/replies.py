"""The messages of replies turned into results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from limner.errors import LimnerError, UnknownReason, Violation, classes
from limner.v1 import composite_pb2, dye_pb2, errors_pb2, image_pb2, segment_pb2
from limner_client.pictures import Picture, Plane
from limner_client.results import (
    CompositeResult,
    DyeResult,
    FoundHair,
    FrameResult,
    MatteResult,
    PaletteColor,
    Progress,
    SegmentResult,
    Shade,
    Style,
    StylizeResult,
)
from limner_client.values import (
    Box,
    Caution,
    Color,
    Face,
    HeadPose,
    Hint,
    Lab,
    ModelUse,
    Stage,
    Timings,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner.v1 import matte_pb2, stream_pb2, stylize_pb2

Response = TypeVar("Response")
Result = TypeVar("Result")


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


def dye_result(reply: dye_pb2.DyeResponse) -> DyeResult:
    """Return `reply` with its picture, its colors and, where one was wanted, its alpha."""
    found, by = reply.found, reply.dyed_by
    pair = tuple(_name(dye_pb2.HairColor, number) for number in (by.found, by.wanted))
    return DyeResult(
        width=reply.width_px,
        height=reply.height_px,
        image=_picture(reply.image),
        alpha=_plane(reply.alpha) if reply.HasField("alpha") else None,
        found=FoundHair(
            color=_color(found.lab, found.srgb),
            name=_name(dye_pb2.HairColor, found.color),
            margin=found.margin,
            share=found.share,
        ),
        wanted=_color(reply.wanted, reply.wanted_srgb),
        generator=_name(dye_pb2.DyeGenerator, by.generator),
        pair=(pair[0], pair[1]) if by.found else None,
        difference_before=reply.difference_before,
        difference_after=reply.difference_after,
        **_about(reply),
    )


def composite_result(reply: composite_pb2.CompositeResponse) -> CompositeResult:
    """Return `reply` with its picture, both faces and, where one was wanted, its mask."""
    return CompositeResult(
        width=reply.width_px,
        height=reply.height_px,
        image=_picture(reply.image),
        mask=_plane(reply.mask) if reply.HasField("mask") else None,
        original_face=_face(reply.original_face),
        converted_face=_face(reply.converted_face),
        misfit=reply.misfit,
        scale=reply.scale,
        visible=reply.visible,
        engine=_name(composite_pb2.CompositeEngine, reply.engine),
        **_about(reply),
    )


def shade_list(reply: dye_pb2.ListShadesResponse) -> tuple[Shade, ...]:
    """Return the shades of `reply`, in its order."""
    return tuple(
        Shade(
            name=shade.name,
            color=_color(shade.lab, shade.srgb),
            family=_name(dye_pb2.HairColor, shade.color) if shade.color else None,
            preview=_picture(shade.preview) if shade.HasField("preview") else None,
        )
        for shade in reply.shades
    )


class StylizeReply:
    """Puts the messages of one drawing together."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        """Begin with nothing; `on_progress` hears how far the drawing is."""
        self._on_progress = on_progress
        self._reply: stylize_pb2.StylizeResult | None = None
        self._pieces: list[bytes] = []

    def take(self, message: stylize_pb2.StylizeResponse) -> None:
        """Take in the next message."""
        part = message.WhichOneof("part")
        if part == "result":
            self._reply = message.result
        elif part == "piece":
            self._pieces.append(message.piece.data)
        elif part == "progress" and self._on_progress:
            self._on_progress(_progress(message.progress))

    def result(self) -> StylizeResult:
        """Return the drawing, once the messages have ended.

        Raises:
            UnknownReason: They ended before it was all there.
        """
        reply, data = self._reply, b"".join(self._pieces)
        if reply is None or len(data) != reply.following_bytes:
            said = "the answer ended before the picture was all there"
            raise UnknownReason(said, grpc.StatusCode.DATA_LOSS)
        if data:
            reply.image.data = data
        return StylizeResult(
            width=reply.width_px,
            height=reply.height_px,
            image=_picture(reply.image),
            style=reply.style,
            palette=tuple(
                PaletteColor(_color(one.lab, one.srgb), one.share) for one in reply.palette
            ),
            drawn_width=reply.drawn_width_px,
            drawn_height=reply.drawn_height_px,
            tiles=reply.tiles,
            **_about(reply),
        )


def style_list(reply: stylize_pb2.ListStylesResponse) -> tuple[Style, ...]:
    """Return the styles of `reply`, in its order."""
    return tuple(
        Style(
            name=style.name,
            title=style.title,
            colors=style.colors,
            preview=_picture(style.preview) if style.HasField("preview") else None,
        )
        for style in reply.styles
    )


def frame_result(reply: Any, to_result: Callable[[Response], Result]) -> FrameResult[Result]:
    """Return what a stream's `reply`, of whichever service, says of one frame."""
    if reply.HasField("failure"):
        return FrameResult(reply.number, reply.skipped, None, _error(reply.failure))
    return FrameResult(reply.number, reply.skipped, to_result(reply.response), None)


def _progress(message: image_pb2.Progress) -> Progress:
    remaining = message.remaining_seconds if message.HasField("remaining_seconds") else None
    preview = _picture(message.preview) if message.HasField("preview") else None
    return Progress(message.stage, message.fraction, remaining, preview)


def _error(failure: stream_pb2.FrameFailure) -> LimnerError:
    """Return the error that a call of the frame's own would have raised."""
    reason = _name(errors_pb2.ErrorReason, failure.reason).upper()
    violations = [Violation(wrong.field, wrong.description) for wrong in failure.violations]
    kind = classes().get(reason)
    if kind is None:
        code = grpc.StatusCode.UNKNOWN
        return UnknownReason(failure.message, code, reason, violations=violations)
    return kind(failure.message, violations=violations)


def _about(
    reply: segment_pb2.SegmentResponse
    | matte_pb2.MatteResponse
    | dye_pb2.DyeResponse
    | composite_pb2.CompositeResponse
    | stylize_pb2.StylizeResult,
) -> dict[str, Any]:
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


def _color(lab: image_pb2.Lab, srgb: image_pb2.Srgb) -> Color:
    return Color(Lab(lab.l, lab.a, lab.b), (srgb.red, srgb.green, srgb.blue))


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
