from __future__ import annotations

import io
import time

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.errors import from_rpc_error
from limner.v1 import image_pb2, reasons, transfer_hair_pb2
from tests.integration.conftest import plane, saved

PNG = {"format": image_pb2.IMAGE_FORMAT_PNG}
FULL = {"name": "afro-black"}
"""Hides all of the astronaut's hair, so that no network has to take any away."""
LOOKED_AT = {"face_detector", "face_mesh", "face_mesh_attention", "hair_segmenter", "hair_matter"}


def asked(photo: bytes, **fields) -> transfer_hair_pb2.TransferHairRequest:
    usual = {"shape": FULL, "output": PNG, "want_mask": True, "want_alpha": True}
    told = {name: value for name, value in (usual | fields).items() if value is not None}
    return transfer_hair_pb2.TransferHairRequest(person={"data": photo}, **told)


def answer(stubs, request, **options):
    """Return what was told on the way and the result, its picture put together."""
    told, result, pieces = [], None, []
    for message in stubs.transfer_hair.TransferHair(request, **options):
        match message.WhichOneof("part"):
            case "progress":
                assert result is None
                told.append(message.progress)
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
def afro(stubs, astronaut):
    """The astronaut with an afro."""
    return result_of(stubs, asked(astronaut))


def test_a_person_gets_the_hair_and_nothing_else_moves_by_a_bit(afro, portrait):
    picture, mask, alpha = pixels(afro), plane(afro.mask.data), plane(afro.hair_alpha.data)
    np.testing.assert_array_equal(picture[mask == 0], np.asarray(portrait)[mask == 0])
    assert (mask[alpha > 9] > 0).mean() > 0.99
    sure = alpha > 250
    assert 0.05 < sure.mean() < 0.5
    assert picture[sure].mean() < np.asarray(portrait)[:160, 180:280].mean() - 20
    assert {use.model for use in afro.served_by.models} >= LOOKED_AT
    assert {"decode", "fit", "hole", "lay_on", "encode"} <= stages(afro)


def test_eyes_nose_and_mouth_keep_every_bit(afro, portrait):
    points = np.array([afro.face.landmarks.x_px, afro.face.landmarks.y_px]).T.astype(int)
    before, after = np.asarray(portrait), pixels(afro)
    for place in (4, 61, 291, 152, 468, 473):
        x, y = points[place]
        box = slice(y - 4, y + 5), slice(x - 4, x + 5)
        np.testing.assert_array_equal(after[box], before[box])


def test_the_reply_says_whose_hair_it_is(afro):
    assert afro.shape == afro.look
    assert afro.shape.name == FULL["name"]
    assert len(afro.shape.sha256) == 64
    assert 0 <= afro.shape.pose_gap_deg < 40
    assert len(afro.shape.face.landmarks.x_px) == len(afro.face.landmarks.x_px) == 478


def test_a_reference_is_looked_at_once_whoever_sends_it(stubs, astronaut, portrait):
    other = {"image": {"data": saved(portrait.crop((100, 0, 400, 300)), "PNG")}}
    first, again = (result_of(stubs, asked(astronaut, look=other)) for _ in range(2))
    assert "take_off" in stages(first)
    assert "take_off" not in stages(again)
    assert again.image == first.image


def test_a_look_alone_keeps_the_shape(stubs, astronaut, portrait):
    result = result_of(stubs, asked(astronaut, shape=None, look={"name": "long-blond"}))
    before, after = np.asarray(portrait).astype(int), pixels(result)
    alpha = plane(result.hair_alpha.data)
    np.testing.assert_array_equal(after[alpha == 0], before[alpha == 0])
    assert (after - before)[alpha > 200].mean() > 10
    assert not result.HasField("shape")
    assert "fit" not in stages(result)


def test_a_look_of_its_own_colors_another_s_shape(stubs, astronaut, afro):
    blond = result_of(stubs, asked(astronaut, look={"name": "long-blond"}))
    assert blond.hair_alpha == afro.hair_alpha
    sure = plane(afro.hair_alpha.data) > 250
    assert pixels(blond)[sure].mean() > pixels(afro)[sure].mean() + 20
    assert (blond.shape.name, blond.look.name) == ("afro-black", "long-blond")


def test_of_two_heads_the_selector_decides(stubs, portrait):
    pair = Image.new("RGB", (1024, 512))
    pair.paste(portrait, (0, 0))
    pair.paste(portrait, (512, 0))
    request = asked(saved(pair, "PNG"), person_selector={"index": 1})
    alpha = plane(result_of(stubs, request).hair_alpha.data)
    assert (alpha[:, 512:] > 250).sum() > 9000
    assert not (alpha[:, :400] > 0).any()


def test_progress_comes_early_and_often_and_never_falls(stubs, portrait):
    large = saved(portrait.resize((1500, 1500), Image.Resampling.BICUBIC), "JPEG")
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


def test_the_same_request_brings_the_same_bytes(stubs, astronaut, afro):
    assert result_of(stubs, asked(astronaut)).image == afro.image


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (reasons.ReferenceUnknown, {"shape": {"name": "afro-blue"}}),
        (reasons.NoFace, {"shape": {"name": "afro-black", "selector": {"index": 2}}}),
        (reasons.ModelNotReady, {"mode": transfer_hair_pb2.TRANSFER_HAIR_MODE_OPTIMIZE}),
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
