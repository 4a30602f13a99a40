from __future__ import annotations

import asyncio
import io
import time

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, stylize_pb2
from limner.v1.reasons import (
    ImageUnreadable,
    ModelFailed,
    ModelNotReady,
    ParameterOutOfRange,
    StyleUnknown,
)
from limner_registry.contracts import STYLIZER
from limner_registry.routes import Routes
from limner_registry.styles import STYLES
from limner_server.call import Call
from limner_server.pipelines.stylize import Order, Tiling
from limner_server.services import stylize
from limner_server.services.stylize import StylizeService
from limner_server.services.telling import PIECE

RAW = {"format": image_pb2.IMAGE_FORMAT_RAW_RGB8}


class Network:
    """Draws every tile as it is, and a line nowhere."""

    def __init__(self, seconds=0.0, error=None):
        self.seconds, self.error = seconds, error
        self.asked = 0

    async def infer(self, contract, inputs, call):
        call.use_of(contract.model)
        self.asked += 1
        await asyncio.sleep(self.seconds)
        if self.error and self.asked > 1:
            raise self.error
        tile = inputs["tile"][0]
        line = np.zeros((*tile.shape[:2], 1), np.int16)
        return {"fields": np.dstack([tile.astype(np.int16) * 128, line])[None]}


def request_for(photo, **fields):
    height, width, _ = photo.shape
    image = {"data": photo.tobytes(), "width_px": width, "height_px": height, **RAW}
    return stylize_pb2.StylizeRequest(image=image, **{"style": "print", "output": RAW} | fields)


def photo_of(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def enter_call(ready=(STYLIZER.model,)):
    call = Call(
        "/limner.v1.StylizeService/Stylize",
        time.monotonic() + 30,
        Routes(1, dict.fromkeys(ready, 1)),
    )
    call.enter()
    return call


async def messages_of(network, request):
    enter_call()
    return [message async for message in StylizeService(network).Stylize(request, None)]


def refused(request) -> list[str]:
    with pytest.raises(ParameterOutOfRange) as caught:
        stylize._checked(request)
    return [violation.field for violation in caught.value.violations]


def test_all_that_is_wrong_with_an_order_is_told_at_once():
    request = stylize_pb2.StylizeRequest(
        colors=1, strength=1.5, line_width=0.2, tiling=9, tile_px=250, output={"quality": 101}
    )
    assert refused(request) == [
        *("image.data", "output.quality", "style", "colors", "strength", "line_width"),
        *("tiling", "tile_px"),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("colors", 65), ("colors", -1), ("tile_px", 258), ("line_width", float("nan"))],
)
def test_what_is_a_little_out_of_range_is_refused(field, value):
    assert refused(request_for(photo_of(2, 2), **{field: value})) == [field]


def test_an_order_is_what_was_asked_for():
    request = request_for(
        photo_of(2, 2), colors=16, strength=0.0, line_width=0.25, seed=7, tile_px=1024, tiling=2
    )
    style = next(style for style in STYLES if style.name == "print")
    assert stylize._checked(request) == Order(style, 16, 0.0, 0.25, 7, Tiling.PLAIN_GRID, 1024)
    assert stylize._checked(request_for(photo_of(2, 2))) == Order(style)


def test_a_style_that_is_none_is_told_those_there_are_when_all_else_is_well():
    assert refused(request_for(photo_of(2, 2), style="manga", colors=1)) == ["colors"]
    with pytest.raises(StyleUnknown) as caught:
        stylize._checked(request_for(photo_of(2, 2), style="manga"))
    for style in STYLES:
        assert style.name in str(caught.value)


async def test_progress_comes_at_once_and_then_as_long_as_work_runs():
    messages = await messages_of(Network(0.5), request_for(photo_of(300, 500)))

    kinds = [message.WhichOneof("part") for message in messages]
    progress = [
        message.progress for message in messages if message.WhichOneof("part") == "progress"
    ]
    assert kinds == ["progress"] * len(progress) + ["result"]
    assert len(progress) >= 4
    fractions = [one.fraction for one in progress]
    assert fractions == sorted(fractions)
    assert progress[0].stage == "decode"
    assert "draw" in {one.stage for one in progress}
    (preview,) = [one.preview for one in progress if one.HasField("preview")]
    with Image.open(io.BytesIO(preview.data)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (256, 154))


async def test_a_small_picture_comes_whole_and_a_large_one_in_pieces():
    (result,) = [m.result for m in await messages_of(Network(), request_for(photo_of(9, 9)))][-1:]
    assert len(result.image.data) == 9 * 9 * 3
    assert result.following_bytes == 0

    messages = await messages_of(Network(), request_for(photo_of(700, 900)))
    at = [message.WhichOneof("part") for message in messages].index("result")
    result, pieces = messages[at].result, [message.piece.data for message in messages[at + 1 :]]
    assert not result.image.data
    assert result.following_bytes == sum(map(len, pieces)) == 700 * 900 * 3
    assert all(0 < len(piece) <= PIECE for piece in pieces)
    assert all(message.ByteSize() < 4 * 1024 * 1024 for message in messages)


