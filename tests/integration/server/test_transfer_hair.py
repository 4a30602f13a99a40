from __future__ import annotations

import io
import time

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.errors import from_rpc_error
from limner.v1 import image_pb2, matte_pb2, reasons, transfer_hair_pb2
from limner_server.references.store import SHIPPED
from tests.integration.conftest import plane, saved

PNG = {"format": image_pb2.IMAGE_FORMAT_PNG}
AFRO = {"name": "afro-black"}
LOOKED_WITH = {"face_detector", "face_mesh", "face_mesh_attention", "hair_segmenter", "hair_matter"}


def asked(photo: bytes, **fields) -> transfer_hair_pb2.TransferHairRequest:
    usual = {"shape": AFRO, "output": PNG, "want_mask": True, "want_alpha": True}
    told = {name: value for name, value in (usual | fields).items() if value is not None}
    return transfer_hair_pb2.TransferHairRequest(person={"data": photo}, **told)


def answer(stubs, request, **options):
    """Return what was told on the way and the result, its picture put together."""
    told, result, pieces = [], None, []
    for message in stubs.transfer_hair.TransferHair(request, **options):
        match message.WhichOneof("part"):
            case "progress":
                assert result is None
                told.append(message)
            case "result":
                result = message.result
            case "piece":
                pieces.append(message.piece.data)
    result.image.data += b"".join(pieces)
    return told, result


def result_of(stubs, request):
    return answer(stubs, request)[1]


def failure_of(stubs, request):
    with pytest.raises(grpc.RpcError) as caught:
        list(stubs.transfer_hair.TransferHair(request))
    return from_rpc_error(caught.value)


def pixels(result) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(result.image.data)).convert("RGB"))


def stages(result) -> set[str]:
    return {stage.name for stage in result.timings.stages}


@pytest.fixture(scope="module")
def sitter() -> bytes:
    """Somebody whose hair is so short that other hair hides it."""
    return (SHIPPED / "crop-brown.jpg").read_bytes()


@pytest.fixture(scope="module")
def before(sitter) -> np.ndarray:
    """The sitter's photo, decoded."""
    return np.asarray(Image.open(io.BytesIO(sitter)).convert("RGB"))


@pytest.fixture(scope="module")
def worn(stubs, sitter, astronaut):
    """The sitter with the astronaut's hair."""
    return result_of(stubs, asked(sitter, shape={"image": {"data": astronaut}}))


def test_a_person_gets_the_hair_and_nothing_else_moves_by_a_bit(worn, before):
    picture, mask, alpha = pixels(worn), plane(worn.mask.data), plane(worn.hair_alpha.data)
    np.testing.assert_array_equal(picture[mask == 0], before[mask == 0])
    assert 0.03 < (alpha > 250).mean() < 0.4
    assert 0.05 < (mask > 0).mean() < 0.6
    assert {use.model for use in worn.served_by.models} >= LOOKED_WITH
    assert {"decode", "fit", "hole", "lay_on", "encode"} <= stages(worn)


def test_the_hair_is_the_astronaut_s(stubs, worn, astronaut, portrait):
    request = matte_pb2.MatteRequest(
        image={"data": astronaut}, subject=matte_pb2.MATTE_SUBJECT_HAIR
    )
    hers = np.asarray(portrait)[plane(stubs.matte.Matte(request).alpha.data) > 250]
    sure = plane(worn.hair_alpha.data) > 250
    assert np.abs(pixels(worn)[sure].mean(0) - hers.mean(0)).max() < 30
    assert len(worn.shape.sha256) == 64
    assert not worn.shape.name
    assert worn.shape == worn.look
    assert 0 <= worn.shape.pose_gap_deg < 30
    assert len(worn.shape.face.landmarks.x_px) == len(worn.face.landmarks.x_px) == 478


def test_eyes_nose_and_mouth_keep_every_bit(worn, before):
    points = np.array([worn.face.landmarks.x_px, worn.face.landmarks.y_px]).T.astype(int)
    after = pixels(worn)
    for place in (4, 61, 291, 152, 468, 473):
        x, y = points[place]
        box = slice(y - 4, y + 5), slice(x - 4, x + 5)
        np.testing.assert_array_equal(after[box], before[box])


def test_a_reference_is_looked_at_once_whoever_sends_it(stubs, sitter, portrait):
    own = {"image": {"data": saved(portrait.crop((40, 0, 460, 420)), "PNG")}}
    first, again = (result_of(stubs, asked(sitter, shape=own)) for _ in range(2))
    assert "take_off" in stages(first)
    assert "take_off" not in stages(again)
    assert again.image == first.image


