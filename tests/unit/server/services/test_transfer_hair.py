from __future__ import annotations

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, transfer_hair_pb2
from limner.v1.reasons import (
    ImageUnreadable,
    ModelNotReady,
    NoFace,
    NoHair,
    ParameterOutOfRange,
    ReferenceUnknown,
)
from limner_server.imaging import codec
from limner_server.references.known import Known
from limner_server.references.store import ReferenceStore
from limner_server.services.references import References
from limner_server.services.transfer_hair import TransferHairService
from tests.unit.server.pipelines.conftest import WALL, call_with, draw
from tests.unit.server.pipelines.haired import Haired
from tests.unit.server.references.people import someone
from tests.unit.server.references.photos import text_of

FAST, OPTIMIZE = (
    transfer_hair_pb2.TRANSFER_HAIR_MODE_FAST,
    transfer_hair_pb2.TRANSFER_HAIR_MODE_OPTIMIZE,
)
RED = (150, 40, 30)
PERSON, _ = draw((200, 160, 40))
SHAPE, _ = draw((200, 190, 60), hair=RED)
BARE = np.full((90, 90, 3), WALL, np.uint8)


def sent(photo):
    return {"data": codec.encode(photo, "png")}


def asked(**fields):
    usual = {"person": sent(PERSON), "shape": {"image": sent(SHAPE)}, "output": {"format": 2}}
    told = {name: value for name, value in (usual | fields).items() if value is not None}
    return transfer_hair_pb2.TransferHairRequest(**told)


def pixels(image):
    return np.asarray(Image.open(io.BytesIO(image.data)))


class Bench:
    """The service, with a store of one reference of the operator's."""

    def __init__(self, folder):
        self.networks = Haired()
        (folder / "red.png").write_bytes(codec.encode(SHAPE, "png"))
        (folder / "red.json").write_bytes(text_of())
        self.known = Known(folder / "features")
        references = References(ReferenceStore(folder), self.known, self.networks)
        self.service = TransferHairService(self.networks, references)

    async def messages(self, request, call=None):
        (call or call_with()).enter()
        return [message async for message in self.service.TransferHair(request, None)]

    async def result(self, request, call=None):
        return (await self.messages(request, call))[-1].result

    async def refused(self, kind, request, call=None):
        with pytest.raises(kind) as caught:
            await self.messages(request, call)
        return caught.value


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


async def test_a_person_gets_the_hair_and_the_reply_says_how(bench):
    request = asked(want_mask=True, want_alpha=True, options={"request_id": "me"})
    result = await bench.result(request)

    picture, mask, alpha = map(pixels, (result.image, result.mask, result.hair_alpha))
    np.testing.assert_array_equal(picture[mask == 0], PERSON[mask == 0])
    assert (alpha > 250).sum() > 1500
    assert np.abs(picture[alpha > 250].mean(0) - RED).max() < 25
    assert (result.width_px, result.height_px) == (400, 300)
    assert result.mode == FAST
    assert result.shape.sha256 == hashlib.sha256(request.shape.image.data).hexdigest()
    assert result.look == result.shape
    assert not result.shape.name
    assert len(result.shape.face.landmarks.x_px) == len(result.face.landmarks.x_px) == 478
    models = {use.model for use in result.served_by.models}
    assert {"face_detector", "face_mesh", "hair_segmenter", "hair_matter"} <= models
    stages = {stage.name for stage in result.timings.stages}
    assert {"decode", "digest", "take_off", "fit", "hole", "lay_on", "encode"} <= stages


async def test_progress_goes_before_with_a_preview_where_that_is_wanted(bench):
    *told, last = await bench.messages(asked(want_preview=True))
    fractions = [message.progress.fraction for message in told]
    assert fractions == sorted(fractions)
    assert told[0].progress.stage == "look"
    assert last.WhichOneof("part") == "result"
    (preview,) = [m.progress.preview for m in told if m.progress.HasField("preview")]
    assert (preview.width_px, preview.height_px) == (256, 192)
    without = await bench.messages(asked())
    assert not any(message.progress.HasField("preview") for message in without)