async def test_the_result_says_how_it_came_about():
    *_, message = await messages_of(Network(), request_for(photo_of(40, 60), colors=5))
    result = message.result
    assert (result.width_px, result.height_px) == (60, 40)
    assert (result.drawn_width_px, result.drawn_height_px, result.tiles) == (60, 40, 1)
    assert result.style == "print"
    assert [use.model for use in result.served_by.models] == ["stylizer"]
    stages = {stage.name for stage in result.timings.stages}
    assert {"decode", "reduce", "lay_on", "limit", "encode"} <= stages
    assert sum(color.share for color in result.palette) == pytest.approx(1)
    pixels = np.frombuffer(result.image.data, np.uint8).reshape(-1, 3)
    colors = [(c.srgb.red, c.srgb.green, c.srgb.blue) for c in result.palette]
    assert {tuple(pixel) for pixel in pixels} == set(colors)
    assert [c.lab.l for c in result.palette] == sorted(c.lab.l for c in result.palette)
    assert not result.warnings


async def test_few_colors_in_a_format_that_changes_them_are_warned_of():
    *_, message = await messages_of(Network(), request_for(photo_of(9, 9), colors=5, output={}))
    assert [warning.code for warning in message.result.warnings] == ["COLORS_NOT_EXACT"]


async def test_a_smaller_picture_still_has_no_more_colors_than_wanted():
    request = request_for(photo_of(90, 60), colors=4, output={**RAW, "longest_edge_px": 30})
    *_, message = await messages_of(Network(), request)
    image = message.result.image
    assert (image.width_px, image.height_px) == (20, 30)
    assert (message.result.width_px, message.result.height_px) == (60, 90)
    assert len(np.unique(np.frombuffer(image.data, np.uint8).reshape(-1, 3), axis=0)) == 4


async def test_validating_decodes_nothing():
    network = Network()
    request = request_for(photo_of(9, 9), options={"validate_only": True})
    (message,) = await messages_of(network, request)
    assert not message.result.image.data
    assert not network.asked
    bad = stylize_pb2.StylizeRequest(image={"data": b"no picture"}, style="print")
    with pytest.raises(ImageUnreadable):
        await messages_of(network, bad)


async def test_a_failure_of_the_work_ends_the_call():
    with pytest.raises(ModelFailed):
        await messages_of(Network(error=ModelFailed("it did")), request_for(photo_of(9, 9)))


async def test_closing_the_answer_cancels_the_work():
    network = Network(0.2)
    enter_call()
    answer = StylizeService(network).Stylize(request_for(photo_of(900, 1500), tile_px=256), None)
    async for message in answer:
        if message.progress.stage == "draw":
            break
    await answer.aclose()
    asked = network.asked
    await asyncio.sleep(0.3)
    assert network.asked == asked
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def listed(network, call, **fields):
    call.enter()
    request = stylize_pb2.ListStylesRequest(**fields)
    return await StylizeService(network).ListStyles(request, None)


async def test_styles_are_listed_each_with_a_picture():
    network = Network()
    reply = await listed(network, enter_call(), output={"format": image_pb2.IMAGE_FORMAT_PNG})
    assert [style.name for style in reply.styles] == [style.name for style in STYLES]
    for shown, style in zip(reply.styles, STYLES, strict=True):
        assert (shown.title, shown.colors) == (style.title, style.colors)
        with Image.open(io.BytesIO(shown.preview.data)) as picture:
            assert (picture.format, picture.size) == ("PNG", (256, 256))
    assert len({style.preview.data for style in reply.styles}) == len(STYLES)


async def test_a_sitter_is_drawn_once_for_each_version():
    network, service_call = Network(), enter_call()
    service = StylizeService(network)
    for _ in range(2):
        await service.ListStyles(stylize_pb2.ListStylesRequest(), None)
    once = network.asked
    service_call.uses.clear()
    service_call.routes = Routes(2, {STYLIZER.model: 2})
    await service.ListStyles(stylize_pb2.ListStylesRequest(), None)
    assert network.asked == 2 * once


async def test_styles_without_a_network_are_listed_without_pictures():
    reply = await listed(Network(), enter_call(ready=()))
    assert not any(style.HasField("preview") for style in reply.styles)
    assert [warning.code for warning in reply.warnings] == ["PREVIEWS_NOT_READY"]
    reply = await listed(Network(), enter_call(ready=()), without_previews=True)
    assert len(reply.styles) == len(STYLES)
    assert not reply.warnings


async def test_a_network_that_goes_while_the_sitter_is_drawn_leaves_the_pictures_out():
    reply = await listed(Network(error=ModelNotReady("gone")), enter_call())
    assert [warning.code for warning in reply.warnings] == ["PREVIEWS_NOT_READY"]
