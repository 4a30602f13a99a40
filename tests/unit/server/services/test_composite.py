from __future__ import annotations

import time

import numpy as np
import pytest

from limner.v1 import composite_pb2, image_pb2
from limner.v1.reasons import ImageUnreadable, NoFace, ParameterOutOfRange
from limner_registry.contracts import (
    BACKGROUND_BLENDER,
    COLOR_CORRECTOR,
    COMPOSER,
    FACE_EXTRACTOR,
)
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.services import composite
from limner_server.services.composite import CompositeService
from tests.unit.server.pipelines.conftest import USUAL, Networks, draw
from tests.unit.server.pipelines.test_composite import Composers

OURS = (COMPOSER, FACE_EXTRACTOR, COLOR_CORRECTOR, BACKGROUND_BLENDER)
IMAGE = {"data": b"x"}
RAW = image_pb2.IMAGE_FORMAT_RAW_RGB8


class Everyone:
    """Finds drawn faces, and composites them."""

    def __init__(self):
        self.looking, self.composing = Networks(), Composers()

    async def infer(self, contract, inputs, call):
        one = self.composing if contract in OURS else self.looking
        return await one.infer(contract, inputs, call)

    @property
    def detected(self):
        return self.looking.asked.count("face_detector")


def call_now():
    ready = dict.fromkeys(USUAL | {contract.model for contract in OURS}, 1)
    call = Call("/limner.v1.CompositeService/Composite", time.monotonic() + 60, Routes(1, ready))
    call.enter()
    return call


def image(photo):
    height, width, _ = photo.shape
    return {"data": photo.tobytes(), "format": RAW, "width_px": width, "height_px": height}


@pytest.fixture
def heads():
    photo, _ = draw((200, 150, 50))
    return photo


@pytest.fixture
def relit(heads):
    return heads + np.uint8(15)  # the detector here knows skin of about one color


def request_for(original, converted, **fields):
    return composite_pb2.CompositeRequest(
        original=image(original), converted=image(converted), output={"format": RAW}, **fields
    )


def refused(check, *given) -> list[str]:
    with pytest.raises(ParameterOutOfRange) as caught:
        check(*given)
    return [violation.field for violation in caught.value.violations]


def pixels(reply):
    shape = (reply.image.height_px, reply.image.width_px, 3)
    return np.frombuffer(reply.image.data, np.uint8).reshape(shape)


def test_all_that_is_wrong_is_told_at_once():
    request = composite_pb2.CompositeRequest(
        original_selector={"index": 64}, converted_selector={"index": -1}, engine=3
    )
    assert refused(composite._check, request) == [
        *("original.data", "converted.data"),
        *("original_selector.index", "converted_selector.index", "engine"),
    ]


def test_settings_may_hold_an_original_and_no_converted_picture():
    composite._check_settings(composite_pb2.CompositeRequest())
    composite._check_settings(composite_pb2.CompositeRequest(original=IMAGE))
    wrong = composite_pb2.CompositeRequest(original={}, converted=IMAGE)
    assert refused(composite._check_settings, wrong) == [
        *("settings.converted", "settings.original.data"),
    ]


def test_a_frame_needs_an_original_only_where_its_settings_have_none():
    frame = composite_pb2.CompositeFrame(converted=IMAGE)
    composite._check_frame(frame, composite_pb2.CompositeRequest(original=IMAGE))
    none = composite_pb2.CompositeRequest()
    assert refused(composite._check_frame, frame, none) == ["original.data"]
    empty = composite_pb2.CompositeFrame(original={})
    assert refused(composite._check_frame, empty, none) == ["converted.data", "original.data"]


@pytest.mark.parametrize("engine", [0, 1, 2])
async def test_a_reply_says_which_faces_which_engine_and_how_far_apart(heads, relit, engine):
    call_now()
    service = CompositeService(Everyone())

    reply = await service.Composite(request_for(heads, relit, engine=engine, want_mask=True), None)

    assert reply.engine == (engine or 1)
    assert (reply.width_px, reply.height_px) == (400, 300)
    assert len(reply.original_face.landmarks.x_px) == len(reply.converted_face.oval.x_px) + 442
    assert reply.misfit < 0.1
    assert reply.scale == pytest.approx(1, abs=0.1)
    assert 0 < reply.visible <= 1
    used = {use.model for use in reply.served_by.models}
    assert used == {contract.model for contract in (OURS[1:] if engine == 2 else OURS[:1])}
    assert {stage.name for stage in reply.timings.stages} >= {"decode", "align", "lay_on", "encode"}
    assert (pixels(reply) != heads).any()
    assert reply.mask.width_px == 400


async def test_the_mask_stays_away_unless_it_is_wanted(heads, relit):
    call_now()
    reply = await CompositeService(Everyone()).Composite(request_for(heads, relit), None)
    assert not reply.HasField("mask")


async def test_validating_looks_at_both_headers_and_runs_no_model(heads):
    call_now()
    everyone = Everyone()
    service = CompositeService(everyone)
    request = request_for(heads, heads, options={"validate_only": True})
    assert not (await service.Composite(request, None)).image.data
    request.converted.data, request.converted.format = b"no picture", 0
    with pytest.raises(ImageUnreadable, match="the converted"):
        await service.Composite(request, None)
    assert not everyone.looking.asked


@pytest.mark.parametrize("which", ["original", "converted"])
async def test_the_photo_without_a_face_is_named(heads, which):
    call_now()
    photos = {"original": heads, "converted": heads} | {which: np.full_like(heads, 120)}
    with pytest.raises(NoFace, match=f"the {which}: no face") as caught:
        await CompositeService(Everyone()).Composite(request_for(**photos), None)
    assert [violation.field for violation in caught.value.violations] == [which]


async def test_each_photo_has_a_selector_of_its_own(relit):
    two, _ = draw((100, 150, 40), (300, 150, 40))
    call_now()
    request = request_for(two, relit, original_selector={"index": 0})
    reply = await CompositeService(Everyone()).Composite(request, None)
    changed = np.nonzero((pixels(reply) != two).any((0, 2)))[0]
    assert changed.max() < 200


async def test_an_original_of_the_settings_is_looked_at_once(heads, relit):
    everyone = Everyone()
    service = CompositeService(everyone)
    settings = composite_pb2.CompositeRequest(original=image(heads), output={"format": RAW})
    answer = await service._prepare(settings, call_now())
    before = everyone.detected
    frame = composite_pb2.CompositeFrame(converted=image(relit))

    first, second = await answer(frame, call_now()), await answer(frame, call_now())

    assert everyone.detected == before + 2
    assert first.image.data == second.image.data
    assert (answer.kept, answer.beside) == (heads.nbytes, heads.nbytes // 3)


async def test_a_frame_s_own_original_holds_for_it_alone(heads, relit):
    service = CompositeService(Everyone())
    settings = composite_pb2.CompositeRequest(original=image(heads), output={"format": RAW})
    answer = await service._prepare(settings, call_now())
    other = heads.copy()
    other[:20] //= 2
    frame = composite_pb2.CompositeFrame(converted=image(relit), original=image(other))

    own = pixels(await answer(frame, call_now()))
    frame.ClearField("original")
    usual = pixels(await answer(frame, call_now()))

    np.testing.assert_array_equal(own[:20, :40], other[:20, :40])
    np.testing.assert_array_equal(usual[:20, :40], heads[:20, :40])
