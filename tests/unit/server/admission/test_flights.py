from __future__ import annotations

import asyncio
import time

import pytest

from limner.v1 import segment_pb2
from limner.v1.reasons import NoFace
from limner_registry.routes import Caller, Routes
from limner_server.admission.flights import Flights
from limner_server.call import Call

REQUEST = segment_pb2.SegmentRequest(image={"data": b"photo"}, options={"request_id": "mine"})
ANSWER = segment_pb2.SegmentResponse(width_px=7)


def call_of(request_id="mine", seconds=10.0, **caller) -> Call:
    call = Call(
        "/limner.v1.SegmentService/Segment", time.monotonic() + seconds, Routes(), request_id
    )
    call.asks = Caller(caller.pop("unit", request_id), **caller)
    return call


class Tower:
    """Flights, and work that ends when the test says so."""

    def __init__(self) -> None:
        self.outlived: list[tuple[Call, bool]] = []
        self.flights = Flights(lambda call, well: self.outlived.append((call, well)))
        self.runs = 0
        self.ended = asyncio.Event()
        self.cancelled = 0
        self.failure: Exception | None = None

    async def work(self):
        self.runs += 1
        try:
            await self.ended.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure:
            raise self.failure
        return ANSWER

    async def asks(self, call=None, request=REQUEST):
        task = asyncio.create_task(self.flights.answer(call or call_of(), request, self.work))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return task


@pytest.fixture
async def tower():
    return Tower()


async def test_the_same_request_is_worked_on_once_and_all_get_the_answer(tower):
    tasks = [await tower.asks() for _ in range(3)]
    tower.ended.set()
    assert await asyncio.gather(*tasks) == [ANSWER] * 3
    assert tower.runs == 1


async def test_a_failure_is_everybodys(tower):
    tasks = [await tower.asks() for _ in range(2)]
    tower.failure = NoFace("nobody")
    tower.ended.set()
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert ends == [tower.failure] * 2


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        (call_of("other"), REQUEST),
        (call_of(unit="somebody else"), REQUEST),
        (call_of(pins={"face_mesh": 2}), REQUEST),
        (call_of(), segment_pb2.SegmentRequest(image={"data": b"another photo"})),
    ],
    ids=["another id", "another caller", "another version", "another photo"],
)
async def test_nobody_gets_the_answer_to_something_else(tower, call, request_):
    tasks = [await tower.asks(), await tower.asks(call, request_)]
    assert tower.runs == 2
    tower.ended.set()
    await asyncio.gather(*tasks)


async def test_an_answer_that_is_out_is_not_given_again(tower):
    tower.ended.set()
    await (await tower.asks())
    await (await tower.asks())
    assert tower.runs == 2


@pytest.mark.parametrize("leaver", [0, 1])
async def test_work_goes_on_while_anybody_waits(tower, leaver):
    calls = [call_of(), call_of()]
    tasks = [await tower.asks(call) for call in calls]
    tasks[leaver].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[leaver]
    assert not tower.cancelled
    assert not calls[0].over
    assert tower.flights.carries(calls[0])
    tower.ended.set()
    assert await tasks[1 - leaver] == ANSWER
    assert calls[0].over
    assert tower.outlived == ([(calls[0], True)] if leaver == 0 else [])


async def test_work_ends_once_nobody_waits(tower):
    call = call_of()
    tasks = [await tower.asks(call), await tower.asks()]
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert tower.cancelled == 1
    assert call.over
    assert not tower.flights.carries(call)


async def test_work_has_until_the_latest_deadline_of_all(tower):
    first, second = call_of(seconds=1), call_of(seconds=60)
    tasks = [await tower.asks(first), await tower.asks(second)]
    assert first.remaining() > 50
    tower.ended.set()
    await asyncio.gather(*tasks)
