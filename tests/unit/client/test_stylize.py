from __future__ import annotations

import asyncio
import io

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.v1 import stylize_pb2
from limner.v1.reasons import StyleUnknown
from limner_client import AsyncLimnerClient, Output, UnknownReason


async def test_stylize_puts_the_picture_together_again(limner, photo):
    result = await limner.stylize(photo, style="print", request_id="call-1")

    with Image.open(io.BytesIO(result.image.data)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.full((80, 60, 3), 90))
    assert (result.image.width, result.image.height) == (result.width, result.height) == (60, 80)
    assert (result.drawn_width, result.drawn_height, result.tiles) == (30, 40, 3)
    assert result.style == "print"
    (color,) = result.palette
    assert (color.color.hex, color.share) == ("#763a2e", 0.25)
    assert result.request_id == "call-1"
    assert result.timings.total_seconds == pytest.approx(0.07)


async def test_stylize_sends_what_it_was_told(limner, double, photo):
    await limner.stylize(
        photo,
        style="ink-and-wash",
        colors=16,
        strength=0.0,
        line_width=0.5,
        seed=7,
        tiling="plain_grid",
        tile_px=256,
        output=Output(format="png"),
    )
    await limner.stylize(photo, style="print")

    first, second = double.requests
    assert (first.style, first.colors, first.seed, first.tile_px) == ("ink-and-wash", 16, 7, 256)
    assert first.HasField("strength")
    assert first.strength == 0
    assert first.line_width == 0.5
    assert first.tiling == stylize_pb2.STYLIZE_TILING_PLAIN_GRID
    assert not second.HasField("strength")
    assert not second.HasField("line_width")
    assert (second.colors, second.seed, second.tile_px) == (0, 0, 0)


async def test_progress_is_heard_as_it_comes(limner, photo):
    heard = []
    await limner.stylize(photo, style="print", on_progress=heard.append)

    assert [(one.stage, one.fraction, one.remaining_seconds) for one in heard] == [
        ("decode", 0, None),
        ("draw", 0.5, 2.5),
    ]
    assert heard[0].preview is None
    assert heard[1].preview.format == "png"


async def test_who_cannot_hear_progress_gets_no_picture(limner, photo):
    def stumble(_progress):
        raise RuntimeError("the bar is gone")

    with pytest.raises(RuntimeError, match="the bar is gone"):
        await limner.stylize(photo, style="print", on_progress=stumble)


async def test_a_picture_that_is_not_all_there_is_no_result(limner, double, photo):
    double.lost_pieces = 1
    with pytest.raises(UnknownReason, match="all there") as caught:
        await limner.stylize(photo, style="print")
    assert caught.value.code is grpc.StatusCode.DATA_LOSS


async def test_a_style_that_is_none_raises_its_class(limner, double, photo):
    double.failures.append(StyleUnknown("no style is named 'manga'; there are print"))
    with pytest.raises(StyleUnknown, match="there are print"):
        await limner.stylize(photo, style="manga")


async def test_what_is_no_tiling_is_told_before_any_call(limner, double, photo):
    with pytest.raises(ValueError, match="none of overlapping, plain_grid"):
        await limner.stylize(photo, style="print", tiling="hexagons")
    assert not double.requests


async def test_cancelling_the_task_ends_the_call(double, photo):
    double.hangs = True
    async with AsyncLimnerClient(double.address, timeout=20) as limner:
        task = asyncio.create_task(limner.stylize(photo, style="print"))
        await asyncio.sleep(0.3)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_styles_are_listed_with_and_without_pictures(limner, double):
    first, second = await limner.list_styles()
    assert (first.name, first.title, first.colors) == ("illustration", "Flat colors", 24)
    assert first.preview.format == "png"
    assert second.preview is None

    await limner.list_styles(previews=False)
    assert [request.without_previews for request in double.requests] == [False, True]
