from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, stylize_pb2
from limner.v1.reasons import ModelFailed
from limner_server.pipelines.course import Course
from limner_server.services.telling import PIECE, tell
from tests.unit.server.services.test_stylize import enter_call


def course():
    course = Course()
    course.plan({"draw": 1.0})
    course.begin("draw")
    return course


async def told(work, course):
    return [
        message async for message in tell(work, course, enter_call(), stylize_pb2.StylizeResponse)
    ]


async def made(size, seconds=0.0):
    await asyncio.sleep(seconds)
    return stylize_pb2.StylizeResult(image=image_pb2.Image(data=b"x" * size))


@pytest.mark.parametrize(
    ("size", "pieces"), [(PIECE, []), (PIECE + 1, [PIECE, 1]), (3 * PIECE, [PIECE] * 3)]
)
async def test_a_result_comes_whole_or_in_pieces(size, pieces):
    messages = await told(made(size), course())
    kinds = [message.WhichOneof("part") for message in messages]
    assert kinds == ["progress", "result", *("piece" for _ in pieces)]
    assert messages[1].result.following_bytes == sum(pieces)
    assert [len(message.piece.data) for message in messages[2:]] == pieces


async def test_a_preview_is_sent_once_however_soon_the_work_is_done():
    way = course()

    async def work():
        way.preview = np.zeros((20, 30, 3), np.uint8)
        return await made(9)

    messages = await told(work(), way)
    (preview,) = [m.progress.preview.data for m in messages if m.progress.preview.data]
    assert Image.open(io.BytesIO(preview)).size == (30, 20)
    assert messages[-1].WhichOneof("part") == "result"


async def test_whoever_leaves_ends_the_work_and_a_failure_is_passed_on():
    ended = asyncio.Event()

    async def work():
        try:
            return await made(9, 60)
        finally:
            ended.set()

    messages = tell(work(), course(), enter_call(), stylize_pb2.StylizeResponse)
    await anext(messages)
    await asyncio.sleep(0)
    await messages.aclose()
    await asyncio.wait_for(ended.wait(), 5)

    async def fails():
        raise ModelFailed("it did")

    with pytest.raises(ModelFailed):
        await told(fails(), course())
