from __future__ import annotations

import time

import numpy as np
import pytest

from limner.errors import Violation
from limner.v1 import image_pb2
from limner.v1.reasons import (
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUnreadable,
    ModelNotReady,
    NoHair,
)
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.imaging import codec
from limner_server.imaging.pictures import FOREIGN, MAX_BYTES
from limner_server.services import wire

SIZE = {"width_px": 4, "height_px": 3}
RGB, RGBA = image_pb2.IMAGE_FORMAT_RAW_RGB8, image_pb2.IMAGE_FORMAT_RAW_RGBA8


def call_now() -> Call:
    return Call("/limner.v1.MatteService/Matte", time.monotonic() + 60, Routes(1, {}))


def bytes_like(start: int, magic: bytes, size: int) -> bytes:
    return (bytes(start) + magic).ljust(size, b"\7")[:size]


@pytest.mark.parametrize(("start", "magic", "kind"), FOREIGN)
async def test_raw_pixels_may_begin_like_a_file_of_any_kind(start, magic, kind):
    for picture_format, channels in ((RGB, 3), (RGBA, 4)):
        data = bytes_like(start, magic, 12 * channels)
        image = image_pb2.Image(data=data, format=picture_format, **SIZE)
        photo = await wire.read_photo(image, call_now())
        expected = np.frombuffer(data, np.uint8).reshape(3, 4, channels)[..., :3]
        np.testing.assert_array_equal(photo, expected)

    with pytest.raises(FormatUnsupported, match=kind):
        wire.check_header(image_pb2.Image(data=data))


def test_raw_pixels_are_held_to_the_same_number_of_bytes():
    data = bytes(MAX_BYTES + 4)
    with pytest.raises(ImageTooLarge):
        wire.check_header(image_pb2.Image(data=data, format=RGBA, width_px=len(data) // 4))


def test_a_header_is_held_to_as_many_pixels_as_are_taken():
    square = np.zeros((10, 10, 4), np.uint8)
    encoded = image_pb2.Image(data=codec.encode(square, "png"))
    raw = image_pb2.Image(data=square.tobytes(), format=RGBA, width_px=10, height_px=10)
    for image in (encoded, raw):
        wire.check_header(image, 100)
        with pytest.raises(ImageTooManyPixels, match="at most 99"):
            wire.check_header(image, 99)


def test_what_is_wrong_with_one_of_several_pictures_keeps_its_class_and_says_which_it_is():
    wrong = [Violation("image.format", "odd"), Violation("imagery", "odd")]
    with (
        pytest.raises(ImageUnreadable, match="the reference: cut off") as caught,
        wire.said_of("the reference", "color.reference"),
    ):
        raise ImageUnreadable("cut off", violations=wrong)
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["color.reference.format", "imagery"]
    with (
        pytest.raises(NoHair, match="the reference") as caught,
        wire.said_of("the reference", "reference"),
    ):
        raise NoHair("none")
    assert [violation.field for violation in caught.value.violations] == ["reference"]


def test_what_is_no_picture_s_fault_is_not_said_of_it():
    with pytest.raises(ModelNotReady) as caught, wire.said_of("the original", "original"):
        raise ModelNotReady("wait", retry_after=2.0)
    assert str(caught.value) == "wait"
    assert caught.value.retry_after == 2.0


def test_a_header_is_read_once_for_the_size_it_says(monkeypatch):
    read, data = [], codec.encode(np.zeros((30, 40, 3), np.uint8), "png")
    header = codec.read_header(data)
    monkeypatch.setattr(codec, "read_header", lambda data: read.append(data) or header)

    assert wire.size_of(image_pb2.Image(data=data)) == (30, 40)
    assert read == [data]
    raw = image_pb2.Image(data=bytes(36), format=RGB, **SIZE)
    assert wire.size_of(raw) == (3, 4)
    assert read == [data]
