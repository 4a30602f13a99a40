"""The messages of replies turned into results."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from limner.errors import LimnerError, UnknownReason, Violation, classes
from limner.v1 import animalize_pb2, composite_pb2, dye_pb2, errors_pb2, segment_pb2
from limner_client.reply_parts import (
    about,
    color_of,
    face_of,
    how_far,
    name_of,
    picture_of,
    plane_of,
)
from limner_client.results import (
    AnimalizedFace,
    AnimalizeResult,
    AnimalList,
    CompositeResult,
    DyeResult,
    ExportedModel,
    FoundHair,
    FrameResult,
    MatteResult,
    PackagedSticker,
    PaletteColor,
    Progress,
    SegmentResult,
    Shade,
    Style,
    StylizeResult,
)
from limner_client.values import Hint

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner.v1 import matte_pb2, model_pb2, stream_pb2, stylize_pb2

Response = TypeVar("Response")
Result = TypeVar("Result")


def segment_result(reply: segment_pb2.SegmentResponse) -> SegmentResult:
    """Return `reply` with its masks keyed by class and the selected face looked up."""
    faces = tuple(face_of(face) for face in reply.faces)
    names = [name_of(segment_pb2.SegmentClass, getattr(mask, "class")) for mask in reply.masks]
    return SegmentResult(
        width=reply.width_px,
        height=reply.height_px,
        masks={name: plane_of(mask.mask) for name, mask in zip(names, reply.masks, strict=True)},
        areas={name: mask.area for name, mask in zip(names, reply.masks, strict=True)},
        faces=faces,
        selected=faces[reply.selected_face] if reply.HasField("selected_face") else None,
        hints=tuple(
            Hint(name_of(segment_pb2.CaptureAdvice, hint.advice), hint.message)
            for hint in reply.hints
        ),
        **about(reply),
    )


def matte_result(reply: matte_pb2.MatteResponse) -> MatteResult:
    """Return `reply` with its planes and, where one was wanted, its foreground."""
    return MatteResult(
        width=reply.width_px,
        height=reply.height_px,
        alpha=plane_of(reply.alpha),
        trimap=plane_of(reply.trimap),
        unknown=reply.unknown,
        foreground=picture_of(reply.foreground) if reply.HasField("foreground") else None,
        **about(reply),
    )


def dye_result(reply: dye_pb2.DyeResponse) -> DyeResult:
    """Return `reply` with its picture, its colors and, where one was wanted, its alpha."""
    found, by = reply.found, reply.dyed_by
    pair = tuple(name_of(dye_pb2.HairColor, number) for number in (by.found, by.wanted))
    return DyeResult(
        width=reply.width_px,
        height=reply.height_px,
        image=picture_of(reply.image),
        alpha=plane_of(reply.alpha) if reply.HasField("alpha") else None,
        found=FoundHair(
            color=color_of(found.lab, found.srgb),
            name=name_of(dye_pb2.HairColor, found.color),
            margin=found.margin,
            share=found.share,
        ),
        wanted=color_of(reply.wanted, reply.wanted_srgb),
        generator=name_of(dye_pb2.DyeGenerator, by.generator),
        pair=(pair[0], pair[1]) if by.found else None,
        difference_before=reply.difference_before,
        difference_after=reply.difference_after,
        **about(reply),
    )


def composite_result(reply: composite_pb2.CompositeResponse) -> CompositeResult:
    """Return `reply` with its picture, both faces and, where one was wanted, its mask."""
    return CompositeResult(
        width=reply.width_px,
        height=reply.height_px,
        image=picture_of(reply.image),
        mask=plane_of(reply.mask) if reply.HasField("mask") else None,
        original_face=face_of(reply.original_face),
        converted_face=face_of(reply.converted_face),
        misfit=reply.misfit,
        scale=reply.scale,
        visible=reply.visible,
        engine=name_of(composite_pb2.CompositeEngine, reply.engine),
        **about(reply),
    )


def animalize_result(reply: animalize_pb2.AnimalizeResponse) -> AnimalizeResult:
    """Return `reply` with its picture, who became what and, where one was wanted, its mask."""
    return AnimalizeResult(
        width=reply.width_px,
        height=reply.height_px,
        image=picture_of(reply.image),
        mask=plane_of(reply.mask) if reply.HasField("mask") else None,
        faces=tuple(
            AnimalizedFace(
                face=face_of(one.face),
                index=one.index,
                animal=one.animal,
                coat=one.coat,
                points={
                    name_of(animalize_pb2.AnimalAnchor, point.anchor): (
                        point.place.x_px,
                        point.place.y_px,
                    )
                    for point in one.points
                },
                visible=one.visible,
            )
            for one in reply.faces
        ),
        **about(reply),
    )


def animal_list(reply: animalize_pb2.ListAnimalsResponse) -> AnimalList:
    """Return the animals, stickers and points of `reply`, in its order."""
    return AnimalList(
        animals={animal.name: tuple(animal.coats) for animal in reply.animals},
        stickers=tuple(
            PackagedSticker(
                name=sticker.name,
                anchor=name_of(animalize_pb2.AnimalAnchor, sticker.anchor),
                preview=picture_of(sticker.preview) if sticker.HasField("preview") else None,
            )
            for sticker in reply.stickers
        ),
        anchors=tuple(name_of(animalize_pb2.AnimalAnchor, anchor) for anchor in reply.anchors),
    )


def shade_list(reply: dye_pb2.ListShadesResponse) -> tuple[Shade, ...]:
    """Return the shades of `reply`, in its order."""
    return tuple(
        Shade(
            name=shade.name,
            color=color_of(shade.lab, shade.srgb),
            family=name_of(dye_pb2.HairColor, shade.color) if shade.color else None,
            preview=picture_of(shade.preview) if shade.HasField("preview") else None,
        )
        for shade in reply.shades
    )


def stylize_result(reply: stylize_pb2.StylizeResponse) -> StylizeResult:
    """Return the drawing that `reply` holds, with its colors."""
    drawn = reply.result
    return StylizeResult(
        width=drawn.width_px,
        height=drawn.height_px,
        image=picture_of(drawn.image),
        style=drawn.style,
        palette=tuple(
            PaletteColor(color_of(one.lab, one.srgb), one.share) for one in drawn.palette
        ),
        drawn_width=drawn.drawn_width_px,
        drawn_height=drawn.drawn_height_px,
        tiles=drawn.tiles,
        **about(drawn),
    )


def stylize_progress(reply: stylize_pb2.StylizeResponse) -> Progress:
    """Return how far a drawing is, as `reply` says."""
    return Progress(**how_far(reply.progress))


class ExportReply:
    """Puts the messages of one export together."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._manifest: model_pb2.ModelManifest | None = None
        self._pieces: list[bytes] = []

    def take(self, message: model_pb2.ExportModelResponse) -> None:
        """Take in the next message."""
        if message.WhichOneof("part") == "manifest":
            self._manifest = message.manifest
        else:
            self._pieces.append(message.piece.data)

    def result(self) -> ExportedModel:
        """Return the network, once the messages have ended.

        Raises:
            UnknownReason: They ended before it was all there, or it is not what was published.
        """
        told, network = self._manifest, b"".join(self._pieces)
        if told is None or hashlib.sha256(network).hexdigest() != told.network_sha256:
            said = "the network did not arrive as it was published"
            raise UnknownReason(said, grpc.StatusCode.DATA_LOSS)
        return ExportedModel(
            model=told.model,
            version=told.version,
            contract=told.contract,
            license=told.license,
            sha256=told.network_sha256,
            manifest=told.document,
            network=network,
        )


