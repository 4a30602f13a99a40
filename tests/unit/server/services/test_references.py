from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from limner.v1 import image_pb2, transfer_hair_pb2
from limner.v1.reasons import ImageUnreadable, NoFace, ParameterOutOfRange, ReferenceUnknown
from limner_server.imaging import codec
from limner_server.imaging.shades import SHADES
from limner_server.pipelines import acquaintance
from limner_server.references.known import Known
from limner_server.references.store import ReferenceStore
from limner_server.services.references import References
from tests.unit.server.pipelines.conftest import Networks, call_with, draw
from tests.unit.server.pipelines.haired import Haired
from tests.unit.server.references.people import someone
from tests.unit.server.references.photos import text_of

PNG = image_pb2.IMAGE_FORMAT_PNG
LINK = {"title": "Wax", "url": "https://shop.example/wax"}


def ask(**fields):
    return transfer_hair_pb2.ListReferencesRequest(**fields)


def recommend(photo, **fields):
    image = {"data": codec.encode(photo, "png")}
    return transfer_hair_pb2.RecommendReferencesRequest(image=image, **fields)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "references"
    folder.mkdir()
    return folder


@pytest.fixture
def references(folder, tmp_path):
    return References(ReferenceStore(folder), Known(tmp_path / "features.json"), Networks())


def add(folder, name, photo, **fields):
    (folder / f"{name}.png").write_bytes(codec.encode(photo, "png"))
    (folder / f"{name}.json").write_bytes(text_of(**fields))


async def test_every_reference_is_listed_with_what_is_known_of_it(references):
    call = call_with()
    found = await references.page(ask(), call)
    assert not found.next_page_token
    assert not found.served_by.models
    shades = {shade.name for shade in SHADES}
    for one in found.references:
        assert one.source == transfer_hair_pb2.REFERENCE_SOURCE_STUDIO
        assert one.license == "Apache-2.0"
        assert one.length in {"short", "medium", "long"}
        assert one.color in shades
        assert max(one.preview.width_px, one.preview.height_px) == 256
    said = {one.name: one.texture for one in found.references}
    assert said["afro-black"] == "coily"
    assert said["bob-black"] == "straight"


async def test_an_operator_s_reference_is_listed_with_its_products(references, folder):
    add(folder, "mine", draw((200, 150, 50))[0], tags=["mine"], products=[LINK], license="CC0-1.0")
    (one,) = (
        await references.page(ask(tags=["mine"], output={"format": PNG}), call_with())
    ).references
    assert one.source == transfer_hair_pb2.REFERENCE_SOURCE_OPERATOR
    assert [(product.title, product.url) for product in one.products] == [tuple(LINK.values())]
    assert (one.length, one.color) == ("", "")
    preview = Image.open(io.BytesIO(one.preview.data))
    assert preview.size == (256, 192)


async def test_pages_bring_every_reference_once(references):
    every = [
        one.name
        for one in (await references.page(ask(without_previews=True), call_with())).references
    ]
    token, seen = "", []
    while True:
        request = ask(page_size=5, page_token=token, without_previews=True)
        page = await references.page(request, call_with())
        seen += [one.name for one in page.references]
        assert not any(one.HasField("preview") for one in page.references)
        token = page.next_page_token
        if not token:
            break
    assert seen == every


async def test_everything_wrong_with_a_request_is_told_at_once(references):
    with pytest.raises(ParameterOutOfRange) as caught:
        await references.page(ask(tags=["A"], page_size=201, page_token="../"), call_with())
    assert {wrong.field for wrong in caught.value.violations} == {
        "tags[0]",
        "page_size",
        "page_token",
    }
    photo = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(ParameterOutOfRange) as caught:
        await references.recommend(recommend(photo, count=21, tags=["x"] * 17), call_with())
    assert {wrong.field for wrong in caught.value.violations} == {"count", "tags"}


async def test_whoever_only_asks_whether_it_would_do_is_told_no_more(references):
    only = {"options": {"validate_only": True}}
    assert not (await references.page(ask(**only), call_with())).references
    networks = references._models
    found = await references.recommend(recommend(draw((200, 150, 50))[0], **only), call_with())
    assert not found.recommendations
    assert networks.asked == []
    cut = recommend(draw()[0], **only)
    cut.image.data = cut.image.data[:12]
    with pytest.raises(ImageUnreadable):
        await references.recommend(cut, call_with())


