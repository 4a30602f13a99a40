from __future__ import annotations

import asyncio
import gc
import time
import weakref
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from limner.errors import from_rpc_error
from limner.v1 import segment_pb2, segment_pb2_grpc, stylize_pb2, stylize_pb2_grpc
from limner.v1.reasons import (
    DeadlinePassed,
    DeadlineTooShort,
    Draining,
    Internal,
    NoFace,
    OverloadedWork,
    ParameterOutOfRange,
)
from limner_client.channel import CHANNEL_OPTIONS
from limner_registry.routes import Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import Limits
from limner_server.call import Budget, Call
from limner_server.interceptor import DEADLINE_KEY, Calls
from limner_server.metrics import Metrics
from limner_server.routing.trials import Trials

METHOD = "/limner.v1.SegmentService/Segment"
LABELS = {
    "grpc_type": "unary",
    "grpc_service": "limner.v1.SegmentService",
    "grpc_method": "Segment",
}
USUAL = Budget(default=5, floor=0.001)
PHOTO = {"data": b"123456", "format": 4, "width_px": 2, "height_px": 1}


class Portrait(segment_pb2_grpc.SegmentServiceServicer):
    """Answers as each test wants."""

    def __init__(self, answer):
        self.answer = answer
        self.call = None

    async def Segment(self, request: Any, context: Any):
        self.call = Call.current()
        return await self.answer()


async def good():
    return segment_pb2.SegmentResponse(width_px=1)


async def no_run(*_args):
    pytest.fail("nothing here is shown to a canary")


@asynccontextmanager
async def served(answer, budget=USUAL):
    metrics = Metrics()
    door = Door(Limits(calls=4, bytes=10**9, pixels=10**9), metrics)
    calls = Calls({METHOD: budget}, Trials(lambda: Routes(4, {}), no_run, metrics), door, metrics)
    server = grpc.aio.server(interceptors=(calls,))
    servicer = Portrait(answer)
    segment_pb2_grpc.add_SegmentServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        stub = segment_pb2_grpc.SegmentServiceStub(channel)
        yield stub, servicer, calls, metrics, f"127.0.0.1:{port}"
    await server.stop(None)


async def failure_of(stub, **options):
    request = segment_pb2.SegmentRequest(options={"request_id": "abc"})
    with pytest.raises(grpc.RpcError) as caught:
        await stub.Segment(request, **options)
    return from_rpc_error(caught.value)


async def shown(metrics, name, value, **labels):
    for _ in range(5000):
        if metrics.registry.get_sample_value(name, labels) == value:
            return
        await asyncio.sleep(0.001)
    pytest.fail(f"{name} never was {value}")


async def test_a_call_carries_the_callers_id_and_the_table_in_force():
    async with served(good) as (stub, servicer, _, _, _):
        await stub.Segment(segment_pb2.SegmentRequest(options={"request_id": "my-id"}))
    assert servicer.call.request_id == "my-id"
    assert servicer.call.routes.generation == 4


async def test_a_call_without_an_id_gets_one():
    async with served(good) as (stub, servicer, _, _, _):
        await stub.Segment(segment_pb2.SegmentRequest())
    assert len(servicer.call.request_id) == 36


async def test_a_call_without_a_deadline_is_told_the_one_it_got():
    async with served(good) as (stub, _, _, _, _):
        call = stub.Segment(segment_pb2.SegmentRequest())
        await call
        assert dict(await call.trailing_metadata())[DEADLINE_KEY] == "5"


async def test_our_error_reaches_the_caller_with_its_reason_and_id():
    async def no_face():
        raise NoFace("nobody is here")

    async with served(no_face) as (stub, _, _, metrics, _):
        error = await failure_of(stub)
    assert isinstance(error, NoFace)
    assert (str(error), error.request_id) == ("nobody is here", "abc")
    assert metrics.registry.get_sample_value("limner_errors_total", {"reason": "NO_FACE"}) == 1


async def test_a_call_that_fails_keeps_nothing_it_worked_on():
    class Photo:
        pass

    kept = []

    async def no_face():
        photo = Photo()
        kept.append(weakref.ref(photo))
        try:
            raise NoFace("nobody is here")
        finally:
            assert photo

    gc.disable()
    try:
        async with served(no_face) as (stub, _, calls, _, _):
            await failure_of(stub)
            await calls.idle()
            assert [photo() for photo in kept] == [None]
    finally:
        gc.enable()


