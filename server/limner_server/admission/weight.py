"""What a request weighs before anything of it is decoded: its bytes, and its pictures' pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

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


class Weight(NamedTuple):
    """What a request takes."""

    bytes: int
    """Of the message, as it came."""
    pixels: int
    """Of all its pictures and planes once they are decoded."""


def weigh(message: Message, size: int) -> Weight:
    """Return what a request of so many bytes takes, from the first ones of its pictures.

    One that cannot be read counts nothing: it will be refused before it is decoded.
    """
    return Weight(size, sum(_pixels(picture, size) for picture in _pictures(message)))


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
