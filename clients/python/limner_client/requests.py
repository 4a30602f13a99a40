"""The requests of each call, built from what its method was given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from limner.v1 import (
    animalize_pb2,
    composite_pb2,
    dye_pb2,
    matte_pb2,
    model_pb2,
    segment_pb2,
    stream_pb2,
    stylize_pb2,
)
from limner_client.colors import dye_color
from limner_client.photos import PhotoLike, photo_to_image, plane_to_mask
from limner_client.request_parts import (
    image_of,
    options_of,
    output_of,
    selector_of,
    value_of,
)
from limner_client.values import Sticker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_client.colors import ColorLike
    from limner_client.photos import PlaneLike
    from limner_client.pictures import Output
    from limner_client.request_parts import FaceChoice, FacesChoice

PairLike: TypeAlias = PhotoLike | tuple[PhotoLike, PhotoLike]
"""A converted picture, or an original and a converted one."""
ClassName = Literal["background", "person", "hair", "face_skin", "body_and_clothes"]
SubjectName = Literal["person", "hair"]
EngineName = Literal["closed_form", "network"]
BlendName = Literal["delta", "patent"]
ComposerName = Literal["network", "conventional"]
TilingName = Literal["overlapping", "plain_grid"]


def segment_request(
    photo: PhotoLike | None,
    face: FaceChoice,
    classes: Iterable[ClassName],
    without_faces: bool,  # noqa: FBT001 - the field's own name and type
    output: Output,
    request_id: str | None,
) -> segment_pb2.SegmentRequest:
    """Return the request that asks where things are in `photo`; None stands for every frame."""
    return segment_pb2.SegmentRequest(
        image=image_of(photo),
        selector=None if without_faces else selector_of(face),
        classes=[
            value_of(segment_pb2.SegmentClass, "SEGMENT_CLASS", name, "classes") for name in classes
        ],
        without_faces=without_faces,
        output=output_of(output),
        options=options_of(request_id),
    )


def matte_request(  # noqa: PLR0913 - what a matte can be told, each by name
    photo: PhotoLike | None,
    *,
    subject: SubjectName,
    face: FaceChoice,
    map: PlaneLike | None = None,  # noqa: A002 - the field's name
    trimap: PlaneLike | None = None,
    band_px: int | None,
    engine: EngineName | None,
    foreground: bool,
    output: Output,
    request_id: str | None,
) -> matte_pb2.MatteRequest:
    """Return the request that asks for the alpha of a subject; None stands for every frame."""
    if map is not None and trimap is not None:
        raise ValueError("a matte starts from a map or from a trimap, not from both")
    request = matte_pb2.MatteRequest(
        image=image_of(photo),
        band_px=band_px or 0,
        want_foreground=foreground,
        output=output_of(output),
        options=options_of(request_id),
    )
    if engine is not None:
        request.engine = value_of(matte_pb2.MatteEngine, "MATTE_ENGINE", engine, "engine")
    if map is not None:
        request.map.CopyFrom(plane_to_mask(map, "map"))
    elif trimap is not None:
        request.trimap.CopyFrom(plane_to_mask(trimap, "trimap"))
    else:
        request.subject = value_of(matte_pb2.MatteSubject, "MATTE_SUBJECT", subject, "subject")
        request.selector.CopyFrom(selector_of(face))
    return request


def dye_request(  # noqa: PLR0913 - what a dye can be told, each by name
    photo: PhotoLike | None,
    *,
    color: ColorLike | None,
    shade: str | None,
    like: PhotoLike | None,
    strength: float,
    keep_highlights: bool,
    blend: BlendName,
    face: FaceChoice,
    alpha: PlaneLike | None = None,
    return_alpha: bool,
    output: Output,
    request_id: str | None,
) -> dye_pb2.DyeRequest:
    """Return the request that asks for hair of another color; None stands for every frame."""
    request = dye_pb2.DyeRequest(
        image=image_of(photo),
        selector=selector_of(face),
        color=dye_color(color, shade, like),
        strength=strength,
        keep_highlights=keep_highlights,
        blend=value_of(dye_pb2.DyeBlend, "DYE_BLEND", blend, "blend"),
        want_alpha=return_alpha,
        output=output_of(output),
        options=options_of(request_id),
    )
    if alpha is not None:
        plane = plane_to_mask(alpha, "alpha")
        request.alpha.data, request.alpha.format = plane.data, plane.format
        request.alpha.width_px, request.alpha.height_px = plane.width_px, plane.height_px
    return request


def shades_request(
    previews: bool,  # noqa: FBT001 - the field's own type
    output: Output,
    request_id: str | None,
) -> dye_pb2.ListShadesRequest:
    """Return the request that asks which shades have names."""
    return dye_pb2.ListShadesRequest(
        without_previews=not previews, output=output_of(output), options=options_of(request_id)
    )


def stylize_request(  # noqa: PLR0913 - what a drawing can be told, each by name
    photo: PhotoLike,
    *,
    style: str,
    colors: int | None,
    strength: float | None,
    line_width: float | None,
    seed: int,
    tiling: TilingName,
    tile_px: int | None,
    output: Output,
    request_id: str | None,
) -> stylize_pb2.StylizeRequest:
    """Return the request that asks for a photo drawn in a style."""
    return stylize_pb2.StylizeRequest(
        image=photo_to_image(photo),
        style=style,
        colors=colors or 0,
        strength=strength,
        line_width=line_width,
        seed=seed,
        tiling=value_of(stylize_pb2.StylizeTiling, "STYLIZE_TILING", tiling, "tiling"),
        tile_px=tile_px or 0,
        output=output_of(output),
        options=options_of(request_id),
    )


def styles_request(
    previews: bool,  # noqa: FBT001 - the field's own type
    output: Output,
    request_id: str | None,
) -> stylize_pb2.ListStylesRequest:
    """Return the request that asks which styles there are."""
    return stylize_pb2.ListStylesRequest(
        without_previews=not previews, output=output_of(output), options=options_of(request_id)
    )


def composite_request(
    original: PhotoLike | None,
    converted: PhotoLike | None,
    *,
    original_face: FaceChoice,
    converted_face: FaceChoice,
    engine: ComposerName,
    return_mask: bool,
    output: Output,
    request_id: str | None,
) -> composite_pb2.CompositeRequest:
    """Return the request that asks for a face to be laid in; None stands for every frame's."""
    return composite_pb2.CompositeRequest(
        original=image_of(original),
        converted=image_of(converted),
        original_selector=selector_of(original_face),
        converted_selector=selector_of(converted_face),
        engine=value_of(composite_pb2.CompositeEngine, "COMPOSITE_ENGINE", engine, "engine"),
        want_mask=return_mask,
        output=output_of(output),
        options=options_of(request_id),
    )