def test_a_look_alone_keeps_the_shape(stubs, astronaut, portrait):
    result = result_of(stubs, asked(astronaut, shape=None, look={"name": "bob-pink"}))
    photo, after = np.asarray(portrait).astype(int), pixels(result)
    alpha = plane(result.hair_alpha.data)
    np.testing.assert_array_equal(after[alpha == 0], photo[alpha == 0])
    changed = np.abs(after - photo)[alpha > 200]
    assert changed.mean() > 20
    assert not result.HasField("shape")
    assert "fit" not in stages(result)


def test_a_look_of_its_own_colors_another_s_shape(stubs, sitter):
    black, blond = (
        result_of(stubs, asked(sitter, look=look)) for look in (None, {"name": "long-blond"})
    )
    assert blond.hair_alpha == black.hair_alpha
    sure = plane(black.hair_alpha.data) > 250
    assert pixels(blond)[sure].mean() > pixels(black)[sure].mean() + 20
    assert (blond.shape.name, blond.look.name) == ("afro-black", "long-blond")


def test_of_two_heads_the_selector_decides(stubs, before):
    pair = Image.fromarray(np.concatenate([before, before], axis=1))
    request = asked(saved(pair, "PNG"), person_selector={"index": 1})
    alpha = plane(result_of(stubs, request).hair_alpha.data)
    width = before.shape[1]
    assert (alpha[:, width:] > 250).sum() > 9000
    assert not (alpha[:, : width // 2] > 0).any()


def test_progress_comes_early_and_often_and_never_falls(stubs, before):
    large = saved(Image.fromarray(before).resize((1500, 1500)), "JPEG")
    started, times, fractions, previews = time.monotonic(), [], [], []
    for message in stubs.transfer_hair.TransferHair(asked(large, want_preview=True)):
        if message.WhichOneof("part") == "progress":
            times.append(time.monotonic() - started)
            fractions.append(message.progress.fraction)
            previews.append(message.progress.preview.data)
    assert times[0] < 0.5  # 0.05 on a quiet machine
    assert np.median(np.diff(times)) < 0.25
    assert fractions == sorted(fractions)
    (preview,) = filter(None, previews)
    assert max(Image.open(io.BytesIO(preview)).size) == 256


def test_a_search_tells_of_its_steps_and_keeps_the_face(stubs, sitter, before):
    optimize = {"mode": transfer_hair_pb2.TRANSFER_HAIR_MODE_OPTIMIZE, "iterations": 6}
    request = asked(sitter, **optimize, want_preview=True)
    told, result = answer(stubs, request, timeout=120)
    steps = [one.optimization.step for one in told if one.HasField("optimization")]
    assert steps == sorted(steps)
    assert 0 < steps[-1] <= 6  # told at moments, so the last may pass between two
    assert result.optimization.steps == 6
    picture, mask = pixels(result), plane(result.mask.data)
    np.testing.assert_array_equal(picture[mask == 0], before[mask == 0])
    assert np.abs(picture.astype(int) - before)[mask == 255].mean() > 5


def test_the_same_request_brings_the_same_bytes(stubs, sitter):
    first, again = (result_of(stubs, asked(sitter)) for _ in range(2))
    assert again.image == first.image


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (reasons.ReferenceUnknown, {"shape": {"name": "afro-blue"}}),
        (reasons.NoFace, {"shape": {"name": "afro-black", "selector": {"index": 2}}}),
        (reasons.ParameterOutOfRange, {"shape": None}),
    ],
)
def test_what_cannot_be_done_is_a_typed_error(stubs, astronaut, kind, fields):
    assert isinstance(failure_of(stubs, asked(astronaut, **fields)), kind)


def test_a_caller_who_leaves_is_not_worked_for(stubs, portrait):
    large = saved(portrait.resize((3000, 3000), Image.Resampling.BICUBIC), "JPEG")
    messages = stubs.transfer_hair.TransferHair(asked(large))
    next(messages)
    messages.cancel()
    started = time.monotonic()
    stubs.transfer_hair.ListReferences(
        transfer_hair_pb2.ListReferencesRequest(without_previews=True)
    )
    assert time.monotonic() - started < 2


def test_the_references_that_suit_are_used_as_they_are_recommended(stubs, astronaut):
    request = transfer_hair_pb2.RecommendReferencesRequest(image={"data": astronaut}, count=1)
    (best,) = stubs.transfer_hair.RecommendReferences(request).recommendations
    used = result_of(stubs, asked(astronaut, shape=None, look={"name": best.reference.name})).look
    assert used.pose_gap_deg == pytest.approx(best.pose_gap_deg, abs=2)