def style_list(reply: stylize_pb2.ListStylesResponse) -> tuple[Style, ...]:
    """Return the styles of `reply`, in its order."""
    return tuple(
        Style(
            name=style.name,
            title=style.title,
            colors=style.colors,
            preview=picture_of(style.preview) if style.HasField("preview") else None,
        )
        for style in reply.styles
    )


def frame_result(reply: Any, to_result: Callable[[Response], Result]) -> FrameResult[Result]:
    """Return what a stream's `reply`, of whichever service, says of one frame."""
    if reply.HasField("failure"):
        return FrameResult(reply.number, reply.skipped, None, _error(reply.failure))
    return FrameResult(reply.number, reply.skipped, to_result(reply.response), None)


def _error(failure: stream_pb2.FrameFailure) -> LimnerError:
    """Return the error that a call of the frame's own would have raised."""
    reason = name_of(errors_pb2.ErrorReason, failure.reason).upper()
    violations = [Violation(wrong.field, wrong.description) for wrong in failure.violations]
    wait = failure.retry_after_seconds if failure.HasField("retry_after_seconds") else None
    kind = classes().get(reason)
    make = kind or partial(UnknownReason, code=grpc.StatusCode.UNKNOWN, reason=reason)
    return make(failure.message, violations=violations, retry_after=wait)
