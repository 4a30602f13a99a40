from __future__ import annotations

import hashlib
import io

import grpc
import numpy as np
import pytest
from PIL import Image

from limner.v1 import transfer_hair_pb2
from limner.v1.reasons import ImageTooLarge, ReferenceUnknown
from limner_client import Output, Reference, UnknownReason
from limner_client.photos import MAX_BYTES

BOB = Reference("bob-3")


async def test_a_transfer_puts_the_picture_together_and_says_whose_hair_it_is(limner, photo):
    result = await limner.transfer_hair(photo, shape=BOB, look=photo, request_id="call-1")

    with Image.open(io.BytesIO(result.image.data)) as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.full((80, 60, 3), 90))
    assert (result.image.width, result.image.height) == (result.width, result.height) == (60, 80)
    shape, look = (result.references[part] for part in ("shape", "look"))
    assert (shape.name, shape.mirrored, shape.pose_gap) == ("bob-3", False, 12.5)
    assert (look.name, look.mirrored) == (None, True)
    assert look.sha256 == hashlib.sha256(photo.read_bytes()).hexdigest()
    assert result.face.pose.yaw == shape.face.pose.yaw == 12.5
    assert (result.mode, result.hair_alpha, result.mask) == ("fast", None, None)
    assert (result.steps, result.losses) == (0, {})
    assert result.request_id == "call-1"


async def test_an_optimization_says_what_it_came_to(limner, photo):
    result = await limner.transfer_hair(
        photo, look=BOB, mode="optimize", return_alpha=True, return_mask=True
    )
    assert (result.mode, result.steps, result.losses) == ("optimize", 180, {"identity": 0.25})
    assert (result.shape_iou, result.identity_similarity) == (0.9375, None)
    assert set(result.references) == {"look"}
    assert result.hair_alpha.format == result.mask.format == "png8"


async def test_a_transfer_sends_what_it_was_told(limner, double, photo):
    await limner.transfer_hair(
        photo,
        shape=Reference(photo=photo, face=1),
        look=BOB,
        mode="optimize",
        iterations=60,
        seed=7,
        face=(3, 4),
        keep_face=False,
        return_preview=True,
        output=Output(format="png"),
    )
    await limner.transfer_hair(photo, shape=photo.read_bytes())

    first, second = double.requests
    assert first.person.data == first.shape.image.data == photo.read_bytes()
    assert first.person_selector.point.x_px == 3
    assert first.shape.selector.index == 1
    assert (first.look.name, first.look.WhichOneof("photo")) == ("bob-3", "name")
    assert first.mode == transfer_hair_pb2.TRANSFER_HAIR_MODE_OPTIMIZE
    assert (first.iterations, first.seed, first.want_preview) == (60, 7, True)
    assert first.HasField("keep_face")
    assert not first.keep_face
    assert second.keep_face
    assert second.mode == transfer_hair_pb2.TRANSFER_HAIR_MODE_FAST
    assert second.shape.selector.largest
    assert not second.HasField("look")
    assert (second.iterations, second.want_preview) == (0, False)


async def test_steps_and_losses_are_heard_as_they_come(limner, photo):
    heard = []
    await limner.transfer_hair(
        photo, look=BOB, mode="optimize", return_preview=True, on_progress=heard.append
    )
    assert [(one.stage, one.fraction, one.step, one.steps) for one in heard] == [
        ("decode", 0, 0, 0),
        ("transfer", 0.5, 60, 180),
        ("transfer", 0.5, 120, 180),
    ]
    assert heard[0].losses == {}
    assert heard[2].losses == {"identity": 0.5}
    assert [one.preview and one.preview.format for one in heard] == [None, "png", "png"]


async def test_a_picture_that_is_not_all_there_is_no_result(limner, double, photo):
    double.lost_pieces = 1
    with pytest.raises(UnknownReason, match="all there") as caught:
        await limner.transfer_hair(photo, shape=BOB)
    assert caught.value.code is grpc.StatusCode.DATA_LOSS


async def test_a_reference_that_is_not_stored_raises_its_class(limner, double, photo):
    double.failures.append(ReferenceUnknown("no reference is named 'mop'; near are bob-3"))
    with pytest.raises(ReferenceUnknown, match="near are bob-3"):
        await limner.transfer_hair(photo, shape=Reference("mop"))


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "whose hair"),
        ({"shape": Reference()}, "a name or a photo"),
        ({"look": Reference("bob-3", photo=b"")}, "not both"),
        ({"shape": BOB, "mode": "slow"}, "none of fast, optimize"),
    ],
)
async def test_what_cannot_be_meant_is_told_before_any_call(limner, double, photo, told, said):
    with pytest.raises(ValueError, match=said):
        await limner.transfer_hair(photo, **told)
    assert not double.requests


async def test_photos_that_are_too_large_together_are_not_sent(limner, double):
    large = bytes(MAX_BYTES)
    with pytest.raises(ImageTooLarge, match="together"):
        await limner.transfer_hair(large, shape=large, look=large)
    with pytest.raises(ImageTooLarge, match="together"):
        await limner.dye(large, like=large, alpha=large)
    assert not double.requests


async def test_references_are_listed_from_every_page(limner, double):
    bob, waves = await limner.list_references(tags=["long"])
    assert (bob.name, bob.title, bob.source, bob.license) == (
        "bob-3",
        "A bob [v2]",
        "studio",
        "CC0-1.0",
    )
    assert (bob.tags, bob.length, bob.texture, bob.color) == ((), None, None, None)
    assert bob.preview.format == "png"
    assert (waves.tags, waves.source, waves.yaw) == (("long", "wavy"), "operator", -12.5)
    assert (waves.length, waves.texture, waves.color) == ("long", "wavy", "auburn")
    assert waves.products[0].url == "https://example.com/iron"
    assert (waves.license, waves.preview) == (None, None)

    assert [(list(one.tags), one.page_token) for one in double.requests] == [
        (["long"], ""),
        (["long"], "1"),
    ]
    await limner.list_references(previews=False)
    assert [one.without_previews for one in double.requests[2:]] == [True, True]


async def test_a_recommended_reference_is_one_to_transfer_from(limner, double, photo):
    best, other = await limner.recommend_references(photo, count=2, tags=["long"], face=0)

    assert (best.score, best.pose_gap, best.mirrored) == (0.75, 4.5, False)
    assert [why.code for why in best.reasons] == ["POSE_NEAR"]
    assert (other.reference.name, other.mirrored, other.reasons) == ("bob-3", True, ())
    (asked,) = double.requests
    assert (asked.count, list(asked.tags), asked.selector.index) == (2, ["long"], 0)

    result = await limner.transfer_hair(photo, shape=best.reference)
    assert result.references["shape"].name == "long-waves"
