from __future__ import annotations

import asyncio
from contextlib import nullcontext

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.errors import Violation, from_rpc_error
from limner.v1 import errors_pb2, segment_pb2, stream_pb2
from limner.v1.reasons import (
    DeadlinePassed,
    Draining,
    ImageUnreadable,
    Internal,
    ModelFailed,
    NoFace,
    OverloadedBytes,
    OverloadedWork,
    ParameterOutOfRange,
    PinRefused,
)
from limner_registry.routes import Routes
from limner_server.call import Budget
from limner_server.interceptor import DEADLINE_KEY
from limner_server.services.frames import to_failure
from limner_server.services.inbox import Inbox
from tests.unit.server.services.portraits import METHOD, served


@pytest.fixture
async def bench():
    async with served() as bench:
        bench.open()
        yield bench


async def test_a_frame_that_waits_gives_way_to_a_newer_one(bench):
    bench.servicer.gate.clear()
    await bench.settings()
    await bench.frame(0)
    await bench.servicer.begun.get()
    for number in (1, 2, 3, 7):
        await bench.frame(number)
    await bench.taken_in(6)
    await bench.stream.done_writing()
    bench.servicer.gate.set()

    replies = [await bench.reply(), await bench.reply(), await bench.reply()]

    assert [(reply.number, reply.skipped) for reply in replies[:2]] == [(0, 0), (7, 3)]
    assert replies[2] is grpc.aio.EOF
    assert await bench.stream.code() is grpc.StatusCode.OK
    assert len(bench.servicer.calls) == 2
    assert (bench.count("answered"), bench.count("skipped")) == (2, 3)


async def test_frames_that_come_slowly_are_all_answered(bench):
    await bench.settings()
    for number in range(4):
        await bench.frame(number)
        reply = await bench.reply()
        assert (reply.number, reply.skipped) == (number, 0)


async def test_what_is_wrong_with_one_frame_does_not_end_the_stream(bench):
    bench.servicer.failures = {b"none": NoFace("nobody"), b"cut": ImageUnreadable("cut off")}
    await bench.settings()

    for number, data in enumerate([b"none", b"cut", b"good"]):
        await bench.frame(number, data)
        reply = await bench.reply()
        if data == b"good":
            assert reply.response.width_px == 1
        else:
            expected = bench.servicer.failures[data]
            assert reply.failure.message == str(expected)
            name = errors_pb2.ErrorReason.Name(reply.failure.reason)
            assert name == f"ERROR_REASON_{expected.reason}"
    assert bench.count("no_face") == bench.count("image_unreadable") == bench.count("answered") == 1


async def test_a_frame_without_data_is_told_its_fields(bench):
    await bench.settings()
    frame = {"number": 3, "image": {"format": 4, "width_px": 0, "height_px": 9}}
    await bench.stream.write(segment_pb2.SegmentStreamRequest(frame=frame))
    failure = (await bench.reply()).failure
    assert failure.reason == errors_pb2.ERROR_REASON_PARAMETER_OUT_OF_RANGE
    assert [wrong.field for wrong in failure.violations] == ["image.data", "image.width_px"]


async def test_what_is_wrong_with_more_than_a_frame_ends_the_stream(bench):
    bench.servicer.failures = {b"0": ModelFailed("it broke")}
    await bench.settings(options={"request_id": "mine"})
    await bench.frame(0)
    error = await bench.failure()
    assert isinstance(error, ModelFailed)
    assert error.request_id == "mine"


async def test_a_defect_ends_the_stream_without_its_text(bench):
    bench.servicer.failures = {b"0": RuntimeError("/secret")}
    await bench.settings()
    await bench.frame(0)
    error = await bench.failure()
    assert isinstance(error, Internal)
    assert "secret" not in str(error)


async def test_settings_are_prepared_once_and_hold_for_the_frames_after_them(bench):
    for number, quality in enumerate((5, 5, 9)):
        if number != 1:
            await bench.settings(quality)
        await bench.frame(number)
        assert (await bench.reply()).response.width_px == quality
    assert bench.servicer.prepared == [5, 9]


