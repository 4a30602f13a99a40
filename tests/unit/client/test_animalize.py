from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from limner.v1 import animalize_pb2
from limner.v1.reasons import AnimalUnknown, CoatUnknown, PoseTooFar, StickerUnknown
from limner_client import Output, Sticker
from limner_client.cli.options import ANCHORS
from tests.unit.client.test_composite import frames_of

HAT = np.full((4, 6, 4), 200, np.uint8)


def test_every_point_of_the_wire_has_its_name_here():
    names = animalize_pb2.AnimalAnchor.DESCRIPTOR.values[1:]
    assert [value.name.removeprefix("ANIMAL_ANCHOR_").lower() for value in names] == list(ANCHORS)


async def test_animalize_brings_the_picture_and_who_became_what(limner, photo):
    result = await limner.animalize(photo, animal="cat", return_mask=True, request_id="call-1")

    with Image.open(io.BytesIO(result.image.data)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.full((80, 60, 3), 90))
    assert (result.width, result.height, result.mask.width) == (60, 80, 60)
    (one,) = result.faces
    assert (one.index, one.animal, one.coat, one.visible) == (1, "cat", "ginger", 0.75)
    assert one.points == {"nose": (30.5, 31.25)}
    assert one.face.pose.yaw == 12.5
    assert result.request_id == "call-1"
    assert result.warnings[0].code == "SMALL"


async def test_animalize_sends_what_it_was_told(limner, double, photo):
    worn = [
        "crown",
        Sticker("hat", anchor="ear_l", scale=1.5, shift=(0.5, -0.25)),
        Sticker(picture=HAT),
    ]
    await limner.animalize(
        photo, animal="fox", coat="red", face="all", stickers=worn, output=Output(format="png")
    )
    await limner.animalize(photo, animal="fox")

    first, second = double.requests
    assert first.image.data == photo.read_bytes()
    assert (first.animal, first.coat, first.selector.all) == ("fox", "red", True)
    crown, hat, sent = first.stickers
    assert (crown.name, crown.anchor, crown.scale) == ("crown", 0, 1)
    assert (hat.name, hat.anchor, hat.scale) == ("hat", 5, 1.5)
    assert (hat.right, hat.down) == (0.5, -0.25)
    assert sent.WhichOneof("picture") == "image"
    assert (sent.image.width_px, sent.image.height_px) == (6, 4)
    assert (second.coat, second.selector.largest, len(second.stickers)) == ("", True, 0)
    assert not second.want_mask


@pytest.mark.parametrize(
    ("sticker", "said"),
    [
        (Sticker(), "a name or a picture"),
        (Sticker("hat", picture=HAT), "not both"),
        (Sticker("hat", anchor="tail"), "'tail' is none of forehead, nose"),
    ],
)
async def test_a_sticker_that_cannot_be_is_refused_before_anything_is_sent(
    limner, double, photo, sticker, said
):
    with pytest.raises(ValueError, match=said):
        await limner.animalize(photo, animal="fox", stickers=[sticker])
    assert not double.requests


@pytest.mark.parametrize("kind", [AnimalUnknown, CoatUnknown, StickerUnknown, PoseTooFar])
async def test_what_cannot_be_drawn_is_a_typed_error(limner, double, photo, kind):
    double.failures.append(kind("not so"))
    with pytest.raises(kind, match="not so"):
        await limner.animalize(photo, animal="newt")


async def test_the_list_has_coats_stickers_and_points(limner, double):
    listed = await limner.list_animals()
    assert listed.animals == {"cat": ("ginger", "black"), "fox": ()}
    (hat,) = listed.stickers
    assert (hat.name, hat.anchor, hat.preview.format) == ("hat", "forehead", "png")
    assert listed.anchors == ("forehead", "eyes")
    assert (await limner.list_animals(previews=False)).stickers[0].preview is None
    assert [request.without_previews for request in double.requests] == [False, True]


async def test_frames_become_animals_by_settings_that_go_first(limner, double):
    results = [
        result
        async for result in limner.animalize_stream(
            frames_of(limner, [b"one", b"two"]),
            animal="cat",
            stickers=["hat"],
            frames_per_second=25,
            return_mask=True,
        )
    ]

    (settings,) = double.requests
    assert not settings.HasField("image")
    assert (settings.animal, settings.stickers[0].name) == ("cat", "hat")
    assert settings.numbers_per_second == 25
    assert [frame.image.data for frame in double.frames] == [b"one", b"two"]
    assert [result.number for result in results] == [0, 1]
    assert results[1].result.mask.height == 80
