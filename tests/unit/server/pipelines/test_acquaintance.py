from __future__ import annotations

import asyncio
import time

import pytest

from limner.v1.reasons import ModelNotReady, NoFace
from limner_server.imaging import codec
from limner_server.pipelines import acquaintance
from limner_server.pipelines.acquaintance import Acquaintance
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.features import find_features
from limner_server.references.known import Known
from limner_server.references.store import ReferenceStore
from tests.unit.server.pipelines.conftest import draw
from tests.unit.server.references.photos import text_of

RED = (170, 40, 30)


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "references"
    folder.mkdir()
    return folder


def shown(folder, name, photo):
    (folder / f"{name}.png").write_bytes(codec.encode(photo, "png"))
    (folder / f"{name}.json").write_bytes(text_of(tags=["mine"]))


@pytest.fixture
def met(folder, tmp_path, networks):
    """The acquaintance of a store's own references, and those."""
    store, file = ReferenceStore(folder), tmp_path / "features.json"

    def start():
        return Acquaintance(store, Known(file), networks), store.references(["mine"])

    return start


async def test_a_head_is_measured_where_it_is(networks, call):
    photo, _ = draw((120, 150, 40), (300, 150, 55))
    face, features = await find_features(photo, Selector(index=0), networks, call)
    x, _, side = features.head
    assert face.detection.left < x < face.detection.right
    assert 80 < side < 400
    assert features.hair.style.length == "short"
    assert features.hair.lab[0] < 30


async def test_a_head_without_hair_is_known_to_have_none(networks, call):
    photo, hair = draw((200, 150, 50))
    photo[hair] = (120, 150, 160)
    _, features = await find_features(photo, Selector(), networks, call)
    assert features.hair is None


async def test_who_is_not_there_is_not_known(networks, call):
    photo, _ = draw((200, 150, 50))
    with pytest.raises(NoFace):
        await find_features(photo, Selector(index=1), networks, call)


async def test_a_reference_is_measured_once_and_for_all(folder, met, networks, call):
    shown(folder, "one", draw((200, 150, 50))[0])
    acquaintance, found = met()
    assert acquaintance.of(found[0]) is None

    assert await acquaintance.make(found, call) == 0

    networks.asked.clear()
    again, found = met()
    assert await again.make(found, call) == 0
    assert networks.asked == []
    assert again.of(found[0]).hair.lab == pytest.approx(
        acquaintance.of(found[0]).hair.lab, abs=1e-3
    )


async def test_every_view_of_a_reference_is_measured(folder, met, networks, call):
    shown(folder, "one", draw((200, 150, 50))[0])
    (folder / "one.side.png").write_bytes(codec.encode(draw((170, 150, 50))[0], "png"))
    acquaintance, (one,) = met()

    assert await acquaintance.make([one], call) == 0

    assert networks.asked.count("face_detector") == 2
    x, aside = (acquaintance.of(view).head[0] for view in one.views)
    assert x - aside == pytest.approx(30, abs=3)


async def test_two_calls_at_once_measure_it_once(folder, met, networks, call):
    shown(folder, "one", draw((200, 150, 50))[0])
    acquaintance, found = met()
    await asyncio.gather(acquaintance.make(found, call), acquaintance.make(found, call))
    assert networks.asked.count("face_detector") == 1


async def test_a_photo_without_a_face_is_asked_about_once(folder, met, networks, call, caplog):
    shown(folder, "wall", draw()[0])
    (folder / "broken.jpg").write_bytes(codec.encode(draw()[0], "jpeg")[:2000])
    (folder / "broken.json").write_bytes(text_of(tags=["mine"]))
    acquaintance, found = met()

    assert await acquaintance.make(found, call) == 0
    asked = len(networks.asked)
    assert await acquaintance.make(found, call) == 0

    assert len(networks.asked) == asked
    assert sorted(record.reference for record in caplog.records) == ["broken.jpg", "wall.png"]
    assert [acquaintance.of(one) for one in found] == [None, None]


async def test_a_call_measures_as_many_as_it_has_time_for(folder, met, call, monkeypatch):
    for place, name in enumerate(("one", "two", "three")):
        shown(folder, name, draw((150 + 20 * place, 150, 50))[0])
    monkeypatch.setattr(acquaintance, "MOST_AT_ONCE", 2)
    making, found = met()
    assert await making.make(found, call) == 1

    call.deadline = time.monotonic() + acquaintance.SECONDS_LEFT / 2
    assert await making.make(found, call) == 1

    call.deadline = time.monotonic() + 60
    assert await making.make(found, call) == 0


async def test_what_was_measured_before_a_network_failed_is_kept(folder, met, networks, call):
    for place, name in enumerate(("one", "two")):
        shown(folder, name, draw((150 + 20 * place, 150, 50))[0])
    making, found = met()
    real = networks.infer

    async def until_two(contract, inputs, call):
        if networks.asked.count("face_detector") == 1 and contract.model == "face_detector":
            raise ModelNotReady("gone")
        return await real(contract, inputs, call)

    networks.infer = until_two
    with pytest.raises(ModelNotReady):
        await making.make(found, call)
    assert [making.of(one) is None for one in found] == [False, True]
