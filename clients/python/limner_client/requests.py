"""The requests of each call, built from what its method was given."""

from __future__ import annotations

import string
import uuid
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from limner.v1 import (
    composite_pb2,
    dye_pb2,
    image_pb2,
    matte_pb2,
    segment_pb2,
    stream_pb2,
    stylize_pb2,
)
from limner_client.photos import PhotoLike, photo_to_image, plane_to_mask
from limner_client.values import Color, Lab

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_client.photos import PlaneLike
    from limner_client.pictures import Output

FaceChoice: TypeAlias = Literal["largest"] | int | tuple[float, float]
"""Which face is meant: the largest, its place from the image's left, or a point (x, y) in it."""
PairLike: TypeAlias = PhotoLike | tuple[PhotoLike, PhotoLike]
"""A converted picture, or an original and a converted one."""
ClassName = Literal["background", "person", "hair", "face_skin", "body_and_clothes"]
SubjectName = Literal["person", "hair"]
EngineName = Literal["closed_form", "network"]
BlendName = Literal["delta", "patent"]
ComposerName = Literal["network", "conventional"]
TilingName = Literal["overlapping", "plain_grid"]
PriorityName: TypeAlias = Literal["interactive", "batch"]
"""How urgent calls are: somebody waits for each, or they go after all such and wait longer."""
ColorLike: TypeAlias = str | tuple[int, int, int] | Lab | Color
"""A color: `#rrggbb` or `#rgb`; red, green, blue in [0, 255]; CIELAB; or a Color of a reply."""


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
        image=_image(photo),
        selector=None if without_faces else _selector(face),
        classes=[
            _value(segment_pb2.SegmentClass, "SEGMENT_CLASS", name, "classes") for name in classes
        ],
        without_faces=without_faces,
        output=_output(output),
        options=_options(request_id),
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
        image=_image(photo),
        band_px=band_px or 0,
        want_foreground=foreground,
        output=_output(output),
        options=_options(request_id),
    )
    if engine is not None:
        request.engine = _value(matte_pb2.MatteEngine, "MATTE_ENGINE", engine, "engine")
    if map is not None:
        request.map.CopyFrom(plane_to_mask(map, "map"))
    elif trimap is not None:
        request.trimap.CopyFrom(plane_to_mask(trimap, "trimap"))
    else:
        request.subject = _value(matte_pb2.MatteSubject, "MATTE_SUBJECT", subject, "subject")
        request.selector.CopyFrom(_selector(face))
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
        image=_image(photo),
        selector=_selector(face),
        color=_dye_color(color, shade, like),
        strength=strength,
        keep_highlights=keep_highlights,
        blend=_value(dye_pb2.DyeBlend, "DYE_BLEND", blend, "blend"),
        want_alpha=return_alpha,
        output=_output(output),
        options=_options(request_id),
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
        without_previews=not previews, output=_output(output), options=_options(request_id)
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
        tiling=_value(stylize_pb2.StylizeTiling, "STYLIZE_TILING", tiling, "tiling"),
        tile_px=tile_px or 0,
        output=_output(output),
        options=_options(request_id),
    )


def styles_request(
    previews: bool,  # noqa: FBT001 - the field's own type
    output: Output,
    request_id: str | None,
) -> stylize_pb2.ListStylesRequest:
    """Return the request that asks which styles there are."""
    return stylize_pb2.ListStylesRequest(
        without_previews=not previews, output=_output(output), options=_options(request_id)
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
        original=_image(original),
        converted=_image(converted),
        original_selector=_selector(original_face),
        converted_selector=_selector(converted_face),
        engine=_value(composite_pb2.CompositeEngine, "COMPOSITE_ENGINE", engine, "engine"),
        want_mask=return_mask,
        output=_output(output),
        options=_options(request_id),
    )


def image_frame(number: int, photo: PhotoLike) -> stream_pb2.Frame:
    """Return one frame of a stream whose frames are one image each."""
    return stream_pb2.Frame(number=number, image=photo_to_image(photo))


def composite_frame(number: int, pictures: PairLike) -> composite_pb2.CompositeFrame:
    """Return one frame of a stream of faces to be laid in."""
    original, converted = pictures if isinstance(pictures, tuple) else (None, pictures)
    return composite_pb2.CompositeFrame(
        number=number, converted=photo_to_image(converted), original=_image(original)
    )


def rgb_of_hex(text: str) -> tuple[int, int, int]:
    """Return the color that `#rrggbb` or `#rgb` names.

    Raises:
        ValueError: It names none.
    """
    digits = text.strip().removeprefix("#")
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) != 6 or not set(digits) <= set(string.hexdigits):
        raise ValueError(f"{text!r} is no color: #rrggbb or #rgb is wanted")
    red, green, blue = bytes.fromhex(digits)
    return red, green, blue


def _dye_color(
    color: ColorLike | None, shade: str | None, like: PhotoLike | None
) -> dye_pb2.DyeColor:
    if [color, shade, like].count(None) != 2:
        raise ValueError("a dye wants one of color, shade and like, and only one")
    if shade is not None:
        return dye_pb2.DyeColor(shade=shade)
    if like is not None:
        return dye_pb2.DyeColor(reference=photo_to_image(like))
    if isinstance(color, Color):
        color = color.lab
    if isinstance(color, Lab):
        return dye_pb2.DyeColor(lab=image_pb2.Lab(l=color.lightness, a=color.a, b=color.b))
    if isinstance(color, str):
        color = rgb_of_hex(color)
    if not isinstance(color, tuple) or len(color) != 3:
        raise ValueError(f"color is #rrggbb, (red, green, blue) or a Lab, not {color!r}")
    red, green, blue = color
    return dye_pb2.DyeColor(srgb=image_pb2.Srgb(red=red, green=green, blue=blue))


def _image(photo: PhotoLike | None) -> image_pb2.Image | None:
    return None if photo is None else photo_to_image(photo)


def _selector(face: FaceChoice) -> image_pb2.FaceSelector:
    if face == "largest":
        return image_pb2.FaceSelector(largest=True)
    if isinstance(face, int):
        return image_pb2.FaceSelector(index=face)
    if isinstance(face, tuple) and len(face) == 2:
        x, y = face
        return image_pb2.FaceSelector(point=image_pb2.Point(x_px=x, y_px=y))
    raise ValueError(f'face is "largest", a place counted from 0, or a point (x, y), not {face!r}')


def _output(output: Output) -> image_pb2.OutputSpec:
    return image_pb2.OutputSpec(
        format=_value(image_pb2.ImageFormat, "IMAGE_FORMAT", output.format, "output.format"),
        quality=output.quality or 0,
        longest_edge_px=output.longest_edge or 0,
        plane_format=_value(
            image_pb2.PlaneFormat, "PLANE_FORMAT", output.plane_format, "output.plane_format"
        ),
    )


def _options(request_id: str | None) -> image_pb2.CallOptions:
    return image_pb2.CallOptions(request_id=request_id or str(uuid.uuid4()))


def priority_value(name: PriorityName) -> image_pb2.Priority:
    """Return how urgent calls are, as a request says it."""
    priority: image_pb2.Priority = _value(image_pb2.Priority, "PRIORITY", name, "priority")
    return priority


def _value(enum: Any, prefix: str, name: str, argument: str) -> Any:
    """Return the number that `enum`, a generated one, gives to `name`."""
    known = [value.name.removeprefix(f"{prefix}_").lower() for value in enum.DESCRIPTOR.values[1:]]
    if name not in known:
        raise ValueError(f"{argument}: {name!r} is none of {', '.join(known)}")
    return enum.Value(f"{prefix}_{name.upper()}")
