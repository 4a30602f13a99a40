from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import numpy as np
import pytest

from limner.v1 import dye_pb2, image_pb2, segment_pb2
from limner.v1.reasons import OverloadedBytes, OverloadedWork
from limner_registry.routes import Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import Limits
from limner_server.admission.line import Priority
from limner_server.call import Call
from limner_server.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from google.protobuf.message import Message

AMPLE = 10**9
METHOD = "/limner.v1.SegmentService/Segment"


def call_of(seconds=60.0, priority=Priority.INTERACTIVE) -> Call:
    return Call(METHOD, time.monotonic() + seconds, Routes(), priority=priority)


def photo(width=10, height=10, **options) -> segment_pb2.SegmentRequest:
    raw = np.zeros((height, width, 3), np.uint8).tobytes()
    image = {"data": raw, "format": image_pb2.IMAGE_FORMAT_RAW_RGB8}
    image |= {"width_px": width, "height_px": height}
    return segment_pb2.SegmentRequest(image=image, options=options)


class Entrance:
    """A door, what its page shows, and whoever has been let in."""

    def __init__(self, takes: float = 0.0, **limits) -> None:
        """Expect every call to take so many seconds; 0 knows nothing of them."""
        self.metrics = Metrics()
        ample = {"calls": 1, "bytes": AMPLE, "pixels": AMPLE}
        self.door = Door(Limits(**ample | limits), self.metrics)
        if takes:
            self.door._pace.took(METHOD, 100, takes)

    async def works(self, call: Call | None = None) -> None:
        async with self.let_in(call or call_of(), photo()):
            pass

    @asynccontextmanager
    async def let_in(self, call: Call, message: Message) -> AsyncIterator[None]:
        size = message.ByteSize()
        with self.door.held(size):
            async with self.door.admitted(call, message, size):
                yield

    def shows(self, name: str, **labels: str) -> float:
        return self.metrics.registry.get_sample_value(f"limner_{name}", labels)


async def test_calls_beyond_the_limit_wait_for_their_turn_and_are_told_so():
    entrance = Entrance(takes=10.0)
    call = call_of()
    async with entrance.let_in(call_of(), photo()):
        second = asyncio.create_task(entrance.works(call))
        await asyncio.sleep(0.01)
        assert entrance.shows("working_calls") == 1
        assert entrance.shows("waiting_calls", priority="interactive") == 1
        wait = entrance.shows("expected_wait_seconds", priority="batch")
        assert wait == pytest.approx(20, abs=3)
    await second
    ((name, seconds),) = call.stages
    assert name == "admission"
    assert seconds >= 0.009
    assert entrance.shows("working_calls") == entrance.shows("held_bytes") == 0


async def test_an_interactive_call_waits_no_longer_than_it_works_and_a_batch_to_its_deadline():
    entrance = Entrance(takes=10.0)
    async with entrance.let_in(call_of(), photo()):
        waiting = [asyncio.create_task(entrance.works())]
        await asyncio.sleep(0)
        with pytest.raises(OverloadedWork) as caught:
            await entrance.works()
        assert caught.value.retry_after == pytest.approx(20, abs=3)
        with pytest.raises(OverloadedWork):
            await entrance.works(call_of(25, Priority.BATCH))
        waiting.append(asyncio.create_task(entrance.works(call_of(60, Priority.BATCH))))
        await asyncio.sleep(0)
        assert entrance.shows("waiting_calls", priority="batch") == 1
        assert entrance.shows("refused_calls_total", want="work") == 2
    await asyncio.gather(*waiting)


@pytest.mark.parametrize("priority", list(Priority), ids=lambda priority: priority.name)
async def test_where_most_are_refused_who_are_urgent_the_next_is_not_let_wait_as_long(priority):
    entrance = Entrance(takes=10.0)
    async with entrance.let_in(call_of(), photo()):
        for _ in range(20):
            with pytest.raises(OverloadedWork):
                await entrance.works(call_of(15, priority))
        urgent = asyncio.create_task(entrance.works())
        batch = asyncio.create_task(entrance.works(call_of(60, Priority.BATCH)))
        await asyncio.sleep(0)
    refused, _ = await asyncio.gather(urgent, batch, return_exceptions=True)
    assert isinstance(refused, OverloadedWork) is (priority is Priority.INTERACTIVE)
    assert batch.exception() is None


async def test_patience_can_be_told():
    entrance = Entrance(takes=1.0, patience=30.0)
    await asyncio.gather(*(entrance.works() for _ in range(20)))


async def test_who_cannot_end_in_time_is_not_let_wait():
    entrance = Entrance(takes=10.0)
    async with entrance.let_in(call_of(), photo()):
        with pytest.raises(OverloadedWork):
            await asyncio.wait_for(entrance.works(call_of(15)), 5)


@pytest.mark.parametrize(("limit", "want"), [("bytes", "bytes"), ("pixels", "pixels")])
async def test_what_memory_cannot_bear_is_refused_before_it_is_decoded(limit, want):
    entrance = Entrance(**{limit: 250, "calls": 4})
    async with entrance.let_in(call_of(), photo()):
        with pytest.raises(OverloadedBytes) as caught:
            async with entrance.let_in(call_of(), photo(20, 20)):
                pytest.fail("it was let in")
        assert caught.value.retry_after
    assert entrance.shows("refused_calls_total", want=want) == 1
    assert entrance.shows("held_pixels") == 0


async def test_a_photo_over_every_limit_is_worked_on_when_it_is_alone():
    entrance = Entrance(bytes=10, pixels=10)
    async with entrance.let_in(call_of(), photo(100, 100)):
        assert entrance.shows("held_pixels") == 10_000


@pytest.mark.parametrize(
    "message",
    [dye_pb2.ListShadesRequest(), photo(validate_only=True)],
    ids=["no photo", "looked at"],
)
async def test_what_decodes_nothing_needs_no_turn(message):
    entrance = Entrance()
    async with (
        entrance.let_in(call_of(), photo()),
        entrance.let_in(call_of(), message),
    ):
        assert entrance.shows("working_calls") == 1


async def test_a_photo_that_is_only_looked_at_takes_no_room_for_its_pixels():
    entrance = Entrance(pixels=250)
    async with (
        entrance.let_in(call_of(), photo()),
        entrance.let_in(call_of(), photo(20, 20, validate_only=True)),
    ):
        assert entrance.shows("held_pixels") == 100


async def test_who_leaves_while_waiting_gives_everything_back():
    entrance = Entrance()
    async with entrance.let_in(call_of(), photo()):
        waiting = asyncio.create_task(entrance.works())
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert entrance.shows("waiting_calls", priority="interactive") == 0
    assert entrance.shows("held_bytes") == entrance.shows("working_calls") == 0


async def test_a_call_that_only_sends_its_answer_still_lets_others_work():
    entrance = Entrance()
    call = call_of()
    async with entrance.let_in(call, photo()):
        call.rest()
        await asyncio.wait_for(entrance.works(), 5)
        assert entrance.shows("held_pixels") == 100


async def test_how_long_calls_take_is_learned_from_those_that_end_well():
    entrance = Entrance(takes=10.0)
    for _ in range(50):
        with pytest.raises(ZeroDivisionError):
            async with entrance.let_in(call_of(), photo()):
                raise ZeroDivisionError
    assert entrance.door._pace.of(METHOD, 100) == 10.0
    for _ in range(50):
        await entrance.works()
    assert entrance.door._pace.of(METHOD, 100) < 1.0
