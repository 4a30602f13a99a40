from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from limner.v1 import image_pb2, matte_pb2
from limner.v1.reasons import FormatUnsupported, MaskSizeMismatch, ParameterOutOfRange
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.imaging import codec
from limner_server.pipelines.matte import Engine
from limner_server.services import matte
from limner_server.services.matte import MatteService
from tests.unit.server.pipelines.conftest import Networks

PERSON, HAIR = matte_pb2.MATTE_SUBJECT_PERSON, matte_pb2.MATTE_SUBJECT_HAIR
CLOSED_FORM, NETWORK = matte_pb2.MATTE_ENGINE_CLOSED_FORM, matte_pb2.MATTE_ENGINE_NETWORK
PLANE = {"data": b"x"}
RAW_PLANE = image_pb2.PLANE_FORMAT_RAW_U8


def call_with(stable: dict[str, int]) -> Call:
    return Call("/limner.v1.MatteService/Matte", time.monotonic() + 60, Routes(1, stable))


@pytest.mark.parametrize(
    ("told", "engine"),
    [
        ({}, Engine.NETWORK),
        ({"subject": HAIR}, Engine.NETWORK),
        ({"subject": PERSON}, Engine.CLOSED_FORM),
        ({"map": PLANE}, Engine.CLOSED_FORM),
        ({"trimap": PLANE, "subject": HAIR}, Engine.CLOSED_FORM),
        ({"trimap": PLANE, "engine": NETWORK}, Engine.NETWORK),
        ({"subject": HAIR, "engine": CLOSED_FORM}, Engine.CLOSED_FORM),
    ],
)
def test_the_engine_is_the_one_told_or_the_subjects_own(told, engine):
    assert matte._engine(matte_pb2.MatteRequest(**told), call_with({"hair_matter": 1})) is engine


def test_without_the_network_hair_is_solved_by_closed_form_and_said_so():
    call = call_with({})
    assert matte._engine(matte_pb2.MatteRequest(), call) is Engine.CLOSED_FORM
    assert [warning.code for warning in call.warnings] == ["MATTER_NOT_READY"]
    assert matte._engine(matte_pb2.MatteRequest(engine=NETWORK), call) is Engine.NETWORK


@pytest.mark.parametrize(
    ("told", "fields"),
    [
        ({"subject": PERSON, "engine": NETWORK}, ["engine"]),
        ({"band_px": 257}, ["band_px"]),
        ({"band_px": 5, "trimap": PLANE}, ["band_px"]),
        ({"subject": 9, "engine": 9}, ["subject", "engine"]),
        ({"selector": {"index": -1}}, ["selector.index"]),
    ],
)
def test_what_contradicts_itself_is_refused(told, fields):
    with pytest.raises(ParameterOutOfRange) as caught:
        matte._check(matte_pb2.MatteRequest(image=PLANE, **told))
    assert [violation.field for violation in caught.value.violations] == fields


def test_the_network_may_solve_a_persons_trimap_that_was_sent():
    told = {"subject": PERSON, "engine": NETWORK, "trimap": PLANE}
    matte._check(matte_pb2.MatteRequest(image=PLANE, **told))


def test_a_streams_settings_hold_no_picture_of_any_kind():
    for field in ("image", "map", "trimap"):
        with pytest.raises(ParameterOutOfRange) as caught:
            matte._check_settings(matte_pb2.MatteRequest(**{field: PLANE}))
        assert [one.field for one in caught.value.violations] == [f"settings.{field}"]


def request_with(trimap) -> matte_pb2.MatteRequest:
    height, width = trimap.shape
    raw = {"format": RAW_PLANE, "width_px": width, "height_px": height}
    return matte_pb2.MatteRequest(trimap={"data": trimap.tobytes(), **raw})


async def test_a_trimap_is_looked_through_beside_the_loop(monkeypatch):
    threads, checked = [], matte._checked

    def remembering(trimap):
        threads.append(threading.current_thread())
        return checked(trimap)

    monkeypatch.setattr(matte, "_checked", remembering)
    trimap = np.array([[0, 128, 255]] * 2, np.uint8)
    photo = np.zeros((2, 3, 3), np.uint8)

    taken = await MatteService(Networks())._trimap(request_with(trimap), photo, call_with({}))

    np.testing.assert_array_equal(taken, trimap)
    assert threads
    assert threading.main_thread() not in threads


async def test_a_trimap_s_other_values_are_told():
    trimap = np.array([[0, 128, 255], [254, 127, 1]], np.uint8)
    photo = np.zeros((2, 3, 3), np.uint8)
    with pytest.raises(ParameterOutOfRange, match="trimap: holds 1, 127, 254; only 0, 128"):
        await MatteService(Networks())._trimap(request_with(trimap), photo, call_with({}))


@pytest.mark.parametrize("prior", ["map", "trimap"])
async def test_validating_looks_at_the_head_of_what_is_sent_beside_the_photo(prior):
    service = MatteService(Networks())

    async def validated(**sent):
        call_with({}).enter()
        image = {"data": codec.encode(np.zeros((30, 40, 3), np.uint8), "png")}
        told = {"image": image, prior: sent, "options": {"validate_only": True}}
        return await service.Matte(matte_pb2.MatteRequest(**told), None)

    fits = codec.encode_plane(np.zeros((30, 40), np.uint8))
    assert not (await validated(data=fits)).HasField("alpha")
    with pytest.raises(MaskSizeMismatch, match=f"{prior} is 30 x 40 pixels"):
        await validated(data=codec.encode_plane(np.zeros((40, 30), np.uint8)))
    with pytest.raises(FormatUnsupported):
        await validated(data=codec.encode(np.zeros((30, 40, 3), np.uint8), "jpeg"))
