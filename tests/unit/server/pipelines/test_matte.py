from __future__ import annotations

import numpy as np
import pytest

from limner.v1.reasons import NoPerson
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN
from limner_server.pipelines import matte
from limner_server.pipelines.matte import Engine, Matting
from tests.unit.server.pipelines.conftest import SKIN, draw
from tests.unit.server.pipelines.watched import loop_worked_on, watched


@pytest.fixture
def people(networks):
    """Networks that take skin for a person."""
    networks.person_segmenter = lambda image: {
        "person": (np.abs(image.astype(int) - SKIN).sum(-1) < 60).astype(np.float32)
    }
    return networks


def remembering(monkeypatch, name):
    """Have what a function of the pipeline returns remember who computes with it."""
    kept, function = [], getattr(matte, name)

    def wrapped(*args):
        kept.append(watched(function(*args)))
        return kept[-1]

    monkeypatch.setattr(matte, name, wrapped)
    return kept


async def test_a_person_is_looked_for_beside_the_loop(people, call, monkeypatch):
    trimaps = remembering(monkeypatch, "trimap_of_probability")
    photo, _ = draw((200, 150, 60))

    found = await Matting(people).trimap_of_person(photo, None, call)

    assert found[150, 200] == INSIDE
    assert found[5, 5] == OUTSIDE
    with pytest.raises(NoPerson, match="likeliest 0%"):
        await Matting(people).trimap_of_person(np.zeros_like(photo), None, call)
    assert [loop_worked_on(trimap) for trimap in trimaps] == [False, False]


async def test_a_network_s_alpha_becomes_shares_beside_the_loop(networks, call, monkeypatch):
    planes = remembering(monkeypatch, "_lifted")
    photo, hair = draw((200, 150, 60))
    trimap = np.where(hair, np.uint8(UNKNOWN), np.uint8(OUTSIDE))
    trimap[:20] = INSIDE

    cut_out = await Matting(networks).cut_out(
        photo, trimap, call, want_foreground=False, engine=Engine.NETWORK
    )

    (plane,) = planes
    assert cut_out.alpha.dtype == np.float32
    np.testing.assert_array_equal(np.rint(cut_out.alpha * 255), np.asarray(plane))
    assert not loop_worked_on(plane)
