"""What a request weighs, and what kind of work it is, told before anything of it is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from limner.v1 import image_pb2
from limner_server.imaging import codec, pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.message import Message

PICTURES: Final = (image_pb2.Image, image_pb2.Mask, image_pb2.Alpha)
RAW: Final[dict[type, set[int]]] = {
    image_pb2.Image: {image_pb2.IMAGE_FORMAT_RAW_RGB8, image_pb2.IMAGE_FORMAT_RAW_RGBA8},
    image_pb2.Mask: {image_pb2.PLANE_FORMAT_RAW_U8},
    image_pb2.Alpha: {image_pb2.PLANE_FORMAT_RAW_U8},
}
"""The formats whose size is told beside the data."""


def pixels_of(message: Message, size: int) -> int:
    """Return the pixels of all pictures and planes in a message of so many bytes, once decoded.

    One that cannot be read counts nothing: it will be refused before it is decoded.
    """
    return sum(_pixels(picture, size) for picture in _pictures(message))


def work_of(method: str, message: Message) -> str:
    """Return what names work that takes about as long for photos of one size.

    A method; one that works in several modes, with the mode.
    """
    mode = getattr(message, "mode", 0)
    return f"{method}#{mode}" if mode else method


def _pictures(message: Message) -> Iterator[image_pb2.Image | image_pb2.Mask | image_pb2.Alpha]:
    """Yield every picture anywhere in a message."""
    if isinstance(message, PICTURES):
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in value if field.is_repeated else (value,):
            yield from _pictures(part)


def _pixels(picture: image_pb2.Image | image_pb2.Mask | image_pb2.Alpha, size: int) -> int:
    if picture.format in RAW[type(picture)]:  # without a look at its data, which would copy it
        return min(max(picture.width_px, 0) * max(picture.height_px, 0), size)
    try:
        header = codec.read_header(picture.data)
    except pictures.PictureError:
        return 0
    return header.width * header.height
