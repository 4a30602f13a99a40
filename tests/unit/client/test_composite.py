from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from limner.v1.reasons import NoFace, PoseTooFar
from limner_client import Output


async def test_composite_brings_the_picture_the_faces_and_how_far_apart_they_are(limner, photo):
    result = await limner.composite(photo, photo, return_mask=True, request_id="call-1")

    with Image.open(io.BytesIO(result.image.data)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.full((80, 60, 3), 90))
    assert (result.width, result.height) == (60, 80)
    assert (result.misfit, result.scale, result.visible) == (0.0625, 1.5, 0.75)
    assert result.engine == "network"
    assert result.original_face.box.left == 20
    assert len(result.converted_face.landmarks) == 478
    assert result.mask.width == 60
    assert result.request_id == "call-1"
    assert result.warnings[0].code == "SMALL"


async def test_composite_sends_what_it_was_told(limner, double, photo):
    await limner.composite(
        photo,
        b"the other",
        original_face=1,
        converted_face=(3.0, 4.0),
        engine="conventional",
        output=Output(format="png"),
    )
    await limner.composite(photo, b"the other")

    first, second = double.requests
    assert first.original.data == photo.read_bytes()
    assert first.converted.data == b"the other"
    assert first.original_selector.index == 1
    assert first.converted_selector.point.x_px == 3
    assert (first.engine, second.engine) == (2, 1)
    assert second.original_selector.largest
    assert not second.want_mask


async def test_an_engine_there_is_none_of_is_refused_before_anything_is_sent(limner, double, photo):
    with pytest.raises(ValueError, match="'magic' is none of network, conventional"):
        await limner.composite(photo, photo, engine="magic")
    assert not double.requests


@pytest.mark.parametrize("error", [NoFace("the original: none"), PoseTooFar("yaw differs by 40")])
async def test_what_is_wrong_with_the_photos_is_a_typed_error(limner, double, photo, error):
    double.failures.append(error)
    with pytest.raises(type(error), match=str(error)):
        await limner.composite(photo, photo)


def frames_of(limner, pictures):
    if not hasattr(type(limner), "_streamed"):

        async def given():
            for picture in pictures:
                yield picture

        return given()
    return pictures


async def test_a_frame_is_a_pair_or_a_converted_picture_for_the_usual_original(limner, double):
    pictures = [(b"below", b"above"), b"above alone"]
    results = [
        result
        async for result in limner.composite_stream(
            frames_of(limner, pictures), original=b"usual", return_mask=True
        )
    ]

    (settings,) = double.requests
    assert settings.original.data == b"usual"
    assert not settings.HasField("converted")
    first, second = double.frames
    assert (first.original.data, first.converted.data) == (b"below", b"above")
    assert not second.HasField("original")
    assert [result.number for result in results] == [0, 1]
    assert results[1].result.mask.height == 80
