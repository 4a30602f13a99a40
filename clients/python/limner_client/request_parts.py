"""What many requests have in common: pictures, the face that is meant, how replies are written."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from limner.v1 import image_pb2
from limner_client.photos import photo_to_image

if TYPE_CHECKING:
    from limner_client.photos import PhotoLike
    from limner_client.pictures import Output

FaceChoice: TypeAlias = Literal["largest"] | int | tuple[float, float]
"""Which face is meant: the largest, its place from the image's left, or a point (x, y) in it."""
FacesChoice: TypeAlias = FaceChoice | Literal["all"]
"""Which face is meant, or all of them."""
PriorityName: TypeAlias = Literal["interactive", "batch"]
"""How urgent calls are: somebody waits for each, or they go after all such and wait longer."""


def image_of(photo: PhotoLike | None) -> image_pb2.Image | None:
    """Return a photo as a message; None, which stands for every frame, as it is."""
    return None if photo is None else photo_to_image(photo)


def selector_of(face: FacesChoice) -> image_pb2.FaceSelector:
    """Return which face is meant as a message.

    Raises:
        ValueError: It is nothing that a face can be meant by.
    """
    if face == "all":
        return image_pb2.FaceSelector(all=True)
    if face == "largest":
        return image_pb2.FaceSelector(largest=True)
    if isinstance(face, int):
        return image_pb2.FaceSelector(index=face)
    if isinstance(face, tuple) and len(face) == 2:
        x, y = face
        return image_pb2.FaceSelector(point=image_pb2.Point(x_px=x, y_px=y))
    raise ValueError(f'face is "largest", a place counted from 0, or a point (x, y), not {face!r}')


def output_of(output: Output) -> image_pb2.OutputSpec:
    """Return how pictures and planes are to be written as a message."""
    return image_pb2.OutputSpec(
        format=value_of(image_pb2.ImageFormat, "IMAGE_FORMAT", output.format, "output.format"),
        quality=output.quality or 0,
        longest_edge_px=output.longest_edge or 0,
        plane_format=value_of(
            image_pb2.PlaneFormat, "PLANE_FORMAT", output.plane_format, "output.plane_format"
        ),
    )


def options_of(request_id: str | None) -> image_pb2.CallOptions:
    """Return what is said of a call as a message; its id is made up where there is none."""
    return image_pb2.CallOptions(request_id=request_id or str(uuid.uuid4()))


def priority_of(name: PriorityName) -> image_pb2.Priority:
    """Return how urgent calls are, as a request says it.

    Raises:
        ValueError: There is no such priority.
    """
    priority: image_pb2.Priority = value_of(image_pb2.Priority, "PRIORITY", name, "priority")
    return priority


def value_of(enum: Any, prefix: str, name: str, argument: str) -> Any:
    """Return the number that `enum`, a generated one, gives to `name`.

    Raises:
        ValueError: It gives none; `argument` names what was told so.
    """
    known = [value.name.removeprefix(f"{prefix}_").lower() for value in enum.DESCRIPTOR.values[1:]]
    if name not in known:
        raise ValueError(f"{argument}: {name!r} is none of {', '.join(known)}")
    return enum.Value(f"{prefix}_{name.upper()}")