async def test_mask_and_alpha_come_only_where_they_are_wanted(bench):
    result = await bench.result(asked())
    assert not result.HasField("mask")
    assert not result.HasField("hair_alpha")


async def test_a_stored_reference_goes_by_its_name(bench):
    stored, own = [
        await bench.result(asked(shape=shape))
        for shape in ({"name": "red"}, {"image": sent(SHAPE)})
    ]
    assert stored.image == own.image
    assert (stored.shape.name, own.shape.name) == ("red", "")
    assert stored.shape.sha256 == own.shape.sha256
    error = await bench.refused(ReferenceUnknown, asked(shape={"name": "rad"}))
    assert "red" in str(error)


@pytest.mark.parametrize(("yaw", "file"), [(3, "red.png"), (24, "red.side.png")])
@pytest.mark.parametrize("role", ["shape", "look"])
async def test_of_a_stored_reference_s_views_the_one_turned_like_the_person_is_used(
    tmp_path, yaw, file, role
):
    (tmp_path / "red.side.png").write_bytes(codec.encode(np.ascontiguousarray(SHAPE[:-9]), "png"))
    bench = Bench(tmp_path)
    bench.known.add(
        {
            hashlib.sha256((tmp_path / name).read_bytes()).hexdigest(): someone(yaw=turned)
            for name, turned in (("red.png", 0.0), ("red.side.png", -30.0))
        }
    )
    bench.networks.yaw = yaw

    result = await bench.result(asked(**{"shape": None, role: {"name": "red"}}))

    used = getattr(result, role)
    assert used.name == "red"
    assert used.sha256 == hashlib.sha256((tmp_path / file).read_bytes()).hexdigest()


async def test_views_that_nobody_measured_yet_are_measured_first(tmp_path):
    (tmp_path / "red.side.png").write_bytes(codec.encode(np.ascontiguousarray(SHAPE[:-9]), "png"))
    bench = Bench(tmp_path)
    result = await bench.result(asked(shape={"name": "red"}))
    assert result.shape.sha256 == hashlib.sha256((tmp_path / "red.png").read_bytes()).hexdigest()
    for file in ("red.png", "red.side.png"):
        assert bench.known.get(hashlib.sha256((tmp_path / file).read_bytes()).hexdigest())


async def test_a_reference_is_looked_at_once_whatever_it_is_for(bench):
    photo = {"image": sent(SHAPE)}
    call = call_with()
    result = await bench.result(asked(shape=photo, look=photo), call)
    assert result.look.sha256 == result.shape.sha256
    assert [name for name, _ in call.stages].count("take_off") == 1
    again = call_with()
    await bench.result(asked(shape=photo), again)
    assert "take_off" not in dict(again.stages)


async def test_a_look_alone_leaves_the_shape_and_is_never_mirrored(bench):
    look = {"image": sent(SHAPE)}
    result = await bench.result(asked(shape=None, look=look, want_alpha=True))
    assert not result.HasField("shape")
    assert not result.look.mirrored
    changed = (pixels(result.image) != PERSON).any(-1)
    assert changed.sum() > 1500
    assert not (changed & (pixels(result.hair_alpha) == 0)).any()


