"""What a stream has in the house: counted from when it comes, and never a moment longer."""

from __future__ import annotations

import asyncio
import time
import weakref
from contextlib import aclosing
from typing import ClassVar

import grpc
import pytest

from limner.v1 import errors_pb2, segment_pb2
from limner.v1.reasons import OverloadedBytes, OverloadedWork
from limner_registry.routes import Caller, Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import Limits
from limner_server.admission.stay import Stay
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.services.frames import Answer, answer_newest
from limner_server.stream import Stream
from tests.unit.server.services.portraits import METHOD, served

RAW_RGB8 = 4
LARGE = 3 * 100 * 100
"""Bytes of a frame of 10,000 pixels."""
KEPT = 20 * 50
"""Bytes that what is prepared keeps: as much as 50 pixels are reckoned to take."""


def settings(size=0):
    told = segment_pb2.SegmentRequest(options={"routing_key": "k" * size})
    return segment_pb2.SegmentStreamRequest(settings=told)


def frame(number, edge=100):
    image = {"data": bytes(3 * edge * edge), "format": "IMAGE_FORMAT_RAW_RGB8"}
    image |= {"width_px": edge, "height_px": edge}
    return segment_pb2.SegmentStreamRequest(frame={"number": number, "image": image})


class Studio:
    """A stream that answers by hand, and all that it has in the house."""

    def __init__(self, **limits):
        self.metrics = Metrics()
        ample = {"calls": 4, "bytes": 10**9, "pixels": 10**9}
        self.door = Door(Limits(**ample | limits), self.metrics)
        self.came, self.gate = asyncio.Queue(), asyncio.Event()
        self.unprepared, self.pauses = [], 0
        self.gate.set()

    def stream(self):
        call = Call(METHOD, time.monotonic() + 60, Routes())
        leaving, stay = asyncio.Event(), Stay(self.door)
        return Stream(call, 10, Routes, leaving, lambda *_: None, lambda _: Caller(""), stay)

    async def requests(self):
        while (request := await self.came.get()) is not None:
            yield request
            del request

    async def prepare(self, _settings, _call):
        for _ in range(self.pauses):
            await asyncio.sleep(0)
        if self.unprepared:
            raise self.unprepared.pop()
        return Answer(self.answer, kept=KEPT)

    async def answer(self, frame, _call):
        for _ in range(self.pauses):
            await asyncio.sleep(0)
        await self.gate.wait()
        return segment_pb2.SegmentResponse(width_px=frame.number)

    def replies(self):
        self.stream().enter()
        reply = segment_pb2.SegmentStreamResponse
        return answer_newest(self.requests(), lambda _: None, self.prepare, reply)

    def send(self, *messages):
        for message in messages:
            self.came.put_nowait(message)

    def shows(self, name):
        return self.metrics.registry.get_sample_value(f"limner_held_{name}")


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


def size_of(request):
    return getattr(request, request.WhichOneof("part")).ByteSize()


async def test_settings_and_what_is_kept_of_them_count_for_as_long_as_they_are_in_force():
    studio, small, large = Studio(), settings(1), settings(100)
    async with aclosing(studio.replies()) as replies:
        studio.send(small, frame(0))
        await anext(replies)
        assert studio.shows("bytes") == size_of(small)
        assert studio.shows("pixels") == 50
        following = asyncio.create_task(anext(replies))
        studio.send(large)
        await settled()
        assert studio.shows("bytes") == size_of(large), "nothing is answered by the first"
        assert studio.shows("pixels") == 0
        studio.send(frame(1))
        await following
        assert studio.shows("bytes") == size_of(large)
        assert studio.shows("pixels") == 50
    assert studio.shows("bytes") == studio.shows("pixels") == 0


async def test_the_frame_that_waits_counts_beside_the_one_in_hand_and_the_settings_of_both():
    studio, first, second = Studio(), settings(1), settings(100)
    studio.gate.clear()
    async with aclosing(studio.replies()) as replies:
        following = asyncio.create_task(anext(replies))
        studio.send(first, frame(0))
        await settled()
        studio.send(frame(1), second, frame(2, edge=10), frame(3, edge=10))
        await settled()
        sizes = [size_of(message) for message in (first, frame(0), second, frame(3, edge=10))]
        assert studio.shows("bytes") == sum(sizes)
        assert studio.shows("pixels") == 50 + 10_000
        studio.gate.set()
        assert (await following).number == 0
        assert (await anext(replies)).skipped == 2
        assert studio.shows("bytes") == size_of(second)
    assert studio.shows("bytes") == studio.shows("pixels") == 0


