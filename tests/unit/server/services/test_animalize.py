from __future__ import annotations

import io
import time

import numpy as np
import pytest
from PIL import Image

from limner.v1 import animalize_pb2, image_pb2, stream_pb2
from limner.v1.reasons import (
    AnimalUnknown,
    CoatUnknown,
    FormatUnsupported,
    ImageTooManyPixels,
    ImageUnreadable,
    NoFace,
    ParameterOutOfRange,
    StickerUnknown,
)
from limner_registry.animals import ANCHORS, ANIMALS
from limner_registry.contracts import ANIMALIZER
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.services import animalize
from limner_server.services.animalize import AnimalizeService
from limner_server.stickers import WORN
from tests.unit.server.pipelines.conftest import USUAL, draw
from tests.unit.server.pipelines.test_animalize import Painters

RAW = image_pb2.IMAGE_FORMAT_RAW_RGB8
IMAGE = {"data": b"x"}
OFFERS = {"image": IMAGE, "animal": "fox"}


def call_now():
    ready = dict.fromkeys(USUAL | {ANIMALIZER.model}, 1)
    call = Call("/limner.v1.AnimalizeService/Animalize", time.monotonic() + 60, Routes(1, ready))
    call.enter()
    return call


def image(photo):
    height, width, _ = photo.shape
    return {"data": photo.tobytes(), "format": RAW, "width_px": width, "height_px": height}


def pixels(reply):
    shape = (reply.image.height_px, reply.image.width_px, 3)
    return np.frombuffer(reply.image.data, np.uint8).reshape(shape)


def png(width, height, mode="RGBA"):
    color = {"RGBA": (250, 10, 10, 255), "RGB": (250, 10, 10)}[mode]
    file = io.BytesIO()
    Image.new(mode, (width, height), color).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def heads():
    photo, _ = draw((100, 150, 45), (290, 150, 45))
    return photo


async def animalized(photo, networks=None, **fields):
    call_now()
    told = {"image": image(photo), "animal": "fox", "coat": "red", "output": {"format": RAW}}
    request = animalize_pb2.AnimalizeRequest(**{**told, **fields})
    return await AnimalizeService(networks or Painters()).Animalize(request, None)


async def refused(**fields):
    call_now()
    request = animalize_pb2.AnimalizeRequest(**fields)
    with pytest.raises(ParameterOutOfRange) as caught:
        await AnimalizeService(Painters()).Animalize(request, None)
    return [violation.field for violation in caught.value.violations]


def test_the_wire_and_the_network_name_the_same_points():
    assert set(animalize.ANCHORS.values()) == {*ANCHORS, "eyes", "mouth"}


async def test_all_that_is_wrong_is_told_at_once():
    assert await refused(
        selector={"index": 64},
        numbers_per_second=0.5,
        stickers=[
            {},
            {"name": "hat", "anchor": 99, "scale": 0, "right": 11, "down": float("nan")},
            {"image": {}},
            {"image": {"data": b"x", "format": "IMAGE_FORMAT_JPEG"}},
        ],
    ) == [
        *("image.data", "selector.index", "animal", "numbers_per_second", "stickers[0]"),
        *("stickers[1].anchor", "stickers[1].scale", "stickers[1].right", "stickers[1].down"),
        *("stickers[2].image.data", "stickers[3].image.format"),
    ]
    assert await refused(**OFFERS, stickers=[{"name": "hat"}] * 9) == ["stickers"]


@pytest.mark.parametrize(
    ("error", "fields", "said"),
    [
        (AnimalUnknown, {"animal": "newt"}, "no animal is named 'newt'; there are cat, dog, fox"),
        (CoatUnknown, {"coat": "plaid"}, "a fox has no coat named 'plaid'; there are red, dark"),
        (StickerUnknown, {"stickers": [{"name": "wig"}]}, "'wig'; there are hat, crown"),
    ],
)
async def test_a_name_there_is_none_of_is_answered_with_those_there_are(heads, error, fields, said):
    with pytest.raises(error, match=said):
        await animalized(heads, **fields)
    with pytest.raises(error, match=said):
        animalize._check_settings(animalize_pb2.AnimalizeRequest(**{"animal": "fox"} | fields))


