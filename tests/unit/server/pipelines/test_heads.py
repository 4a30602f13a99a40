from __future__ import annotations

import numpy as np
import pytest

from limner.v1.reasons import NoFace, NoHair
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.heads import Heads
from limner_server.pipelines.matte import Matting
from tests.unit.server.pipelines.conftest import HAIR, call_with, draw
from tests.unit.server.pipelines.haired import Haired

HEADS = (90, 150, 36), (290, 150, 50)


@pytest.fixture
def heads():
    networks = Haired()
    return Heads(networks, Matting(networks))


def placed(head, photo):
    """Return the alpha over the whole photo, where the part has its size."""
    whole = np.zeros(photo.shape[:2], np.uint8)
    whole[head.rows, head.columns] = head.alpha
    return whole


async def test_a_person_s_head_is_cut_out_with_its_hair(heads, call):
    photo, _ = draw(*HEADS)
    head = await heads.of_person(photo, Selector(index=0), call, want_colors=False)

    np.testing.assert_array_equal(head.photo, photo[head.rows, head.columns])
    found, own = placed(head, photo) > 127, draw(HEADS[0])[1]
    assert (found & own).sum() / (found | own).sum() > 0.85
    assert not (found & draw(HEADS[1])[1]).any()
    np.testing.assert_array_equal(head.colors, head.photo)
    face = head.landmarks[:, :2] + (head.columns.start, head.rows.start)
    np.testing.assert_allclose(face, head.face.landmarks[:, :2], atol=1e-3)


async def test_a_reference_is_no_longer_than_wanted_and_its_points_go_with_it(heads, call):
    photo, _ = draw((200, 150, 50))
    large = await heads.of_reference(photo, Selector(), 1000, call)
    small = await heads.of_reference(photo, Selector(), 90, call)

    assert max(large.alpha.shape) > 150
    assert max(small.alpha.shape) == 90
    assert small.photo.shape == small.colors.shape == (*small.alpha.shape, 3)
    assert not np.shares_memory(small.photo, photo)
    shares = [(head.landmarks[:, 0] + 0.5) / head.photo.shape[1] for head in (large, small)]
    np.testing.assert_allclose(*shares, atol=0.005)
    assert (small.alpha > 127).mean() == pytest.approx((large.alpha > 127).mean(), rel=0.15)


async def test_a_reference_may_have_any_length(heads, call):
    photo, _ = draw((200, 150, 60))
    for longest in range(90, 130):  # hair beyond the photo's edge: to the last of fewer pixels
        head = await heads.of_reference(photo[40:200, 110:289], Selector(), longest, call)
        assert max(head.alpha.shape) == longest


async def test_the_colors_of_hair_are_those_of_hair_alone(heads, call):
    photo, _ = draw((200, 150, 50))
    head = await heads.of_reference(photo, Selector(), 1000, call)
    off = np.abs(head.colors[head.alpha > 60].astype(int) - HAIR)
    assert off.mean() < 6


async def test_who_has_no_hair_is_a_person_but_no_reference(heads, call):
    photo, _ = draw((200, 150, 50), hair=(120, 150, 160))
    head = await heads.of_person(photo, Selector(), call, want_colors=True)
    assert not head.alpha.any()
    with pytest.raises(NoHair):
        await heads.of_reference(photo, Selector(), 1000, call)


async def test_a_photo_without_a_face_holds_no_head(heads, call):
    wall = np.full((300, 400, 3), (120, 150, 160), np.uint8)
    with pytest.raises(NoFace):
        await heads.of_person(wall, Selector(), call, want_colors=False)
    with pytest.raises(NoFace):
        await heads.of_reference(wall, Selector(), 1000, call)


async def test_hair_is_cut_out_without_the_matter_and_the_caller_told_once(heads):
    photo, _ = draw((200, 150, 50))
    call = call_with(without="hair_matter")
    head = await heads.of_person(photo, Selector(), call, want_colors=True)
    await heads.of_reference(photo, Selector(), 1000, call)
    assert (head.alpha > 127).any()
    assert [warning.code for warning in call.warnings] == ["MATTER_NOT_READY"]
