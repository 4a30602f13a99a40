from __future__ import annotations

import grpc
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.errors import Violation
from limner.v1 import dye_pb2, stream_pb2
from limner.v1.reasons import ImageUnreadable, NoFace, NoHair, ShadeUnknown
from limner_client import Color, Lab, LimnerClient, Output, UnknownReason
from limner_client.colors import rgb_of_hex


class Frames:
    """Frames that both clients can go through."""

    def __init__(self, *frames):
        self._frames = frames

    def __iter__(self):
        for frame in self._frames:
            if isinstance(frame, Exception):
                raise frame
            yield frame

    async def __aiter__(self):
        for frame in self:
            yield frame


async def test_dye_returns_the_picture_and_what_became_of_its_colors(limner, photo):
    result = await limner.dye(photo, shade="auburn", request_id="call-1")

    assert (result.image.width, result.image.height) == (60, 80)
    assert result.alpha is None
    assert result.found.color == Color(Lab(38, 9, 18), (113, 83, 61))
    assert (result.found.name, result.found.margin) == ("brown", 6.5)
    assert result.found.share == pytest.approx(0.2)
    assert result.wanted.hex == "#763a2e"
    assert (result.generator, result.pair) == ("pair", ("brown", "red"))
    assert (result.difference_before, result.difference_after) == (16.25, 4.5)
    assert result.request_id == "call-1"


async def test_dye_sends_what_it_was_told(limner, double, photo):
    await limner.dye(
        photo,
        color="#7A1F3d",
        strength=0.5,
        keep_highlights=False,
        blend="patent",
        face=1,
        alpha=np.full((80, 60), 200, np.uint8),
        return_alpha=True,
        output=Output(format="png"),
    )
    await limner.dye(photo, like=photo)

    first, second = double.requests
    assert (first.color.srgb.red, first.color.srgb.green, first.color.srgb.blue) == (122, 31, 61)
    assert first.strength == 0.5
    assert first.HasField("keep_highlights")
    assert not first.keep_highlights
    assert first.blend == dye_pb2.DYE_BLEND_PATENT
    assert first.selector.index == 1
    assert (first.alpha.width_px, first.alpha.height_px) == (60, 80)
    assert set(first.alpha.data) == {200}
    assert first.want_alpha
    assert second.color.reference.data == photo.read_bytes()
    assert second.HasField("strength")
    assert second.keep_highlights


@pytest.mark.parametrize(
    ("color", "kind"),
    [
        ("#abc", "srgb"),
        ((170, 187, 204), "srgb"),
        (Lab(50, 20, 10), "lab"),
        (Color(Lab(50, 20, 10), (170, 100, 104)), "lab"),
    ],
)
async def test_a_color_is_told_in_any_of_its_ways(limner, double, photo, color, kind):
    await limner.dye(photo, color=color)
    (request,) = double.requests
    assert request.color.WhichOneof("color") == kind
    if kind == "srgb":
        assert request.color.srgb.blue == 204
    else:
        assert request.color.lab.a == 20


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({}, "one of color, shade and like"),
        ({"color": "#abc", "shade": "auburn"}, "one of color, shade and like"),
        ({"color": "#abcd"}, "is no color"),
        ({"color": "crimson"}, "is no color"),
        ({"color": (1, 2)}, "color is"),
        ({"color": "#abc", "blend": "multiply"}, "none of delta, patent"),
    ],
)
async def test_what_is_no_color_is_told_before_any_call(limner, double, photo, told, message):
    with pytest.raises(ValueError, match=message):
        await limner.dye(photo, **told)
    assert not double.requests


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_a_hex_color_comes_back_as_it_was(rgb):
    assert rgb_of_hex(Color(Lab(0, 0, 0), rgb).hex) == rgb


async def test_a_dye_that_fails_raises_its_class(limner, double, photo):
    double.failures += [NoHair("hair covers 0.1 %"), ShadeUnknown("no shade 'aubrun'")]
    with pytest.raises(NoHair, match=r"0\.1 %"):
        await limner.dye(photo, shade="auburn")
    with pytest.raises(ShadeUnknown, match="aubrun"):
        await limner.dye(photo, shade="aubrun")


async def test_the_shades_come_with_their_previews_unless_unwanted(limner):
    auburn, green = await limner.list_shades()
    assert (auburn.name, auburn.family, auburn.color.hex) == ("auburn", "red", "#763a2e")
    assert auburn.preview.data.startswith(b"\x89PNG")
    assert green.family is None
    assert [shade.preview for shade in await limner.list_shades(previews=False)] == [None, None]


async def test_a_stream_answers_its_frames_by_number(limner, double, photo):
    frames = Frames(photo, photo.read_bytes(), photo)
    results = [result async for result in limner.dye_stream(frames, color="#abc", strength=0.25)]

    assert [(result.number, result.skipped) for result in results] == [(0, 0), (1, 1), (2, 0)]
    assert all(result.result.generator == "pair" for result in results)
    assert [frame.image.data for frame in double.frames] == [photo.read_bytes()] * 3
    (settings,) = double.requests
    assert settings.strength == 0.25
    assert not settings.HasField("image")


async def test_a_frame_that_fails_leaves_the_stream_going(limner, double, photo):
    violations = [stream_pb2.FrameViolation(field="image.data", description="required")]
    double.frame_failures = {
        0: stream_pb2.FrameFailure(reason="ERROR_REASON_NO_FACE", message="nobody"),
        1: stream_pb2.FrameFailure(
            reason="ERROR_REASON_IMAGE_UNREADABLE", message="cut", violations=violations
        ),
        2: stream_pb2.FrameFailure(reason=999, message="from the future"),
        3: stream_pb2.FrameFailure(
            reason="ERROR_REASON_OVERLOADED_WORK", message="later", retry_after_seconds=1.5
        ),
    }
    results = [one async for one in limner.dye_stream(Frames(*[photo] * 5), shade="auburn")]

    assert [type(one.error) for one in results[:3]] == [NoFace, ImageUnreadable, UnknownReason]
    assert [one.result for one in results[:3]] == [None] * 3
    assert str(results[0].error) == "nobody"
    assert results[1].error.violations == (Violation("image.data", "required"),)
    assert results[2].error.code is grpc.StatusCode.UNKNOWN
    assert [one.error.retry_after for one in results[:4]] == [None, None, None, 1.5]
    assert results[4].error is None


async def test_a_stream_that_the_server_ends_raises_its_class(limner, double, photo):
    for _ in range(30):  # grpc.aio loses the status in one of five, if nobody looks after it
        double.failures += [ShadeUnknown("no shade")]
        frames = Frames(*[photo] * 5)
        with pytest.raises(ShadeUnknown) as raised:
            [one async for one in limner.dye_stream(frames, shade="x", request_id="mine")]
        assert raised.value.request_id == "mine"


async def test_frames_that_cannot_be_read_end_the_stream_with_their_own_error(
    limner, double, photo, tmp_path
):
    frames = Frames(photo, tmp_path / "gone.jpg")
    with pytest.raises(FileNotFoundError):
        [one async for one in limner.dye_stream(frames, shade="auburn")]
    assert len(double.frames) == 1


def test_whoever_stops_listening_ends_the_stream(double, photo):
    ended = []
    with LimnerClient(double.address) as limner:

        def endless():
            try:
                while True:
                    yield photo
            finally:
                ended.append(True)

        for result in limner.dye_stream(endless(), shade="auburn"):
            assert result.number == 0
            break
    assert len(double.requests) == 1