def test_settings_hold_no_image():
    with pytest.raises(ParameterOutOfRange) as caught:
        animalize._check_settings(animalize_pb2.AnimalizeRequest(**OFFERS))
    assert [violation.field for violation in caught.value.violations] == ["settings.image"]


async def test_a_reply_says_who_became_what_and_where_its_points_lie(heads):
    reply = await animalized(heads, selector={"index": 1}, want_mask=True)

    (face,) = reply.faces
    assert (face.index, face.animal, face.coat, face.visible) == (1, "fox", "red", 1)
    assert len(face.face.landmarks.x_px) == 478
    places = {animalize.ANCHORS[point.anchor]: point.place for point in face.points}
    assert len(places) == len(ANCHORS) + 2
    assert places["eye_r"].x_px < places["eyes"].x_px < places["eye_l"].x_px
    assert places["eyes"].y_px < places["nose"].y_px < places["mouth"].y_px
    assert 230 < places["nose"].x_px < 350
    assert (reply.width_px, reply.height_px) == (400, 300)
    assert reply.mask.width_px == 400
    assert "animalizer" in {use.model for use in reply.served_by.models}
    assert {stage.name for stage in reply.timings.stages} >= {"decode", "align", "lay_on", "encode"}
    np.testing.assert_array_equal(pixels(reply)[:, :180], heads[:, :180])
    assert (pixels(reply) != heads).any()


async def test_all_takes_every_face_and_the_mask_stays_away_unless_wanted(heads):
    reply = await animalized(heads, selector={"all": True})
    assert [face.index for face in reply.faces] == [0, 1]
    assert not reply.HasField("mask")


async def test_a_packaged_sticker_is_worn_as_usual_or_as_told(heads):
    plain = pixels(await animalized(heads))

    async def rows(**told):
        reply = await animalized(heads, stickers=[{"name": "hat", **told}])
        changed = np.nonzero((pixels(reply) != plain).any((1, 2)))[0]
        return changed.mean(), len(changed)

    usual, height = await rows()
    lower, _ = await rows(anchor="ANIMAL_ANCHOR_CHIN")
    down, _ = await rows(down=0.5)
    _, half = await rows(scale=0.5)
    assert lower > usual + 5
    assert down > usual + 5
    assert half < 0.7 * height


@pytest.mark.parametrize("raw", [False, True])
async def test_a_sticker_that_was_sent_stands_on_the_forehead_or_is_held_by_its_middle(heads, raw):
    plain = await animalized(heads)
    places = {animalize.ANCHORS[point.anchor]: point.place for point in plain.faces[0].points}
    sent = {"data": png(40, 20)}
    if raw:
        block = np.full((20, 40, 4), (250, 10, 10, 255), np.uint8)
        sent = {**image(block), "format": image_pb2.IMAGE_FORMAT_RAW_RGBA8}

    async def middle(**told):
        reply = await animalized(heads, stickers=[{"image": sent, **told}])
        return np.argwhere((pixels(reply) == (250, 10, 10)).all(-1)).mean(0)

    stands, held = await middle(), await middle(anchor="ANIMAL_ANCHOR_NOSE")
    assert stands[0] < places["forehead"].y_px - 5
    assert held == pytest.approx((places["nose"].y_px, places["nose"].x_px), abs=1)


@pytest.mark.parametrize(
    ("error", "data"),
    [
        (FormatUnsupported, png(8, 8, "RGB")),
        (ImageTooManyPixels, png(2001, 2000)),
        (ImageUnreadable, b"no picture"),
    ],
)
async def test_a_sticker_that_is_none_is_named(heads, error, data):
    with pytest.raises(error, match="sticker 1: "):
        await animalized(heads, stickers=[{"name": "hat"}, {"image": {"data": data}}])