async def test_a_defect_does_not_show_its_text():
    async def defect():
        raise RuntimeError("/secret/path")

    async with served(defect) as (stub, _, _, _, _):
        error = await failure_of(stub)
    assert isinstance(error, Internal)
    assert "secret" not in str(error)


async def test_a_deadline_under_the_floor_is_refused_before_any_work():
    async with served(good, Budget(default=5, floor=4)) as (stub, servicer, _, _, _):
        error = await failure_of(stub, timeout=1)
    assert isinstance(error, DeadlineTooShort)
    assert servicer.call is None


async def test_work_beyond_the_default_deadline_is_ended():
    ended = asyncio.Event()

    async def endless():
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with served(endless, Budget(default=0.05, floor=0.001)) as (stub, _, _, _, _):
        error = await failure_of(stub)
    assert isinstance(error, DeadlinePassed)
    assert ended.is_set()


async def test_a_caller_who_leaves_ends_the_work():
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless():
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with served(endless) as (stub, servicer, calls, metrics, _):
        call = stub.Segment(segment_pb2.SegmentRequest())
        await began.wait()
        call.cancel()
        await ended.wait()
        await calls.idle()
        labels = LABELS | {"grpc_code": "CANCELLED"}
        assert metrics.registry.get_sample_value("grpc_server_handled_total", labels) == 1
    assert servicer.call.over


async def test_bytes_that_are_no_message_are_the_callers_mistake():
    async with (
        served(good) as (_, servicer, _, _, address),
        grpc.aio.insecure_channel(address) as channel,
    ):
        with pytest.raises(grpc.RpcError) as caught:
            await channel.unary_unary(METHOD)(b"\xff\xff\xff")
    assert isinstance(from_rpc_error(caught.value), ParameterOutOfRange)
    assert servicer.call is None


async def test_a_draining_server_turns_new_calls_away():
    async with served(good) as (stub, _, calls, _, _):
        calls.drain.begun.set()
        error = await failure_of(stub)
    assert isinstance(error, Draining)
    assert error.retry_after


async def test_calls_that_are_turned_away_keep_no_server_from_leaving():
    async with served(good) as (stub, _, calls, metrics, _):
        calls.drain.begun.set()
        with calls.drain.held_back():
            asking = stub.Segment(segment_pb2.SegmentRequest())
            await shown(metrics, "grpc_server_started_total", 1, **LABELS)
            async with asyncio.timeout(1):
                await calls.idle()
        with pytest.raises(grpc.RpcError) as caught:
            await asking
    assert isinstance(from_rpc_error(caught.value), Draining)


async def test_a_call_that_is_sent_again_gets_the_answer_of_the_first():
    began, go, runs = asyncio.Event(), asyncio.Event(), []

    async def once():
        runs.append(None)
        began.set()
        await go.wait()
        return segment_pb2.SegmentResponse(width_px=5)

    request = segment_pb2.SegmentRequest(image=PHOTO, options={"request_id": "mine"})
    async with served(once) as (stub, servicer, calls, metrics, _):
        first = stub.Segment(request)
        await began.wait()
        second = stub.Segment(request)
        await shown(metrics, "limner_calls_in_flight", 2)
        await shown(metrics, "limner_held_bytes", 2 * request.ByteSize())
        first.cancel()
        await shown(metrics, "limner_calls_in_flight", 1)
        assert not servicer.call.over
        go.set()
        assert (await second).width_px == 5
        await calls.idle()
    assert len(runs) == 1
    assert servicer.call.over


async def test_a_server_at_its_limit_says_when_to_come_again():
    go = asyncio.Event()

    async def slow():
        await go.wait()
        return segment_pb2.SegmentResponse()

    request = segment_pb2.SegmentRequest(image=PHOTO)
    async with served(slow) as (stub, _, calls, metrics, _):
        working = [stub.Segment(request) for _ in range(4)]
        await shown(metrics, "limner_working_calls", 4)
        with pytest.raises(grpc.RpcError) as caught:
            await stub.Segment(request, timeout=0.3)
        go.set()
        await asyncio.gather(*working)
        await calls.idle()
    error = from_rpc_error(caught.value)
    assert isinstance(error, OverloadedWork)
    assert error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert error.retryable
    assert error.retry_after > 0