@pytest.mark.parametrize("refusal", [OverloadedWork, OverloadedBytes, DeadlinePassed])
async def test_settings_refused_for_the_moment_fail_a_frame_and_are_prepared_again(bench, refusal):
    await bench.settings(5)
    await bench.frame(0)
    await bench.reply()
    bench.servicer.unprepared = [refusal("not now", retry_after=1.5)]
    await bench.settings(9)
    await bench.frame(1)
    failure = (await bench.reply()).failure
    assert errors_pb2.ErrorReason.Name(failure.reason) == f"ERROR_REASON_{refusal.reason}"
    assert failure.retry_after_seconds == 1.5
    await bench.frame(2)
    assert (await bench.reply()).response.width_px == 9
    assert bench.servicer.prepared == [5, 9, 9]
    assert bench.count(refusal.reason.lower()) == 1
    assert bench.count("answered") == 2


@pytest.mark.parametrize("wrong", [NoFace, ParameterOutOfRange, ModelFailed])
async def test_settings_that_cannot_be_prepared_at_all_end_the_stream(bench, wrong):
    bench.servicer.unprepared = [wrong("so it is")]
    await bench.settings()
    await bench.frame(0)
    assert isinstance(await bench.failure(), wrong)
    assert bench.count(wrong.reason.lower()) == 1


async def test_a_frame_refused_for_the_moment_is_told_when_to_come_again(bench):
    bench.servicer.failures = {b"0": OverloadedWork("not now", retry_after=0.25)}
    await bench.settings()
    await bench.frame(0)
    assert (await bench.reply()).failure.retry_after_seconds == 0.25


async def test_a_frame_before_any_settings_is_refused(bench):
    await bench.frame(0)
    error = await bench.failure()
    assert isinstance(error, ParameterOutOfRange)
    assert error.violations[0].field == "settings"


@pytest.mark.parametrize("numbers", [(3, 3), (3, 2), (-1,)])
async def test_a_number_that_does_not_rise_is_refused(bench, numbers):
    await bench.settings()
    for number in numbers:
        await bench.frame(number)
    error = await bench.failure()
    assert error.violations[0].field == "frame.number"


async def test_settings_that_are_wrong_are_told_before_any_frame(bench):
    await bench.settings(900, image={"data": b"x"}, options={"validate_only": True})
    error = await bench.failure()
    assert [violation.field for violation in error.violations] == [
        "settings.image",
        "settings.options.validate_only",
        "settings.output.quality",
    ]


async def test_a_message_with_nothing_in_it_is_refused(bench):
    await bench.stream.write(segment_pb2.SegmentStreamRequest())
    assert isinstance(await bench.failure(), ParameterOutOfRange)


async def test_a_caller_who_leaves_ends_the_work(bench):
    bench.servicer.gate.clear()
    await bench.settings()
    await bench.frame(0)
    await bench.servicer.begun.get()
    bench.stream.cancel()
    await asyncio.wait_for(bench.calls.idle(), 5)
    assert bench.servicer.calls[0].over
    assert bench.count("cancelled") == 1
    assert bench.count("answered") is None


async def test_a_server_that_drains_answers_the_frame_in_hand_and_ends_the_stream(bench):
    bench.servicer.gate.clear()
    await bench.settings()
    await bench.frame(0)
    await bench.servicer.begun.get()
    await bench.frame(1)
    await bench.taken_in(3)
    bench.calls.drain.begun.set()
    bench.servicer.gate.set()
    assert (await bench.reply()).number == 0
    error = await bench.failure()
    assert isinstance(error, Draining)
    assert error.retry_after
    await asyncio.wait_for(bench.calls.idle(), 5)


async def test_an_idle_stream_ends_when_the_server_drains(bench):
    await bench.settings()
    await bench.frame(0)
    await bench.reply()
    bench.calls.drain.begun.set()
    assert isinstance(await bench.failure(), Draining)


async def test_a_frame_that_takes_too_long_fails_alone():
    async with served(Budget(default=20, floor=0, frame=0.05)) as bench:
        bench.open()
        bench.servicer.gate.clear()
        await bench.settings()
        await bench.frame(0)
        await bench.servicer.begun.get()
        await asyncio.sleep(0.06)
        bench.servicer.gate.set()
        failure = (await bench.reply()).failure
        assert failure.reason == errors_pb2.ERROR_REASON_DEADLINE_PASSED
        await bench.frame(1)
        assert (await bench.reply()).HasField("response")


async def test_a_stream_ends_with_its_own_time_whatever_the_caller_gives():
    async with served(Budget(default=0.1, floor=0, frame=10)) as bench:
        bench.open(timeout=60)
        await bench.settings()
        assert isinstance(await bench.failure(), DeadlinePassed)


async def test_a_stream_without_a_deadline_is_told_the_one_it_got(bench):
    await bench.settings()
    await bench.stream.done_writing()
    assert await bench.reply() is grpc.aio.EOF
    assert dict(await bench.stream.trailing_metadata())[DEADLINE_KEY] == "20"


