from __future__ import annotations

import asyncio
import time

import pytest

from limner.v1 import reasons
from limner_registry.routes import Caller, Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import Limits
from limner_server.admission.stay import Stay
from limner_server.call import Call
from limner_server.metrics import Metrics
from limner_server.stream import Stream

METHOD = "/limner.v1.DyeService/DyeStream"
OF_THE_FRAME = {"INVALID_ARGUMENT", "FAILED_PRECONDITION"}
OF_THE_MOMENT = {"RESOURCE_EXHAUSTED"}


def stream_with(seconds: float, frame_seconds: float = 5.0) -> tuple[Stream, list]:
    heard: list = []
    call = Call(METHOD, time.monotonic() + seconds, Routes(), "mine")

    def observe(_call, outcome, count):
        heard.append((outcome, count))

    stay = Stay(Door(Limits(calls=1, bytes=1, pixels=1), Metrics()))
    leaving = asyncio.Event()
    stream = Stream(call, frame_seconds, Routes, leaving, observe, lambda _: Caller(""), stay)
    return stream, heard


def every_error():
    return [getattr(reasons, name) for name in reasons.__all__]


@pytest.mark.parametrize("kind", [k for k in every_error() if k is not reasons.DeadlinePassed])
def test_a_stream_survives_what_one_frame_brought_about_and_nothing_else(kind):
    stream, _ = stream_with(10)
    error = kind("so it is")
    assert stream.survives(error) == (kind.code.name in OF_THE_FRAME | OF_THE_MOMENT)
    assert stream.outlasts(error) == (kind.code.name in OF_THE_MOMENT)


@pytest.mark.parametrize(("seconds", "survives"), [(10, True), (-1, False)])
def test_a_late_frame_ends_the_stream_only_with_its_time(seconds, survives):
    stream, _ = stream_with(seconds)
    assert stream.survives(reasons.DeadlinePassed("late")) is survives
    assert stream.outlasts(reasons.DeadlinePassed("late")) is survives


def test_a_frame_has_its_own_time_within_the_streams():
    for seconds, expected in ((10, 5), (2, 2)):
        with stream_with(seconds)[0].work() as call:
            assert call.remaining() == pytest.approx(expected, abs=0.5)
            assert call.request_id == "mine"
        assert call.over


def test_each_frame_is_counted_by_what_became_of_it():
    stream, heard = stream_with(10)
    with stream.frame():
        pass
    with stream.preparation():
        pass
    with pytest.raises(reasons.NoHair), stream.frame():
        raise reasons.NoHair("none")
    with pytest.raises(reasons.OverloadedWork), stream.preparation():
        raise reasons.OverloadedWork("not now")
    with pytest.raises(asyncio.CancelledError), stream.frame():
        raise asyncio.CancelledError
    stream.skipped(0)
    stream.skipped(3)
    expected = {"answered": 1, "no_hair": 1, "overloaded_work": 1, "cancelled": 1, "skipped": 3}
    assert stream.frames == expected
    assert dict(heard) == expected
