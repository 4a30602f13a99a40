from __future__ import annotations

import io
import queue

import numpy as np
import pytest
from PIL import Image

from limner.v1 import composite_pb2, image_pb2, reasons
from tests.integration.conftest import failure, plane, saved

PNG = {"format": image_pb2.IMAGE_FORMAT_PNG}
ENGINES = (1, 2)
GRAY = saved(Image.new("RGB", (300, 300), (120, 120, 120)), "PNG")


def relit(portrait: Image.Image) -> Image.Image:
    """Return a portrait warmer and darker, as a converter might leave it."""
    tinted = np.asarray(portrait).astype(np.float32) * (0.85, 0.7, 0.55) + (30, 15, 5)
    return Image.fromarray(np.clip(tinted, 0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def converted(portrait) -> bytes:
    return saved(relit(portrait), "PNG")


def asked(original: bytes, converted: bytes, **fields) -> composite_pb2.CompositeRequest:
    return composite_pb2.CompositeRequest(
        original={"data": original},
        converted={"data": converted},
        **{"output": PNG, "want_mask": True} | fields,
    )


def pixels(reply) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(reply.image.data)).convert("RGB"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_face_is_laid_in_and_nothing_else_moves_by_a_bit(
    stubs, astronaut, converted, portrait, engine
):
    reply = stubs.composite.Composite(asked(astronaut, converted, engine=engine))

    picture, mask = pixels(reply), plane(reply.mask.data)
    np.testing.assert_array_equal(picture[mask == 0], np.asarray(portrait)[mask == 0])
    assert (mask == 0).mean() > 0.5
    assert reply.misfit < 0.05
    assert reply.scale == pytest.approx(1, abs=0.05)
    assert reply.visible == 1
    assert reply.engine == engine
    assert len(reply.original_face.landmarks.x_px) == 478
    stages = {stage.name for stage in reply.timings.stages}
    assert {"decode", "align", "lay_on", "encode"} <= stages
    expected = {
        1: {"composer"},
        2: {"face_extractor", "color_corrector", "background_blender"},
    }[engine]
    assert {use.model for use in reply.served_by.models} >= expected


@pytest.mark.parametrize("engine", ENGINES)
def test_the_size_of_the_original_is_kept_whatever_the_converted_one_has(
    stubs, portrait, converted, engine
):
    large = saved(portrait.resize((1300, 1300), Image.Resampling.BICUBIC), "PNG")
    reply = stubs.composite.Composite(asked(large, converted, engine=engine))
    assert pixels(reply).shape == (1300, 1300, 3)
    assert reply.scale == pytest.approx(512 / 1300, abs=0.02)
    assert "FACE_ENLARGED" in {warning.code for warning in reply.warnings}


@pytest.mark.parametrize("which", ["original", "converted"])
def test_the_photo_without_a_face_is_named(stubs, astronaut, which):
    photos = {"original": astronaut, "converted": astronaut} | {which: GRAY}
    error = failure(stubs.composite.Composite, asked(**photos))
    assert isinstance(error, reasons.NoFace)
    assert f"the {which}" in str(error)
    assert [violation.field for violation in error.violations] == [which]


def test_a_face_far_smaller_is_too_far(stubs, portrait):
    tiny = Image.new("RGB", (900, 900), (90, 100, 110))
    tiny.paste(portrait.resize((150, 150), Image.Resampling.LANCZOS), (380, 380))
    huge = saved(portrait.resize((2000, 2000), Image.Resampling.BICUBIC), "JPEG")
    error = failure(stubs.composite.Composite, asked(huge, saved(tiny, "PNG")))
    assert isinstance(error, reasons.PoseTooFar)
    assert "times larger" in str(error)


def test_a_converted_face_that_its_photo_cuts_is_laid_in_as_far_as_it_goes(
    stubs, astronaut, portrait
):
    cut = relit(portrait).crop((200, 0, 512, 512))
    reply = stubs.composite.Composite(asked(astronaut, saved(cut, "PNG")))
    assert 0.5 < reply.visible < 0.9
    assert "FACE_CUT" in {warning.code for warning in reply.warnings}


def test_each_photo_has_its_own_selector(stubs, portrait, converted):
    two = Image.new("RGB", (1024, 512))
    two.paste(portrait, (0, 0))
    two.paste(portrait, (512, 0))
    request = asked(saved(two, "PNG"), converted, original_selector={"index": 1})
    picture = pixels(stubs.composite.Composite(request))
    np.testing.assert_array_equal(picture[:, :512], np.asarray(two)[:, :512])


def test_everything_wrong_is_told_at_once(stubs, astronaut):
    request = asked(astronaut, b"", engine=9, original_selector={"index": 64})
    error = failure(stubs.composite.Composite, request)
    assert {violation.field for violation in error.violations} == {
        *("converted.data", "engine", "original_selector.index"),
    }


def test_a_picture_that_is_none_is_said_to_be_the_converted_one(stubs, astronaut):
    error = failure(stubs.composite.Composite, asked(astronaut, b"no picture"))
    assert isinstance(error, reasons.ImageUnreadable)
    assert "the converted" in str(error)


def test_validating_runs_no_model(stubs, astronaut, converted):
    options = {"validate_only": True}
    reply = stubs.composite.Composite(asked(astronaut, converted, options=options))
    assert not reply.image.data
    assert not reply.served_by.models


def test_a_stream_s_frame_brings_both_pictures_or_leaves_one_to_its_settings(
    stubs, astronaut, converted
):
    settings = {"original": {"data": astronaut}, "output": PNG}
    frames = [
        {"number": 0, "converted": {"data": converted}},
        {"number": 1, "converted": {"data": GRAY}},
        {"number": 2, "converted": {"data": converted}, "original": {"data": converted}},
    ]
    waiting = queue.Queue()
    waiting.put(composite_pb2.CompositeStreamRequest(settings=settings))
    call = stubs.composite.CompositeStream(iter(waiting.get, None))
    replies = []
    for frame in frames:
        waiting.put(composite_pb2.CompositeStreamRequest(frame=frame))
        replies.append(next(call))
    waiting.put(None)

    first, second, third = replies
    assert first.response.image.data
    assert "the converted: no face" in second.failure.message
    assert [wrong.field for wrong in second.failure.violations] == ["converted"]
    assert third.response.misfit < 0.01
    whole = stubs.composite.Composite(asked(astronaut, converted))
    assert first.response.image.data == whole.image.data