async def test_all_that_is_wrong_with_a_request_is_told_at_once(bench):
    request = transfer_hair_pb2.TransferHairRequest(
        person_selector={"all": True},
        shape={"selector": {"index": 64}},
        look={"name": "x" * 65},
        mode=9,
        iterations=2001,
        output={"quality": 101},
        options={"request_id": "no spaces"},
    )
    error = await bench.refused(ParameterOutOfRange, request)
    assert [wrong.field for wrong in error.violations] == [
        *("person.data", "person_selector.all", "shape", "shape.selector.index", "look.name"),
        *("mode", "iterations", "output.quality", "options.request_id"),
    ]
    error = await bench.refused(ParameterOutOfRange, asked(shape=None))
    assert [wrong.field for wrong in error.violations] == ["shape"]


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        (NoFace, {"person": sent(BARE)}, "person"),
        (NoFace, {"shape": {"image": sent(BARE)}}, "shape.image"),
        (NoHair, {"look": {"image": sent(draw((200, 160, 40), hair=WALL)[0])}}, "look.image"),
        (NoFace, {"shape": {"name": "red", "selector": {"index": 3}}}, "shape.name"),
        (ImageUnreadable, {"look": {"image": {"data": b"no picture"}}}, "look.image"),
        (ImageUnreadable, {"person": {"data": sent(PERSON)["data"][:900]}}, "person"),
    ],
)
async def test_a_photo_that_will_not_do_is_named(bench, kind, fields, field):
    error = await bench.refused(kind, asked(**fields))
    assert str(error).startswith(f"the {field.split('.')[0]}: ")
    assert [wrong.field for wrong in error.violations] == [field]


async def test_validating_runs_no_model(bench):
    valid = {"options": {"validate_only": True}}
    (message,) = await bench.messages(asked(**valid))
    assert not message.result.image.data
    assert not bench.networks.asked
    await bench.refused(ImageUnreadable, asked(shape={"image": {"data": b"none"}}, **valid))
    await bench.refused(ReferenceUnknown, asked(look={"name": "none"}, **valid))


async def test_what_is_not_ready_is_told_before_anything_else(bench):
    for mode, model in ((FAST, "hair_segmenter"), (OPTIMIZE, "hair_optimizer")):
        call_with(without=model).enter()
        messages = bench.service.TransferHair(asked(mode=mode), None)
        with pytest.raises(ModelNotReady, match=model):
            await anext(messages)


async def test_a_search_tells_its_steps_and_what_they_measure(bench):
    *told, last = await bench.messages(asked(mode=OPTIMIZE, iterations=400, want_preview=True))
    steps = [m.optimization for m in told if m.HasField("optimization")]
    assert {step.steps for step in steps} == {400}
    done = [step.step for step in steps]
    assert done == sorted(done)
    assert done[-1] > 0
    names = {loss.name for loss in steps[-1].losses}
    assert {"identity", "structure", "shape-appearance", "total"} <= names
    assert "overlap" not in names
    assert sum(m.progress.HasField("preview") for m in told) > 1
    outcome = last.result.optimization
    assert outcome.steps == 400
    assert {loss.name for loss in outcome.losses} == names
    assert outcome.HasField("shape_iou")
    assert not outcome.HasField("identity_similarity")
    assert last.result.mode == OPTIMIZE
    *told, _ = await bench.messages(asked(mode=OPTIMIZE, iterations=40))
    assert not any(message.progress.HasField("preview") for message in told)


async def test_raw_photos_of_the_same_bytes_are_told_apart_by_their_size(bench):
    def raw(width, height):
        photo = {"data": np.resize(SHAPE, (height, width, 3)).tobytes()}
        told = {"format": image_pb2.IMAGE_FORMAT_RAW_RGB8, "width_px": width, "height_px": height}
        return {"image": photo | told}

    await bench.result(asked(shape=raw(400, 300)))
    await bench.refused((NoFace, NoHair), asked(shape=raw(300, 400)))


async def test_the_references_are_listed_and_recommended(bench):
    call_with().enter()
    request = transfer_hair_pb2.ListReferencesRequest(without_previews=True)
    listed = await bench.service.ListReferences(request, None)
    assert "red" in {one.name for one in listed.references}
    call_with().enter()
    request = transfer_hair_pb2.RecommendReferencesRequest(image=sent(PERSON), count=2)
    found = await bench.service.RecommendReferences(request, None)
    assert len(found.recommendations) == 2
