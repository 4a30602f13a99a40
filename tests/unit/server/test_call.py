from __future__ import annotations

import asyncio
import contextlib
import gc
import time
import weakref

import pytest

from limner.v1.reasons import DeadlinePassed, ModelNotReady, NoFace
from limner_registry.routes import Routes
from limner_server.call import Call, side_by_side

NOWHERE = Routes()


def call_with(seconds: float, routes: Routes = NOWHERE) -> Call:
    return Call("/limner.v1.SegmentService/Segment", time.monotonic() + seconds, routes)


def test_a_stage_is_recorded_even_when_it_fails():
    call = call_with(10)
    with pytest.raises(RuntimeError), call.stage("decode"):
        raise RuntimeError
    assert [name for name, _ in call.stages] == ["decode"]


def test_no_stage_begins_after_the_deadline():
    call = call_with(-0.001)
    with pytest.raises(DeadlinePassed), call.stage("decode"):
        pytest.fail("the stage began")
    assert call.is_over()


def test_a_call_is_over_once_nobody_waits():
    call = call_with(10)
    assert not call.is_over()
    call.over = True
    assert call.is_over()


def test_a_version_that_answers_twice_is_named_once_in_order_of_first_use():
    call = call_with(10, Routes(1, {"face_mesh": 1, "face_detector": 1}))
    for model in ("face_mesh", "face_detector", "face_mesh"):
        call.use_of(model)
    assert [use.model for use in call.served_by().models] == ["face_mesh", "face_detector"]


def test_a_model_without_a_version_is_not_ready_yet():
    with pytest.raises(ModelNotReady) as caught:
        call_with(10).use_of("face_mesh")
    assert caught.value.retry_after


async def test_side_by_side_raises_the_first_failure_and_cancels_the_other():
    cancelled = asyncio.Event()

    async def fails() -> None:
        raise NoFace("none")

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with pytest.raises(NoFace):
        await side_by_side(waits(), fails())
    assert cancelled.is_set()


async def test_side_by_side_keeps_nothing_once_it_is_cancelled():
    class Photo:
        pass

    begun = asyncio.Event()

    async def work_on(photo: Photo) -> None:
        assert photo
        begun.set()
        await asyncio.Event().wait()

    async def both(photo: Photo) -> None:
        await side_by_side(work_on(photo), work_on(photo))

    photo = Photo()
    kept = weakref.ref(photo)
    gc.disable()
    try:
        task = asyncio.create_task(both(photo))
        del photo
        await begun.wait()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):  # pytest.raises would keep the frames
            await task
        assert task.cancelled()
        del task
        await asyncio.sleep(0)  # the loop lets go of what it has just run
        assert kept() is None
    finally:
        gc.enable()
