from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2
from limner.v1.reasons import (
    FormatUnsupported,
    ImageTooLarge,
    ImageTooManyPixels,
    ImageUnreadable,
    MaskSizeMismatch,
)
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.imaging import codec
from limner_server.imaging.containers import ORIENTATION_TAG, PNG_MAGIC
from limner_server.imaging.pictures import FOREIGN, MAX_BYTES
from limner_server.services import planes

RAW = image_pb2.PLANE_FORMAT_RAW_U8
VALUES = np.arange(12, dtype=np.uint8).reshape(3, 4)
PHOTO = np.zeros((3, 4, 3), np.uint8)


def call_now() -> Call:
    return Call("/limner.v1.MatteService/Matte", time.monotonic() + 60, Routes(1, {}))


def png(mode="L", size=(4, 3), **options) -> bytes:
    file = io.BytesIO()
    Image.new(mode, size).save(file, "PNG", **options)
    return file.getvalue()


def jpeg() -> bytes:
    return codec.encode(PHOTO, "jpeg")


@pytest.mark.parametrize(
    "sent",
    [
        {"data": codec.encode_plane(VALUES)},
        {"data": VALUES.tobytes(), "format": RAW, "width_px": 4, "height_px": 3},
    ],
)
async def test_a_plane_of_the_photo_s_size_is_read_as_it_is_written(sent):
    call = call_now()
    for plane in (image_pb2.Mask(**sent), image_pb2.Alpha(**sent)):
        assert planes.check_header(plane, (3, 4), "map") == sent["data"]
        np.testing.assert_array_equal(await planes.read(plane, PHOTO, "map", call), VALUES)
    assert {name for name, _ in call.stages} == {"decode_map"}


async def test_a_plane_is_not_turned_by_what_it_says_of_itself():
    exif = Image.Exif()
    exif[ORIENTATION_TAG] = 6
    plane = image_pb2.Mask(data=png(exif=exif))
    planes.check_header(plane, (3, 4), "map")
    assert (await planes.read(plane, PHOTO, "map", call_now())).shape == (3, 4)


@pytest.mark.parametrize(
    ("error", "sent", "said"),
    [
        (MaskSizeMismatch, {"data": png(size=(3, 4))}, "map is 3 x 4 pixels, the upright photo 4"),
        (
            MaskSizeMismatch,
            {"data": bytes(12), "format": RAW, "width_px": 3, "height_px": 4},
            "map is 3 x 4 pixels",
        ),
        (FormatUnsupported, {"data": png("RGB")}, "8-bit RGB"),
        (FormatUnsupported, {"data": png("I;16")}, "16-bit gray"),
        (FormatUnsupported, {"data": jpeg()}, "jpeg"),
        (FormatUnsupported, {"data": b"GIF89a"}, "GIF"),
        (ImageUnreadable, {"data": b"hello"}, "no picture"),
        (ImageUnreadable, {"data": png()[:20]}, "breaks off"),
        (ImageTooManyPixels, {"data": png()[:16] + b"\0\0\xff\xff" * 2 + png()[24:]}, "65,535"),
        (ImageTooLarge, {"data": bytes(MAX_BYTES + 1), "format": RAW}, "32,000,001"),
    ],
)
async def test_what_is_wrong_with_a_plane_is_in_its_head(error, sent, said):
    plane = image_pb2.Mask(**sent)
    with pytest.raises(error, match=said) as from_head:
        planes.check_header(plane, (3, 4), "map")
    with pytest.raises(error) as from_all:
        await planes.read(plane, PHOTO, "map", call_now())
    assert str(from_head.value) == str(from_all.value)
    if error is MaskSizeMismatch:
        (wrong,) = from_head.value.violations
        assert (wrong.field, wrong.description) == ("map", "must be 4 x 3 pixels")


async def test_a_plane_with_a_second_head_is_held_to_what_it_turns_out_to_be():
    head = len(PNG_MAGIC) + 25
    first, second = png(size=(4, 3))[:head], png(size=(3, 4))[len(PNG_MAGIC) :]
    plane = image_pb2.Mask(data=first + second)
    planes.check_header(plane, (3, 4), "map")
    with pytest.raises(MaskSizeMismatch):
        await planes.read(plane, PHOTO, "map", call_now())


@pytest.mark.parametrize(("start", "magic", "kind"), FOREIGN)
async def test_raw_values_may_begin_like_a_file_of_any_kind(start, magic, kind):
    data = (bytes(start) + magic).ljust(12, b"\7")
    plane = image_pb2.Mask(data=data, format=RAW, width_px=4, height_px=3)
    values = await planes.read(plane, PHOTO, "map", call_now())
    assert values.tobytes() == data
    with pytest.raises(FormatUnsupported, match=kind):
        planes.check_header(image_pb2.Mask(data=data), (3, 4), "map")
