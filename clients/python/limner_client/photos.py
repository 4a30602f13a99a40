"""What callers hand in, turned into messages: bytes, paths, open files, arrays, earlier results."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO, Any, Protocol, TypeAlias, runtime_checkable

from limner.errors import Violation
from limner.v1 import image_pb2
from limner.v1.reasons import ImageTooLarge
from limner_client.pictures import Picture, Plane

MAX_BYTES = 32_000_000
"""The server's limit on one picture; anything larger is refused before it is sent."""

_CHANNELS = {3: "IMAGE_FORMAT_RAW_RGB8", 4: "IMAGE_FORMAT_RAW_RGBA8"}
_BOOL_TO_MASK = bytes([0]) + bytes([255]) * 255


@runtime_checkable
class HasArray(Protocol):
    """Whatever numpy could read: numpy's own arrays, Pillow's images, raw pictures of a reply."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """Shape, type and data, as numpy documents them."""


File: TypeAlias = bytes | bytearray | memoryview | str | os.PathLike[str] | IO[bytes]
PhotoLike: TypeAlias = File | Picture | HasArray
"""A photo: a file's bytes, path or open file; a Picture; an HxWx3 or HxWx4 uint8 array in sRGB."""
PlaneLike: TypeAlias = File | Plane | HasArray
"""A mask or trimap: a PNG's bytes, path or open file; a Plane; an HxW uint8 or bool array."""


def photo_to_image(photo: PhotoLike) -> image_pb2.Image:
    """Return `photo` as a message; refuse what the server would refuse for its size.

    Raises:
        FileNotFoundError: It is a path and nothing is there.
        ImageTooLarge: Its data is over 32 MB.
        TypeError: It is nothing a photo can be.
        ValueError: It is an array of another shape or type.
    """
    if isinstance(photo, Picture):
        name = f"IMAGE_FORMAT_{photo.format.upper()}"
        return image_pb2.Image(
            data=photo.data, format=name, width_px=photo.width, height_px=photo.height
        )
    if not isinstance(photo, bytes | bytearray | memoryview) and isinstance(photo, HasArray):
        data, shape, kind = _pixels(photo, "image")
        if len(shape) != 3 or shape[2] not in _CHANNELS or kind != "u":
            raise ValueError(f"a photo is an HxWx3 or HxWx4 array of uint8, not {shape} {kind!r}")
        height, width, channels = shape
        return image_pb2.Image(
            data=data, format=_CHANNELS[channels], width_px=width, height_px=height
        )
    return image_pb2.Image(data=_read(photo, "image"))


def plane_to_mask(plane: PlaneLike, field: str) -> image_pb2.Mask:
    """Return `plane` as a message; `field` names it in errors, which are photo_to_image's."""
    if isinstance(plane, Plane):
        name = f"PLANE_FORMAT_{plane.format.upper()}"
        return image_pb2.Mask(
            data=plane.data, format=name, width_px=plane.width, height_px=plane.height
        )
    if not isinstance(plane, bytes | bytearray | memoryview) and isinstance(plane, HasArray):
        data, shape, kind = _pixels(plane, field)
        if len(shape) != 2:
            raise ValueError(f"a {field} is an HxW array of uint8 or bool, not {shape} {kind!r}")
        data = data.translate(_BOOL_TO_MASK) if kind == "b" else data
        height, width = shape
        return image_pb2.Mask(
            data=data, format="PLANE_FORMAT_RAW_U8", width_px=width, height_px=height
        )
    return image_pb2.Mask(data=_read(plane, field))


def _pixels(array: HasArray, field: str) -> tuple[bytes, tuple[int, ...], str]:
    """Return rows from the top, whatever the strides; the shape; and `u` or `b`."""
    interface = array.__array_interface__
    shape, kind = tuple(interface["shape"]), interface["typestr"]
    if kind not in ("|u1", "|b1"):
        raise ValueError(f"the {field} is an array of {kind!r}; only uint8 ('|u1') is sent")
    count = 1
    for length in shape:
        count *= length
    _check_size(count, field)
    data = interface.get("data")
    buffer: Any = array if data is None or isinstance(data, tuple) else data
    return memoryview(buffer).tobytes(), shape, kind[1]


def _read(source: object, field: str) -> bytes:
    if isinstance(source, bytes | bytearray | memoryview):
        _check_size(memoryview(source).nbytes, field)
        return bytes(source)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        _check_size(path.stat().st_size, field)
        return path.read_bytes()
    read = getattr(source, "read", None)
    if read is None:
        raise TypeError(
            f"the {field} is a {type(source).__name__}; "
            "bytes, a path, a binary file or an array is wanted"
        )
    data = read(MAX_BYTES + 1)
    if not isinstance(data, bytes):
        raise TypeError(f'the {field} is a file of text; open it with "rb"')
    _check_size(len(data), field)
    return data


def _check_size(count: int, field: str) -> None:
    if count > MAX_BYTES:
        wrong = Violation(f"{field}.data", f"is over {MAX_BYTES:,} bytes; send a smaller one")
        raise ImageTooLarge(f"the {field}'s data is over {MAX_BYTES:,} bytes", violations=[wrong])
