"""The requests of each call, built from what its method was given."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from limner.v1 import image_pb2, matte_pb2, segment_pb2
from limner_client.photos import photo_to_image, plane_to_mask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from limner_client.photos import PhotoLike, PlaneLike
    from limner_client.pictures import Output

FaceChoice: TypeAlias = Literal["largest"] | int | tuple[float, float]
"""Which face is meant: the largest, its place from the image's left, or a point (x, y) in it."""
ClassName = Literal["background", "person"]
SubjectName = Literal["person"]


def segment_request(
    photo: PhotoLike,
    face: FaceChoice,
    classes: Iterable[ClassName],
    without_faces: bool,  # noqa: FBT001 - the field's own name and type
    output: Output,
    request_id: str | None,
) -> segment_pb2.SegmentRequest:
    """Return the request that asks where things are in `photo`."""
    return segment_pb2.SegmentRequest(
        image=photo_to_image(photo),
        selector=None if without_faces else _selector(face),
        classes=[
            _value(segment_pb2.SegmentClass, "SEGMENT_CLASS", name, "classes") for name in classes
        ],
        without_faces=without_faces,
        output=_output(output),
        options=_options(request_id),
    )


def matte_request(
    photo: PhotoLike,
    subject: SubjectName,
    map: PlaneLike | None,  # noqa: A002 - the field's name
    trimap: PlaneLike | None,
    band_px: int | None,
    foreground: bool,  # noqa: FBT001 - the field's own type
    output: Output,
    request_id: str | None,
) -> matte_pb2.MatteRequest:
    """Return the request that asks for the alpha of the subject of `photo`."""
    if map is not None and trimap is not None:
        raise ValueError("a matte starts from a map or from a trimap, not from both")
    request = matte_pb2.MatteRequest(
        image=photo_to_image(photo),
        band_px=band_px or 0,
        want_foreground=foreground,
        output=_output(output),
        options=_options(request_id),
    )
    if map is not None:
        request.map.CopyFrom(plane_to_mask(map, "map"))
    elif trimap is not None:
        request.trimap.CopyFrom(plane_to_mask(trimap, "trimap"))
    else:
        request.subject = _value(matte_pb2.MatteSubject, "MATTE_SUBJECT", subject, "subject")
    return request


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


def _value(enum: Any, prefix: str, name: str, argument: str) -> Any:
    """Return the number that `enum`, a generated one, gives to `name`."""
    known = [value.name.removeprefix(f"{prefix}_").lower() for value in enum.DESCRIPTOR.values[1:]]
    if name not in known:
        raise ValueError(f"{argument}: {name!r} is none of {', '.join(known)}")
    return enum.Value(f"{prefix}_{name.upper()}")
