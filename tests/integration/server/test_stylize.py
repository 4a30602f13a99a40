from __future__ import annotations

import io
import time

import grpc
import numpy as np
import psutil
import pytest
from PIL import Image

from limner.errors import from_rpc_error
from limner.v1 import image_pb2, reasons, stylize_pb2
from tests.integration.conftest import saved

PNG = {"format": image_pb2.IMAGE_FORMAT_PNG}
RAW = image_pb2.IMAGE_FORMAT_RAW_RGB8
STYLES = ("illustration", "ink-and-wash", "print")


def asked(data: bytes, **fields) -> stylize_pb2.StylizeRequest:
    return stylize_pb2.StylizeRequest(
        image={"data": data}, **{"style": "illustration", "output": PNG} | fields
    )


def answer(stubs, request, **options) -> tuple[list[image_pb2.Progress], stylize_pb2.StylizeResult]:
    """Return what was told on the way and the result, its picture put together."""
    told, result, pieces = [], None, []
    for message in stubs.stylize.Stylize(request, **options):
        match message.WhichOneof("part"):
            case "progress":
                assert result is None
                told.append(message.progress)
            case "result":
                result = message.result
            case "piece":
                pieces.append(message.piece.data)
    assert result.following_bytes == sum(map(len, pieces))
    result.image.data += b"".join(pieces)
    return told, result


def drawn(stubs, request) -> np.ndarray:
    _, result = answer(stubs, request)
    return np.asarray(Image.open(io.BytesIO(result.image.data)).convert("RGB"))


def failure_of(stubs, request):
    with pytest.raises(grpc.RpcError) as caught:
        list(stubs.stylize.Stylize(request))
    return from_rpc_error(caught.value)


@pytest.fixture(scope="module")
def large(portrait) -> bytes:
    """The astronaut, so large that the network sees it in tiles."""
    return saved(portrait.resize((1500, 1300), Image.Resampling.BICUBIC), "JPEG", quality=95)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_draws_a_portrait(stubs, astronaut, portrait, style):
    told, result = answer(stubs, asked(astronaut, style=style))

    picture = np.asarray(Image.open(io.BytesIO(result.image.data)))
    assert picture.shape == (512, 512, 3)
    assert (picture != np.asarray(portrait)).mean() > 0.5
    assert (result.style, result.width_px, result.drawn_width_px) == (style, 512, 512)
    assert {use.model for use in result.served_by.models} == {"stylizer", "face_detector"}
    stages = {stage.name for stage in result.timings.stages}
    assert {"decode", "reduce", "face_detector", "stylizer", "lay_on", "encode"} <= stages
    assert sum(color.share for color in result.palette) == pytest.approx(1, abs=1e-4)
    assert told[0].stage == "decode"


def test_tiles_of_any_size_make_the_same_picture(stubs, large):
    pictures = [drawn(stubs, asked(large, tile_px=edge)).astype(int) for edge in (256, 1024)]
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_the_plain_grid_is_there_for_comparison(stubs, large):
    whole, grid = (drawn(stubs, asked(large, tiling=tiling)).astype(int) for tiling in (1, 2))
    assert (whole != grid).mean() > 0.01


def test_the_same_request_brings_the_same_bytes(stubs, astronaut):
    request = asked(astronaut, colors=12, seed=3)
    (_, first), (_, again) = answer(stubs, request), answer(stubs, request)
    assert first.image.data == again.image.data
    assert first.palette == again.palette


@pytest.mark.parametrize("colors", [2, 16, 64])
def test_a_limited_picture_has_exactly_so_many_colors(stubs, astronaut, colors):
    _, result = answer(stubs, asked(astronaut, colors=colors))
    picture = Image.open(io.BytesIO(result.image.data))
    counted = {color: count for count, color in picture.getcolors()}
    named = {(c.srgb.red, c.srgb.green, c.srgb.blue): c.share for c in result.palette}
    assert len(named) == colors
    assert counted.keys() == named.keys()
    for color, share in named.items():
        assert share == pytest.approx(counted[color] / 512**2, abs=1e-6)
    lightness = [color.lab.l for color in result.palette]
    assert lightness == sorted(lightness)


def test_strength_lies_between_photo_and_drawing(stubs, astronaut, portrait):
    none, half, whole = (
        drawn(stubs, asked(astronaut, strength=strength)).astype(int) for strength in (0, 0.5, 1)
    )
    np.testing.assert_array_equal(none, np.asarray(portrait))
    assert np.abs(half - (none + whole) / 2).max() <= 1


