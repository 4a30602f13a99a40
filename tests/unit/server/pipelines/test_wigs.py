from __future__ import annotations

import numpy as np
import pytest

from limner.v1.reasons import NoFace, NoHair
from limner_registry.routes import Routes
from limner_server.pipelines.faces import Selector
from limner_server.pipelines.heads import Heads
from limner_server.pipelines.matte import Matting
from limner_server.pipelines.wigs import Wigs
from tests.unit.server.pipelines.conftest import WALL, call_with, draw
from tests.unit.server.pipelines.haired import Haired

ALONE = (200, 150, 50)


class Bench:
    """References, and how often each was read."""

    def __init__(self):
        self.networks = Haired()
        self.wigs = Wigs(Heads(self.networks, Matting(self.networks)))
        self.read = 0

    async def of(self, photo, call, content="a", selector=None):
        async def read():
            self.read += 1
            return photo

        return await self.wigs.of(content, selector or Selector(), read, call)


@pytest.fixture
def bench():
    return Bench()


async def test_a_reference_is_looked_at_once(bench, call):
    photo, _ = draw(ALONE)
    first = await bench.of(photo, call)
    asked = len(bench.networks.asked)
    assert await bench.of(photo, call_with()) is first
    assert (bench.read, len(bench.networks.asked)) == (1, asked)


async def test_another_face_of_the_same_photo_is_another_reference(bench, call):
    photo, _ = draw((90, 150, 36), (290, 150, 50))
    left, right = [await bench.of(photo, call, selector=Selector(index=n)) for n in (0, 1)]
    assert left.face.detection.right < right.face.detection.left
    assert left.nbytes < right.nbytes
    assert bench.read == 2


async def test_another_version_looks_again_and_every_call_says_which_it_had(bench):
    photo, _ = draw(ALONE)
    for version in (1, 2, 1):
        call = call_with()
        call.routes = Routes(1, dict(call.routes.stable) | {"hair_segmenter": version})
        await bench.of(photo, call)
        assert call.uses["hair_segmenter"].version == version
        assert "hair_matter" in call.uses
    assert bench.read == 2


async def test_what_keeps_a_photo_from_being_a_reference_is_told(bench, call):
    with pytest.raises(NoHair):
        await bench.of(draw(ALONE, hair=WALL)[0], call)
    with pytest.raises(NoFace):
        await bench.of(np.full((300, 400, 3), WALL, np.uint8), call, "b")


@pytest.mark.parametrize(("place", "cut"), [((200, 150, 50), False), ((200, 40, 50), True)])
async def test_hair_that_its_photo_cuts_is_known_to_be(bench, call, place, cut):
    assert (await bench.of(draw(place)[0], call)).is_cut == cut
