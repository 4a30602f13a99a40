from __future__ import annotations

import time

import numpy as np
import pytest

from limner.v1 import image_pb2, segment_pb2
from limner.v1.reasons import OverloadedBytes
from limner_registry.routes import Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import BYTES_A_PIXEL, Limits
from limner_server.admission.stay import Stay
from limner_server.call import Call
from limner_server.metrics import Metrics

METHOD = "/limner.v1.CompositeService/CompositeStream"


def call_now() -> Call:
    return Call(METHOD, time.monotonic() + 60, Routes())


def photo(edge: int) -> segment_pb2.SegmentRequest:
    raw = np.zeros((edge, edge, 3), np.uint8).tobytes()
    image = {"data": raw, "format": image_pb2.IMAGE_FORMAT_RAW_RGB8}
    return segment_pb2.SegmentRequest(image=image | {"width_px": edge, "height_px": edge})


class Entrance:
    def __init__(self, **limits: int) -> None:
        self.metrics = Metrics()
        self.door = Door(
            Limits(**{"calls": 4, "bytes": 1000, "pixels": 1000} | limits), self.metrics
        )

    def shows(self, name: str) -> float:
        return self.metrics.registry.get_sample_value(f"limner_held_{name}")


def test_what_a_stream_has_is_refused_to_others_and_given_back():
    entrance = Entrance()
    first, second = Stay(entrance.door), Stay(entrance.door)
    with first.held(900):
        assert entrance.shows("bytes") == 900
        with pytest.raises(OverloadedBytes), second.held(200):
            pytest.fail("it was let in")
        with second.held(100):
            assert entrance.shows("bytes") == 1000
    assert entrance.shows("bytes") == 0
    with second.held(5000):
        assert entrance.shows("bytes") == 5000


async def test_what_a_stream_has_is_not_in_its_own_way():
    entrance = Entrance(bytes=10, pixels=10)
    stay, message = Stay(entrance.door), photo(20)
    with stay.held(5000), stay.held(5000), stay.kept(10_000):
        async with stay.admitted(call_now(), message, message.ByteSize()):
            assert entrance.shows("bytes") == 10_000
            assert entrance.shows("pixels") == 400 + 10_000 / BYTES_A_PIXEL
    assert entrance.shows("bytes") == entrance.shows("pixels") == 0


async def test_it_is_in_its_way_once_somebody_else_is_there():
    entrance = Entrance(bytes=10)
    stay = Stay(entrance.door)
    with entrance.door.held(1), pytest.raises(OverloadedBytes), stay.held(5000):
        pytest.fail("it was let in")


def test_decoded_pictures_count_as_the_pixels_that_work_takes_as_much_memory_for():
    entrance = Entrance()
    with Stay(entrance.door).kept(BYTES_A_PIXEL * 7 + 1):
        assert entrance.shows("pixels") == 8


async def test_a_kept_picture_that_a_frame_is_worked_on_with_counts_as_its_own():
    entrance = Entrance()
    message = photo(10)
    async with Stay(entrance.door).admitted(call_now(), message, message.ByteSize(), beside=300):
        assert entrance.shows("pixels") == 400