def test_progress_comes_early_and_often_and_never_falls(stubs, large):
    started = time.monotonic()
    times, fractions, previews = [], [], []
    for message in stubs.stylize.Stylize(asked(large, line_width=0.25, tile_px=256)):
        if message.WhichOneof("part") == "progress":
            times.append(time.monotonic() - started)
            fractions.append(message.progress.fraction)
            previews.append(message.progress.preview.data)
    assert times[0] < 0.5  # 0.05 on a quiet machine
    assert np.median(np.diff(times)) < 0.25
    assert fractions == sorted(fractions)
    (preview,) = filter(None, previews)
    assert max(Image.open(io.BytesIO(preview)).size) == 256


@pytest.mark.parametrize("size", [(1, 1), (10_000, 8), (8, 10_000), (17, 3)])
def test_odd_shapes_are_drawn(stubs, size):
    photo = Image.effect_noise(size, 90).convert("RGB")
    for tiling in (1, 2):
        picture = drawn(stubs, asked(saved(photo, "PNG"), tiling=tiling, colors=4))
        assert picture.shape == (size[1], size[0], 3)


@pytest.mark.parametrize("mode", ["L", "RGBA", "LA", "P", "1"])
def test_gray_and_alpha_and_palettes_are_drawn(stubs, portrait, mode):
    photo = portrait.resize((90, 70)).convert("L" if mode == "LA" else "RGB").convert(mode)
    assert drawn(stubs, asked(saved(photo, "PNG"))).shape == (70, 90, 3)


def test_a_smaller_picture_is_asked_for(stubs, large):
    _, result = answer(stubs, asked(large, colors=6, output={**PNG, "longest_edge_px": 300}))
    assert (result.image.width_px, result.image.height_px) == (300, 260)
    assert (result.width_px, result.height_px) == (1500, 1300)
    assert len(Image.open(io.BytesIO(result.image.data)).getcolors()) == 6


def test_a_picture_over_a_mebibyte_follows_in_pieces(stubs, large):
    request = asked(large, output={"format": RAW})
    sizes = [message.ByteSize() for message in stubs.stylize.Stylize(request)]
    assert max(sizes) < 1.1 * 1024 * 1024
    _, result = answer(stubs, request)
    assert len(result.image.data) == result.following_bytes == 1500 * 1300 * 3


def test_a_caller_who_leaves_frees_the_server(stubs, stack, large, astronaut):
    process = psutil.Process(stack.pid)
    call = stubs.stylize.Stylize(asked(large, line_width=0.25, tile_px=256))
    for message in call:
        if message.progress.stage == "draw":
            break
    call.cancel()
    time.sleep(1.0)
    before = process.cpu_times()
    time.sleep(1.0)
    after = process.cpu_times()
    assert (after.user + after.system) - (before.user + before.system) < 0.5
    assert answer(stubs, asked(astronaut))[1].tiles == 1


def test_everything_wrong_with_a_drawing_is_told_at_once(stubs, astronaut):
    request = asked(
        astronaut,
        colors=1,
        strength=float("nan"),
        line_width=5,
        tile_px=100,
        output={"quality": 101},
        options={"request_id": "no spaces"},
    )
    assert {violation.field for violation in failure_of(stubs, request).violations} == {
        *("colors", "strength", "line_width", "tile_px", "output.quality", "options.request_id"),
    }


def test_a_style_that_is_none_is_told_all_there_are(stubs, astronaut):
    error = failure_of(stubs, asked(astronaut, style="manga"))
    assert isinstance(error, reasons.StyleUnknown)
    assert all(style in str(error) for style in STYLES)


def test_a_picture_that_is_none_is_refused_before_anything_is_told(stubs):
    call = stubs.stylize.Stylize(asked(b"no picture"))
    with pytest.raises(grpc.RpcError) as caught:
        next(call)
    assert isinstance(from_rpc_error(caught.value), reasons.ImageUnreadable)


def test_validating_a_drawing_runs_no_model(stubs, astronaut):
    told, result = answer(stubs, asked(astronaut, options={"validate_only": True}))
    assert not told
    assert not result.image.data
    assert not result.served_by.models


def test_the_styles_are_shown_by_the_network_that_serves(stubs):
    reply = stubs.stylize.ListStyles(stylize_pb2.ListStylesRequest(output=PNG))
    assert [style.name for style in reply.styles] == list(STYLES)
    assert "stylizer" in {use.model for use in reply.served_by.models}
    pictures = [np.asarray(Image.open(io.BytesIO(s.preview.data))) for s in reply.styles]
    assert {picture.shape for picture in pictures} == {(256, 256, 3)}
    assert (pictures[0] != pictures[1]).mean() > 0.5