def animalize_request(  # noqa: PLR0913 - what an animal can be told, each by name
    photo: PhotoLike | None,
    *,
    animal: str,
    coat: str | None,
    face: FacesChoice,
    stickers: Iterable[str | Sticker],
    keep_hair: bool = False,
    return_mask: bool,
    output: Output,
    frames_per_second: float | None = None,
    request_id: str | None,
) -> animalize_pb2.AnimalizeRequest:
    """Return the request that asks for animals' heads; None stands for every frame."""
    return animalize_pb2.AnimalizeRequest(
        image=image_of(photo),
        animal=animal,
        coat=coat or "",
        selector=selector_of(face),
        stickers=[_sticker(one) for one in stickers],
        keep_hair=keep_hair,
        want_mask=return_mask,
        output=output_of(output),
        numbers_per_second=frames_per_second or 0,
        options=options_of(request_id),
    )


def animals_request(
    previews: bool,  # noqa: FBT001 - the field's own type
    request_id: str | None,
) -> animalize_pb2.ListAnimalsRequest:
    """Return the request that asks which animals there are, and what they can wear."""
    return animalize_pb2.ListAnimalsRequest(
        without_previews=not previews, options=options_of(request_id)
    )


def export_request(
    model: str, version: int | None, request_id: str | None
) -> model_pb2.ExportModelRequest:
    """Return the request that asks for a network."""
    return model_pb2.ExportModelRequest(
        model=model, version=version or 0, options=options_of(request_id)
    )


def image_frame(number: int, photo: PhotoLike) -> stream_pb2.Frame:
    """Return one frame of a stream whose frames are one image each."""
    return stream_pb2.Frame(number=number, image=photo_to_image(photo))


def composite_frame(number: int, pictures: PairLike) -> composite_pb2.CompositeFrame:
    """Return one frame of a stream of faces to be laid in."""
    original, converted = pictures if isinstance(pictures, tuple) else (None, pictures)
    return composite_pb2.CompositeFrame(
        number=number, converted=photo_to_image(converted), original=image_of(original)
    )


def _sticker(sticker: str | Sticker) -> animalize_pb2.AnimalSticker:
    worn = Sticker(sticker) if isinstance(sticker, str) else sticker
    if (worn.name is None) == (worn.picture is None):
        raise ValueError("a sticker wants a name or a picture, and not both")
    right, down = worn.shift
    message = animalize_pb2.AnimalSticker(
        name=worn.name, image=image_of(worn.picture), scale=worn.scale, right=right, down=down
    )
    if worn.anchor is not None:
        anchor = value_of(animalize_pb2.AnimalAnchor, "ANIMAL_ANCHOR", worn.anchor, "anchor")
        message.anchor = anchor
    return message