async def test_a_client_that_retries_comes_again_when_it_was_told():
    times = []

    async def full_at_first():
        times.append(time.monotonic())
        if len(times) == 1:
            raise OverloadedWork("later", retry_after=0.3)
        return segment_pb2.SegmentResponse(width_px=5)

    async with (
        served(full_at_first) as (_, _, _, _, address),
        grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS) as channel,
    ):
        stub = segment_pb2_grpc.SegmentServiceStub(channel)
        reply = await stub.Segment(segment_pb2.SegmentRequest(image=PHOTO))
    assert reply.width_px == 5
    assert times[1] - times[0] >= 0.29


@pytest.mark.parametrize(
    ("told", "priority"), [(0, "INTERACTIVE"), (1, "INTERACTIVE"), (2, "BATCH")]
)
async def test_a_call_is_as_urgent_as_it_says(told, priority):
    async with served(good) as (stub, servicer, _, _, _):
        await stub.Segment(segment_pb2.SegmentRequest(options={"priority": told}))
    assert servicer.call.priority.name == priority


TELLING = "/limner.v1.StylizeService/Stylize"


class Studio(stylize_pb2_grpc.StylizeServiceServicer):
    """Yields what each test wants."""

    def __init__(self, answer):
        self.answer = answer
        self.call = None

    async def Stylize(self, request: Any, context: Any):
        self.call = Call.current()
        async for message in self.answer():
            yield message


async def told():
    for fraction in (0.0, 0.5):
        yield stylize_pb2.StylizeResponse(progress={"fraction": fraction})
    yield stylize_pb2.StylizeResponse(result={"tiles": 1})


@asynccontextmanager
async def telling(answer, budget=USUAL):
    metrics = Metrics()
    door = Door(Limits(calls=4, bytes=10**9, pixels=10**9), metrics)
    calls = Calls({TELLING: budget}, Trials(lambda: Routes(4, {}), no_run, metrics), door, metrics)
    server = grpc.aio.server(interceptors=(calls,))
    servicer = Studio(answer)
    stylize_pb2_grpc.add_StylizeServiceServicer_to_server(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield stylize_pb2_grpc.StylizeServiceStub(channel), servicer, calls, metrics
    await server.stop(None)


def handled(metrics, code):
    labels = {"grpc_type": "server_stream", "grpc_service": "limner.v1.StylizeService"}
    labels |= {"grpc_method": "Stylize", "grpc_code": code}
    return metrics.registry.get_sample_value("grpc_server_handled_total", labels)


async def test_a_call_that_tells_how_far_it_is_is_one_call_with_one_status():
    async with telling(told) as (stub, servicer, calls, metrics):
        request = stylize_pb2.StylizeRequest(options={"request_id": "my-id"})
        parts = [message.WhichOneof("part") async for message in stub.Stylize(request)]
        await calls.idle()
        assert parts == ["progress", "progress", "result"]
        assert handled(metrics, "OK") == 1
    assert servicer.call.request_id == "my-id"
    assert servicer.call.over


async def test_an_error_after_progress_reaches_the_caller_typed():
    async def failing():
        yield stylize_pb2.StylizeResponse(progress={"fraction": 0.1})
        raise NoFace("nobody is here")

    async with telling(failing) as (stub, _, calls, metrics):
        call = stub.Stylize(stylize_pb2.StylizeRequest())
        assert (await call.read()).WhichOneof("part") == "progress"
        with pytest.raises(grpc.RpcError) as caught:
            await call.read()
        await calls.idle()
        assert isinstance(from_rpc_error(caught.value), NoFace)
        assert handled(metrics, "FAILED_PRECONDITION") == 1


async def test_a_caller_who_leaves_while_being_told_ends_the_work():
    ended = asyncio.Event()

    async def endless():
        try:
            while True:
                yield stylize_pb2.StylizeResponse(progress={"fraction": 0.1})
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with telling(endless) as (stub, servicer, calls, metrics):
        call = stub.Stylize(stylize_pb2.StylizeRequest())
        await call.read()
        call.cancel()
        await ended.wait()
        await calls.idle()
        assert handled(metrics, "CANCELLED") == 1
    assert servicer.call.over


async def test_a_call_that_tells_is_held_to_its_deadline():
    async def endless():
        yield stylize_pb2.StylizeResponse(progress={"fraction": 0.1})
        await asyncio.Event().wait()

    async with telling(endless, Budget(default=0.1, floor=0.001)) as (stub, _, _, _):
        call = stub.Stylize(stylize_pb2.StylizeRequest())
        await call.read()
        with pytest.raises(grpc.RpcError) as caught:
            await call.read()
        assert isinstance(from_rpc_error(caught.value), DeadlinePassed)
