from __future__ import annotations

import numpy as np
import pytest

from limner.v1 import (
    composite_pb2,
    dye_pb2,
    image_pb2,
    matte_pb2,
    segment_pb2,
    stream_pb2,
    transfer_hair_pb2,
)
from limner_server.admission.weight import pixels_of, work_of
from limner_server.imaging import codec

PHOTO = np.zeros((30, 40, 3), np.uint8)
RAW = {
    "data": PHOTO.tobytes(),
    "format": image_pb2.IMAGE_FORMAT_RAW_RGB8,
    "width_px": 40,
    "height_px": 30,
}
PLANE = {"data": codec.encode_plane(PHOTO[..., 0])}


def pixels(message) -> int:
    return pixels_of(message, message.ByteSize())


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_a_file_weighs_what_its_header_says(kind):
    request = segment_pb2.SegmentRequest(image={"data": codec.encode(PHOTO, kind)})
    assert pixels(request) == 1200


@pytest.mark.parametrize(
    ("message", "pictures"),
    [
        (segment_pb2.SegmentRequest(image=RAW), 1),
        (stream_pb2.Frame(number=1, image=RAW), 1),
        (matte_pb2.MatteRequest(image=RAW, map=PLANE), 2),
        (dye_pb2.DyeRequest(image=RAW, color={"reference": RAW}, alpha=PLANE), 3),
        (composite_pb2.CompositeRequest(original=RAW, converted=RAW), 2),
        (dye_pb2.ListShadesRequest(), 0),
        (transfer_hair_pb2.TransferHairRequest(person=RAW, shape={"image": RAW}), 2),
    ],
)
def test_every_picture_counts_wherever_it_is(message, pictures):
    assert pixels(message) == pictures * 1200


@pytest.mark.parametrize(
    "image",
    [
        {"data": b"no picture"},
        {"data": b""},
        {"data": codec.encode(PHOTO, "png")[:20]},
        {"data": b"\0" * 9, "format": RAW["format"], "width_px": -5, "height_px": 7},
    ],
)
def test_what_will_be_refused_before_it_is_decoded_weighs_nothing(image):
    assert pixels(segment_pb2.SegmentRequest(image=image)) == 0


def test_raw_pictures_weigh_no_more_than_their_data_however_large_they_say_they_are():
    huge = RAW | {"width_px": 65535, "height_px": 65535}
    assert pixels(segment_pb2.SegmentRequest(image=huge)) < len(RAW["data"]) + 50


def test_a_mode_that_takes_minutes_says_nothing_of_one_that_takes_seconds():
    method = "/limner.v1.TransferHairService/TransferHair"
    fast, slow = (transfer_hair_pb2.TransferHairRequest(mode=mode) for mode in (0, 2))
    assert work_of(method, fast) == method
    assert work_of(method, slow) != method
    assert work_of(method, segment_pb2.SegmentRequest()) == method
