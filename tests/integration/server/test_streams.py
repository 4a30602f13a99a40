"""Streams on the real stack: the newest frame wins, and a bad one ends nothing."""

from __future__ import annotations

import threading
import time
import urllib.request
from itertools import pairwise

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.errors import from_rpc_error
from limner.v1 import errors_pb2, image_pb2, segment_pb2
from limner.v1.reasons import ParameterOutOfRange
from limner_client import LimnerClient, NoFace, Output
from tests.integration.conftest import saved

RAW = image_pb2.PLANE_FORMAT_RAW_U8


class Camera:
    """Sends a frame again and again, faster than it can be worked on, until it is told to stop."""

    def __init__(self, frame, per_second):
        self.frame, self.pause = frame, 1 / per_second
        self.sent, self.ended = 0, threading.Event()

    def __iter__(self):
        while not self.ended.is_set():
            self.sent += 1
            yield self.frame
            time.sleep(self.pause)


def frames_of(stack) -> dict[str, float]:
    """Return how many frames of SegmentStream came to which end."""
    page = urllib.request.urlopen(stack.metrics).read().decode()
    lines = [line for line in page.splitlines() if line.startswith("limner_frames_total{")]
    ours = [line for line in lines if 'grpc_method="SegmentStream"' in line]
    return {line.split('outcome="')[1].split('"')[0]: float(line.split()[-1]) for line in ours}


@pytest.fixture(scope="module")
def large(portrait) -> bytes:
    return saved(portrait.resize((2048, 2048)), "JPEG", quality=90)


@pytest.fixture
def limner(stack):
    with LimnerClient(stack.address) as client:
        yield client


def test_behind_a_fast_camera_the_newest_frame_is_answered(limner, large, stack):
    before = frames_of(stack)
    camera = Camera(large, per_second=100)
    told = []
    for result in limner.segment_stream(camera, output=Output(longest_edge=64)):
        told.append((result.number, result.skipped))
        assert result.error is None
        assert result.result.faces
        if len(told) == 6:
            camera.ended.set()

    numbers = [number for number, _ in told]
    assert numbers == sorted(set(numbers))
    skipped = sum(count for _, count in told)
    assert skipped >= 6, "the camera was to be faster than the server"
    assert len(told) + skipped == camera.sent
    assert numbers[-1] == camera.sent - 1, "the last frame was to be answered"
    for (last, _), (number, count) in pairwise(told):
        assert number - last == count + 1
    after = frames_of(stack)
    assert after["answered"] - before.get("answered", 0) == len(told)
    assert after["skipped"] - before.get("skipped", 0) == skipped


def test_a_stream_answers_as_a_call_does(limner, astronaut):
    output = Output(plane_format="raw_u8")
    alone = limner.segment(astronaut, output=output)
    (streamed,) = limner.segment_stream([astronaut], output=output)
    assert streamed.result.faces == alone.faces
    assert {name: plane.data for name, plane in streamed.result.masks.items()} == {
        name: plane.data for name, plane in alone.masks.items()
    }
    assert set(streamed.result.served_by) == set(alone.served_by)


def test_bad_frames_among_good_ones_are_told_and_passed_over(limner, astronaut):
    white = saved(Image.new("RGB", (320, 240), "white"), "PNG")
    frames = [astronaut, white, astronaut[:5000], b"no picture", astronaut]
    turn = threading.Semaphore(0)

    def one_by_one():
        for frame in frames:
            yield frame
            turn.acquire()

    errors = []
    for result in limner.segment_stream(one_by_one()):
        errors.append(result.error)
        turn.release()
    reasons = [error.reason if error else "" for error in errors]
    assert reasons == ["", "NO_FACE", "IMAGE_UNREADABLE", "IMAGE_UNREADABLE", ""]
    assert isinstance(errors[1], NoFace)


def test_a_photo_over_the_limit_fails_its_frame_only(stubs):
    huge = {"data": b"\x89PNG\r\n\x1a\n" + bytes(32_000_000)}
    answers = stubs.segment.SegmentStream(
        iter(
            [
                segment_pb2.SegmentStreamRequest(settings={"without_faces": True}),
                segment_pb2.SegmentStreamRequest(frame={"number": 1, "image": huge}),
            ]
        )
    )
    (answer,) = answers
    assert answer.failure.reason == errors_pb2.ERROR_REASON_IMAGE_TOO_LARGE


def test_settings_change_what_the_next_frames_get(stubs, astronaut):
    turn = threading.Semaphore(0)

    def requests():
        for number, edge in enumerate((64, 32)):
            settings = {
                "without_faces": True,
                "output": {"longest_edge_px": edge, "plane_format": RAW},
            }
            yield segment_pb2.SegmentStreamRequest(settings=settings)
            frame = {"number": number, "image": {"data": astronaut}}
            yield segment_pb2.SegmentStreamRequest(frame=frame)
            turn.acquire()

    widths = []
    for answer in stubs.segment.SegmentStream(requests()):
        widths.append(answer.response.masks[0].mask.width_px)
        turn.release()
    assert widths == [64, 32]


def test_settings_with_a_photo_end_the_stream(stubs, astronaut):
    settings = {"image": {"data": astronaut}, "classes": [77]}
    answers = stubs.segment.SegmentStream(
        iter([segment_pb2.SegmentStreamRequest(settings=settings)])
    )
    with pytest.raises(grpc.RpcError) as caught:
        next(answers)
    error = from_rpc_error(caught.value)
    assert isinstance(error, ParameterOutOfRange)
    fields = {violation.field for violation in error.violations}
    assert fields == {"settings.image", "settings.classes[0]"}


def test_a_caller_who_leaves_frees_the_server_at_once(stubs, large, stack):
    def endless():
        yield segment_pb2.SegmentStreamRequest(settings={})
        for number in range(10_000):
            frame = {"number": number, "image": {"data": large}}
            yield segment_pb2.SegmentStreamRequest(frame=frame)
            time.sleep(0.02)

    answers = stubs.segment.SegmentStream(endless())
    next(answers)
    assert "limner_calls_in_flight 1.0" in urllib.request.urlopen(stack.metrics).read().decode()
    answers.cancel()
    deadline = time.monotonic() + 5
    while "limner_calls_in_flight 0.0" not in urllib.request.urlopen(stack.metrics).read().decode():
        assert time.monotonic() < deadline, "the stream went on"
        time.sleep(0.05)


def test_memory_stays_within_bounds_under_a_flood_of_large_frames(limner, stack):
    import psutil

    noise = np.random.default_rng(5).integers(0, 255, (2500, 2500, 3), np.uint8)  # 18.75 MB each
    server = psutil.Process(stack.pid)
    camera = Camera(noise, per_second=1000)
    peak, answered, start = 0, 0, server.memory_info().rss
    for _ in limner.segment_stream(camera, without_faces=True, output=Output(longest_edge=64)):
        peak = max(peak, server.memory_info().rss)
        answered += 1
        if answered == 8:
            camera.ended.set()
    assert camera.sent > answered
    assert peak - start < 600e6