async def test_a_frame_is_planned_with_the_versions_of_its_own_time(bench):
    await bench.settings(options={"request_id": "mine"})
    for number, generation in enumerate((4, 5)):
        bench.routes[0] = Routes(generation, {})
        await bench.frame(number)
        await bench.reply()
    assert [call.routes.generation for call in bench.servicer.calls] == [4, 5]
    assert {call.request_id for call in bench.servicer.calls} == {"mine"}


async def test_a_frame_is_planned_for_the_caller_that_the_settings_name(bench):
    for number, options in enumerate(
        ({"request_id": "mine"}, {"routing_key": "someone"}, {"routing_key": "another"})
    ):
        await bench.settings(options=options)
        await bench.frame(number)
        await bench.reply()
    units = [call.caller.unit for call in bench.servicer.calls]
    assert units == ["mine", "someone", "another"]


async def test_a_routing_key_that_is_too_long_ends_the_stream(bench):
    await bench.settings(options={"routing_key": "k" * 129})
    error = await bench.failure()
    assert isinstance(error, ParameterOutOfRange)
    assert [violation.field for violation in error.violations] == ["settings.options.routing_key"]


async def test_versions_named_in_metadata_stay_named_when_settings_come(bench):
    pins = (("x-limner-pin", "hair_matter=7"), ("authorization", "Bearer open sesame"))
    bench.open(metadata=pins)
    await bench.settings(options={"routing_key": "someone"})
    await bench.frame(0)
    await bench.reply()
    assert bench.servicer.calls[0].caller.pins == {"hair_matter": 7}


async def test_versions_named_by_no_operator_are_refused_before_any_settings(bench):
    bench.open(metadata=(("x-limner-pin", "hair_matter=7"),))
    assert isinstance(await bench.failure(), PinRefused)


async def test_bytes_that_are_no_message_end_the_stream_as_the_callers_mistake():
    async with served() as bench, grpc.aio.insecure_channel(bench.address) as channel:
        stream = channel.stream_stream(METHOD)()
        await stream.write(b"\xff\xff\xff")
        with pytest.raises(grpc.RpcError) as caught:
            await stream.read()
    assert isinstance(from_rpc_error(caught.value), ParameterOutOfRange)


async def test_the_log_says_once_what_became_of_the_frames(bench, caplog):
    caplog.set_level("INFO", "limner_server.calls")
    bench.servicer.failures = {b"1": NoFace("nobody")}
    await bench.settings()
    for number in range(3):
        await bench.frame(number)
        await bench.reply()
    await bench.stream.done_writing()
    await bench.reply()
    await bench.calls.idle()
    (line,) = [record for record in caplog.records if record.message == "call"]
    assert line.frames == {"answered": 2, "no_face": 1}
    assert line.code == "OK"


@given(st.lists(st.sampled_from(["frame", "take"]), max_size=40))
def test_every_frame_is_taken_or_skipped_and_the_newest_is_taken(script):
    async def play():
        inbox, came, number = Inbox(lambda _: None, nullcontext), asyncio.Queue(), 0
        taken = []

        async def requests():
            while (request := await came.get()) is not None:
                yield request

        filling = asyncio.create_task(inbox.fill(requests()))
        filling.add_done_callback(lambda _: inbox.close())
        settings = segment_pb2.SegmentRequest()
        came.put_nowait(segment_pb2.SegmentStreamRequest(settings=settings))
        waiting = False
        for step in script:
            if step == "frame":
                frame = stream_pb2.Frame(number=number)
                came.put_nowait(segment_pb2.SegmentStreamRequest(frame=frame))
                number, waiting = number + 1, True
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            elif waiting:
                taken.append(await inbox.next())
                waiting = False
        came.put_nowait(None)
        while (item := await inbox.next()) is not None:
            taken.append(item)
        return taken, number

    taken, count = asyncio.run(play())
    assert len(taken) + sum(item.skipped for item in taken) == count
    assert [item.frame.number for item in taken] == sorted(item.frame.number for item in taken)
    if count:
        assert taken[-1].frame.number == count - 1


@given(st.text(max_size=2000), st.text(max_size=300))
def test_a_failure_is_never_longer_than_a_status(message, field):
    wrong = [Violation(field, message)] * 30
    failure = to_failure(ParameterOutOfRange(message, violations=wrong))
    assert len(failure.message.encode()) <= 512
    assert len(failure.violations) <= 8
    assert failure.ByteSize() <= 4096