@pytest.mark.parametrize(
    ("error", "data"), [(ImageTooManyPixels, png(2001, 2000)), (ImageUnreadable, b"no picture")]
)
async def test_validating_names_a_sticker_that_is_none_as_well(heads, error, data):
    networks, options = Painters(), {"validate_only": True}
    stickers = [{"name": "hat"}, {"image": {"data": png(2000, 2000)}}, {"image": {"data": data}}]
    with pytest.raises(error, match="sticker 2: ") as caught:
        await animalized(heads, networks, options=options, stickers=stickers)
    assert [wrong.field for wrong in caught.value.violations] == ["stickers[2].image"]
    assert not networks.asked


async def test_validating_looks_at_every_header_and_runs_no_model(heads):
    networks, options = Painters(), {"validate_only": True}
    sticker = {"image": {"data": png(8, 8)}}
    reply = await animalized(heads, networks, options=options, stickers=[sticker])
    assert not reply.image.data
    with pytest.raises(ImageUnreadable):
        await animalized(
            heads, networks, options=options, stickers=[{"image": {"data": b"no picture"}}]
        )
    assert not networks.asked


async def test_a_stream_s_stickers_are_decoded_once_and_its_heads_are_followed(heads):
    networks = Painters()
    service = AnimalizeService(networks)
    settings = animalize_pb2.AnimalizeRequest(
        animal="dog",
        selector={"all": True},
        stickers=[{"image": {"data": png(8, 8)}}, {"name": "bow"}],
        output={"format": RAW},
    )
    answer = await service._prepare(settings, call_now())
    assert answer.kept == 8 * 8 * 4 * np.dtype(np.float32).itemsize
    replies = []
    for number in (7, 9):
        call = call_now()
        replies.append(await answer(stream_pb2.Frame(number=number, image=image(heads)), call))
        stages = [name for name, _ in call.stages]
        assert stages.count("decode") == 1
    looks = networks.asked.count("hair_segmenter")
    await answer(stream_pb2.Frame(number=11, image=image(heads)), call_now())

    assert networks.asked.count("hair_segmenter") == looks > 0
    first, second = replies
    assert [face.coat for face in first.faces] == [face.coat for face in second.faces]
    with pytest.raises(ParameterOutOfRange):
        await answer(stream_pb2.Frame(number=12), call_now())
    with pytest.raises(NoFace):
        await answer(stream_pb2.Frame(number=13, image=image(np.full_like(heads, 90))), call_now())


async def test_frames_numbers_are_the_stream_s_clock(heads):
    """A head that has moved is followed the farther, the more time has passed."""
    moved = np.roll(heads, 8, 1)

    async def followed(**settings):
        service = AnimalizeService(Painters())
        told = animalize_pb2.AnimalizeRequest(
            animal="fox", coat="red", selector={"index": 0}, output={"format": RAW}, **settings
        )
        answer = await service._prepare(told, call_now())
        await answer(stream_pb2.Frame(number=0, image=image(heads)), call_now())
        reply = await answer(stream_pb2.Frame(number=3, image=image(moved)), call_now())
        return reply.faces[0].points[0].place.x_px

    slow, usual, quick = [await followed(numbers_per_second=speed) for speed in (10, 0, 1000)]
    assert quick < usual < slow


async def test_the_list_has_every_animal_sticker_and_point():
    call_now()
    service = AnimalizeService(Painters())
    listed = await service.ListAnimals(animalize_pb2.ListAnimalsRequest(), None)
    assert {one.name: tuple(one.coats) for one in listed.animals} == {
        name: animal.coats for name, animal in ANIMALS.items()
    }
    assert [sticker.name for sticker in listed.stickers] == list(WORN)
    for sticker in listed.stickers:
        with Image.open(io.BytesIO(sticker.preview.data)) as picture:
            assert picture.mode == "RGBA"
            assert picture.size == (sticker.preview.width_px, sticker.preview.height_px)
    assert len(listed.anchors) == len(ANCHORS) + 2

    bare = await service.ListAnimals(animalize_pb2.ListAnimalsRequest(without_previews=True), None)
    assert not bare.stickers[0].HasField("preview")
    call_now()
    only = animalize_pb2.ListAnimalsRequest(options={"validate_only": True})
    assert not (await service.ListAnimals(only, None)).animals
