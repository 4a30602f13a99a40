"""Masks and alphas that callers send for their photos: checked by their heads, then decoded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from limner.errors import Violation
from limner.v1 import image_pb2
from limner.v1.reasons import MaskSizeMismatch
from limner_server.imaging import codec, pictures
from limner_server.services.wire import our_words

if TYPE_CHECKING:
    from limner_server.call import Call
    from limner_server.imaging.arrays import Photo, Plane

    Sent: TypeAlias = image_pb2.Mask | image_pb2.Alpha
    Size: TypeAlias = tuple[int, int]
    """Height and width in pixels."""


def check_header(plane: Sent, size: Size, field: str) -> bytes:
    """Return a plane's bytes, having looked at the first ones only.

    Args:
        plane: A mask or an alpha, its fields checked.
        size: Height and width of the upright photo it is for.
        field: What callers know it by.

    Raises:
        MaskSizeMismatch: It is not of that size.
        ImageTooLarge, ImageTooManyPixels, ImageUnreadable, FormatUnsupported: As they say.
    """
    data = plane.data  # every look at the field copies it
    with our_words():
        if plane.format == image_pb2.PLANE_FORMAT_RAW_U8:
            pictures.check_length(data)  # values may begin like a file of any kind
            found = plane.height_px, plane.width_px
        else:
            header = codec.read_plane_header(data)
            found = header.height, header.width
    _check_size(found, size, field)
    return data


async def read(plane: Sent, photo: Photo, field: str, call: Call) -> Plane:
    """Return the values of a mask or an alpha for `photo`, HxW uint8.

    Raises:
        LimnerError: As `check_header`, and ImageUnreadable for data that breaks off.
    """
    height, width, _ = photo.shape
    with call.stage(f"decode_{field}"):
        return await asyncio.to_thread(_decoded, plane, (height, width), field)


def _decoded(plane: Sent, size: Size, field: str) -> Plane:
    data = check_header(plane, size, field)
    if plane.format == image_pb2.PLANE_FORMAT_RAW_U8:
        return np.frombuffer(data, np.uint8).reshape(size)
    with our_words():
        values = codec.decode_plane(data)
    _check_size(values.shape, size, field)  # a file may have a second head
    return values


def _check_size(found: tuple[int, ...], size: Size, field: str) -> None:
    (height, width), (rows, columns) = size, found
    if found != size:
        raise MaskSizeMismatch(
            f"{field} is {columns} x {rows} pixels, the upright photo {width} x {height}",
            violations=[Violation(field, f"must be {width} x {height} pixels")],
        )
