"""Pictures between the wire and arrays: protobuf messages in, arrays out, and the way back."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np

from limner.errors import LimnerError, Violation
from limner.v1 import image_pb2
from limner.v1.reasons import (
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUnreadable,
    ParameterOutOfRange,
)
from limner_server.imaging import codec, pictures
from limner_server.imaging.geometry import Pixels, shrink
from limner_server.imaging.mesh import oval
from limner_server.pipelines.faces import Selector
from limner_server.services.checks import RAW_FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from limner_server.call import Call
    from limner_server.imaging.arrays import Matte, Photo, Plane
    from limner_server.pipelines.faces import FoundFace

JPEG, PNG, WEBP, RAW_RGBA8 = (
    image_pb2.IMAGE_FORMAT_JPEG,
    image_pb2.IMAGE_FORMAT_PNG,
    image_pb2.IMAGE_FORMAT_WEBP,
    image_pb2.IMAGE_FORMAT_RAW_RGBA8,
)
ENCODED: dict[int, pictures.Format] = {JPEG: "jpeg", PNG: "png", WEBP: "webp"}
WITH_ALPHA = {PNG, WEBP, RAW_RGBA8}
OF_A_PICTURE = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION}
"""Statuses that say what is wrong with a picture."""
REASONS: dict[type[pictures.PictureError], type[LimnerError]] = {
    pictures.TooLarge: ImageTooLarge,
    pictures.TooManyPixels: ImageTooManyPixels,
    pictures.Unreadable: ImageUnreadable,
    pictures.Unsupported: FormatUnsupported,
}


def check_header(image: image_pb2.Image, max_pixels: int = pictures.MAX_PIXELS) -> bytes:
    """Return a picture's bytes, having looked at the first ones only.

    Raises:
        ImageTooLarge, ImageUnreadable, FormatUnsupported: As they say.
        ImageTooManyPixels: More than `max_pixels`.
        ParameterOutOfRange: The data is of another format than the field says.
    """
    data, _ = _looked_at(image, max_pixels)
    return data


def size_of(image: image_pb2.Image) -> tuple[int, int]:
    """Return height and width of a picture once it is upright, from its first bytes.

    Raises:
        LimnerError: As `check_header`.
    """
    _, size = _looked_at(image)
    return size


async def read_photo(image: image_pb2.Image, call: Call) -> Photo:
    """Return the pixels of a picture, upright, HxWx3 uint8 sRGB.

    Raises:
        LimnerError: As `check_header`, and ImageUnreadable for data that breaks off.
    """
    data = check_header(image)
    with call.stage("decode"):
        return await asyncio.to_thread(_decoded, image, data)


async def read_cutout(image: image_pb2.Image, max_pixels: int, call: Call) -> Photo:
    """Return the pixels of a picture with its alpha, upright, HxWx4 uint8, not premultiplied.

    Raises:
        LimnerError: As `read_photo`; ImageTooManyPixels above `max_pixels`, FormatUnsupported
            for a picture that brings no alpha.
    """
    data = check_header(image, max_pixels)
    with call.stage("decode"):
        return await asyncio.to_thread(_decoded_cutout, image, data, max_pixels)


def selector(selector: image_pb2.FaceSelector) -> Selector:
    """Return which face is meant."""
    match selector.WhichOneof("rule"):
        case "index":
            return Selector(index=selector.index)
        case "point":
            return Selector(point=(selector.point.x_px, selector.point.y_px))
        case "all":
            return Selector(every=selector.all)
        case _:
            return Selector()


@contextmanager
def said_of(whose: str, field: str) -> Iterator[None]:
    """Say of whatever is wrong with one of several pictures which it is, such as `the original`.

    What goes by `image` otherwise, and what goes by nothing, is told of `field`. Errors that are
    no picture's pass as they are.
    """
    try:
        yield
    except LimnerError as error:
        if error.code not in OF_A_PICTURE:
            raise
        violations = [
            Violation(re.sub(r"^image\b", field, wrong.field), wrong.description)
            for wrong in error.violations
        ]
        raise type(error)(
            f"{whose}: {error}",
            violations=violations or [Violation(field, str(error))],
            retry_after=error.retry_after,
        ) from error


def write_face(face: FoundFace) -> image_pb2.Face:
    """Return a face as a reply carries it."""
    found, pose, outline = face.detection, face.pose, oval(face.landmarks)
    x, y, z = face.landmarks.T
    return image_pb2.Face(
        box=image_pb2.Box(
            left_px=found.left, top_px=found.top, right_px=found.right, bottom_px=found.bottom
        ),
        score=found.score,
        pose=image_pb2.HeadPose(yaw_deg=pose.yaw, pitch_deg=pose.pitch, roll_deg=pose.roll),
        landmarks=image_pb2.Landmarks(
            scheme=image_pb2.LANDMARK_SCHEME_MEDIAPIPE_478, x_px=x, y_px=y, z_px=z
        ),
        oval=image_pb2.Polygon(x_px=outline[:, 0], y_px=outline[:, 1]),
    )


def write_image(photo: Photo, alpha: Matte | None, output: image_pb2.OutputSpec) -> image_pb2.Image:
    """Return a photo as a reply carries it; `alpha` goes with the formats that hold one."""
    picture_format = output.format or JPEG
    pixels = photo
    if alpha is not None and picture_format in WITH_ALPHA:
        pixels = np.dstack((photo, alpha_to_plane(alpha)))
    elif picture_format == RAW_RGBA8:
        pixels = np.dstack((photo, np.full(photo.shape[:2], 255, np.uint8)))
    pixels = _sized(pixels, output)
    if picture_format in ENCODED:
        quality = output.quality or codec.DEFAULT_QUALITY
        data = _encoded(pixels, ENCODED[picture_format], quality)
    else:
        data = pixels.tobytes()
    height, width = pixels.shape[:2]
    return image_pb2.Image(data=data, format=picture_format, width_px=width, height_px=height)


def write_mask(plane: Plane, output: image_pb2.OutputSpec) -> image_pb2.Mask:
    """Return a plane of hard values as a reply carries it; its values stay among those it has."""
    sized = _sized(plane, output)
    if sized is not plane:
        levels = np.unique(plane).astype(np.int16)
        middles = (levels[1:] + levels[:-1]) / 2
        sized = levels[np.searchsorted(middles, sized)].astype(np.uint8)
    return image_pb2.Mask(**_written(sized, output))


def write_alpha(alpha: Plane, output: image_pb2.OutputSpec) -> image_pb2.Alpha:
    """Return an alpha, in bytes, as a reply carries it."""
    return image_pb2.Alpha(**_written(_sized(alpha, output), output))


def alpha_to_plane(alpha: Matte) -> Plane:
    """Return an alpha in [0, 1] as bytes."""
    plane: Plane = np.rint(alpha * 255).astype(np.uint8)
    return plane


def _looked_at(
    image: image_pb2.Image, max_pixels: int = pictures.MAX_PIXELS
) -> tuple[bytes, tuple[int, int]]:
    """Return what `check_header` and `size_of` do."""
    data = image.data  # every look at the field copies it
    with our_words():
        if image.format in RAW_FORMATS:
            pictures.check_length(data)  # pixels may begin like a file of any kind
            pictures.check_size(image.width_px, image.height_px, max_pixels)
            return data, (image.height_px, image.width_px)
        header = codec.read_header(data)
        pictures.check_size(header.width, header.height, max_pixels)
    declared = ENCODED.get(image.format, header.format)
    if declared != header.format:
        raise ParameterOutOfRange(
            f"the picture is a {header.format.upper()}, not a {declared.upper()}",
            violations=[Violation("image.format", f"the data is {header.format.upper()}")],
        )
    return data, (header.height, header.width)


def _encoded(pixels: Photo, picture_format: pictures.Format, quality: int) -> bytes:
    try:
        return codec.encode(pixels, picture_format, quality)
    except ValueError as error:
        raise ParameterOutOfRange(
            str(error), violations=[Violation("output.format", f"{error}; ask for another")]
        ) from error


def _decoded(image: image_pb2.Image, data: bytes) -> Photo:
    channels = RAW_FORMATS.get(image.format)
    if channels is None:
        with our_words():
            return codec.decode(data)
    pixels = np.frombuffer(data, np.uint8)
    pixels = pixels.reshape(image.height_px, image.width_px, channels)
    return np.ascontiguousarray(pixels[..., :3])


def _decoded_cutout(image: image_pb2.Image, data: bytes, max_pixels: int) -> Photo:
    if image.format in RAW_FORMATS:
        return np.frombuffer(data, np.uint8).reshape(image.height_px, image.width_px, 4)
    with our_words():
        return codec.decode_cutout(data, max_pixels)


def _written(plane: Plane, output: image_pb2.OutputSpec) -> dict[str, Any]:
    raw = output.plane_format == image_pb2.PLANE_FORMAT_RAW_U8
    height, width = plane.shape
    return {
        "data": plane.tobytes() if raw else codec.encode_plane(plane),
        "format": output.plane_format or image_pb2.PLANE_FORMAT_PNG8,
        "width_px": width,
        "height_px": height,
    }


def _sized(pixels: Pixels, output: image_pb2.OutputSpec) -> Pixels:
    return shrink(pixels, output.longest_edge_px) if output.longest_edge_px else pixels


@contextmanager
def our_words() -> Iterator[None]:
    """Turn what the codec says of a picture into what callers are told."""
    try:
        yield
    except pictures.PictureError as error:
        raise REASONS[type(error)](str(error)) from error