async def test_settings_that_could_not_be_prepared_keep_their_bytes_alone():
    studio = Studio()
    studio.unprepared = [OverloadedWork("not now", retry_after=1.0)]
    async with aclosing(studio.replies()) as replies:
        studio.send(settings(1), frame(0))
        assert (await anext(replies)).HasField("failure")
        assert studio.shows("bytes") == size_of(settings(1))
        assert studio.shows("pixels") == 0


async def test_a_frame_for_which_there_is_no_room_fails_alone_when_it_comes():
    studio = Studio(bytes=LARGE)
    async with aclosing(studio.replies()) as replies:
        studio.send(settings(1))
        with studio.door.held(1000):
            studio.send(frame(0))
            failure = (await anext(replies)).failure
            assert failure.reason == errors_pb2.ERROR_REASON_OVERLOADED_BYTES
            assert failure.retry_after_seconds > 0
            assert studio.shows("bytes") == 1000 + size_of(settings(1))
        studio.send(frame(1))
        assert (await anext(replies)).HasField("response")


async def test_settings_for_which_there_is_no_room_end_the_stream():
    studio = Studio(bytes=100)
    with studio.door.held(90):
        async with aclosing(studio.replies()) as replies:
            studio.send(settings(100))
            with pytest.raises(OverloadedBytes):
                await anext(replies)
        assert studio.shows("bytes") == 90


async def test_a_stream_that_is_alone_may_send_more_than_the_limits_at_any_time():
    studio = Studio(bytes=10, pixels=10)
    async with aclosing(studio.replies()) as replies:
        for number in range(3):
            studio.send(settings(100), frame(2 * number), None if number == 2 else settings(90))
            assert (await anext(replies)).HasField("response")
        assert [reply async for reply in replies] == []


@pytest.mark.parametrize("refused", [False, True])
async def test_a_stream_that_is_left_at_any_moment_gives_everything_back(refused):
    most = 0
    for steps in range(60):
        studio = Studio()
        studio.pauses = 3
        if refused:
            studio.unprepared = [OverloadedWork("not now")]
        replies = studio.replies()

        async def read(replies=replies):
            async with aclosing(replies):
                async for _ in replies:
                    await asyncio.sleep(0)

        reading = asyncio.create_task(read())
        studio.send(settings(1), frame(0), frame(1))
        for step in range(steps):
            if step % 7 == 3:
                studio.send(settings(step), frame(step))
            most = max(most, studio.shows("bytes"))
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        studio.send(settings(1), frame(1000))
        await settled()
        assert studio.shows("bytes") == studio.shows("pixels") == 0, steps
    assert most > LARGE


class Thing:
    """A message or a reply that can be watched."""

    alive: ClassVar[weakref.WeakSet[Thing]] = weakref.WeakSet()

    def __init__(self, part):
        self.part, self.number, self.options = part, 0, segment_pb2.SegmentRequest().options
        Thing.alive.add(self)

    def WhichOneof(self, _group):
        return self.part

    def ByteSize(self):
        return 1

    def ListFields(self):
        return []

    @property
    def settings(self):
        return self

    frame = settings


async def test_what_has_been_answered_is_gone_while_the_stream_waits_for_more():
    async def answer(_frame, _call):
        return Thing("response")

    async def prepare(_settings, _call):
        return Answer(answer)

    def reply(response, **_):
        return response

    def frames(requests, _context):
        return answer_newest(requests, lambda _: None, prepare, reply)

    behavior = grpc.stream_stream_rpc_method_handler(
        frames, lambda data: Thing(data.decode()), lambda thing: thing.part.encode()
    )
    service, method = METHOD.strip("/").split("/")
    async with served(handlers={service: {method: behavior}}) as bench:
        stream = bench.channel.stream_stream(METHOD)()
        for part in ("settings", "frame"):
            await stream.write(part.encode())
        assert await asyncio.wait_for(stream.read(), 5) == b"response"
        for _ in range(100):
            if [thing.part for thing in Thing.alive] == ["settings"]:
                break
            await asyncio.sleep(0.01)
        assert [thing.part for thing in Thing.alive] == ["settings"]
        stream.cancel()