async def test_the_likest_head_is_recommended_first(references, folder):
    photo = draw((200, 150, 50))[0]
    add(folder, "same", photo, tags=["mine"])
    add(folder, "other", draw((200, 150, 50), hair=(140, 50, 20))[0], tags=["mine"])
    add(folder, "wall", draw()[0], tags=["mine"])

    found = await references.recommend(recommend(photo, tags=["mine"]), call_with())

    first, second = found.recommendations
    assert (first.reference.name, second.reference.name) == ("same", "other")
    assert first.score > second.score
    assert first.pose_gap_deg == pytest.approx(0, abs=0.1)
    assert not first.mirrored
    assert {"POSE_NEAR", "HAIR_COVERS", "COLOR_CLOSE"} <= {one.code for one in first.reasons}
    assert first.reference.preview.width_px == 256
    assert first.reference.length == "short"
    assert len(found.face.landmarks.x_px) == 478


@pytest.mark.parametrize("yaw", [0, 28, -28])
async def test_a_turned_person_is_recommended_the_view_that_is_turned(folder, tmp_path, yaw):
    networks = Haired(yaw=yaw)
    known = Known(tmp_path / "features.json")
    references = References(ReferenceStore(folder), known, networks)
    add(folder, "front", draw((200, 150, 50))[0], tags=["mine"])
    add(folder, "both", draw((201, 150, 50))[0], tags=["mine"])
    (folder / "both.side.png").write_bytes(codec.encode(draw((202, 150, 50))[0], "png"))
    found = {one.name: one for one in ReferenceStore(folder).references(["mine"])}
    front, (first, side) = found["front"], found["both"].views
    known.add({one.sha256: someone(yaw=0.0) for one in (front, first)})
    known.add({side.sha256: someone(yaw=-30.0)})

    request = recommend(draw((200, 150, 50))[0], tags=["mine"], without_previews=True)
    best, *rest = (await references.recommend(request, call_with())).recommendations

    assert best.reference.name == "both"
    assert best.reference.yaw_deg == (-30 if yaw else 0)
    assert best.pose_gap_deg < 3
    assert [one.reference.name for one in rest] == ([] if yaw else ["front"])


async def test_those_that_are_not_known_yet_are_told_of(references, folder, monkeypatch):
    photo = draw((200, 150, 50))[0]
    for name in ("a", "b", "c"):
        add(folder, name, draw((190 + ord(name) % 9, 150, 50))[0], tags=["mine"])
    monkeypatch.setattr(acquaintance, "MOST_AT_ONCE", 1)
    request = recommend(photo, tags=["mine"], count=1, without_previews=True)
    found = await references.recommend(request, call_with())
    assert [warning.code for warning in found.warnings] == ["REFERENCES_NOT_KNOWN"]
    assert "2 new references" in found.warnings[0].message
    assert [one.reference.name for one in found.recommendations] == ["a"]


async def test_nobody_is_recommended_to_no_one(references):
    with pytest.raises(NoFace):
        await references.recommend(recommend(draw()[0]), call_with())


async def test_a_photo_is_had_by_name(references, folder):
    found = await references.find("afro-black", call_with())
    assert found.name == "afro-black"
    assert (await references.read(found, call_with())).shape == (640, 640, 3)
    with pytest.raises(ReferenceUnknown, match="afro-black"):
        await references.find("afro", call_with())

    (folder / "cut.jpg").write_bytes(codec.encode(draw()[0], "jpeg")[:2000])
    (folder / "cut.json").write_bytes(text_of(tags=["cut"]))
    cut = await references.find("cut", call_with())
    with pytest.raises(ImageUnreadable):
        await references.read(cut, call_with())
    call = call_with()
    (listed,) = (await references.page(ask(tags=["cut"]), call)).references
    assert not listed.HasField("preview")
    assert [warning.code for warning in call.warnings] == ["PREVIEW_MISSING"]
