"""When a version that did not come up is tried again, by a clock that the tests turn."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from limner.v1.reasons import ModelNotReady
from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.golden import Golden
from limner_server.triton.keeper import LONGEST_REST, Keeper
from limner_server.triton.unanswered import Unanswered
from tests.unit.server.triton.settling import rested


class Triton:
    """A Triton that can be away, and can refuse to load; it remembers when it was asked."""

    def __init__(self, clock):
        self.clock = clock
        self.unanswered = Unanswered()
        self.is_there = self.loads = True
        self.tries = []
        self.told = []

    async def reached(self):
        self.tries.append(self.clock.now)
        if not self.is_there:
            raise ModelNotReady("Triton cannot be reached")

    async def load(self, _model, _version):
        self.told.append("load")
        if not self.loads:
            raise ModelNotReady("it does not load")

    async def unload(self, _model, _version):
        self.told.append("unload")

    async def run(self, _contract, _version, _inputs, _timeout):
        return {"person": np.full((1, 256, 256), 0.5, np.float32)}


class Clock:
    """The monotonic clock, of the event loop too: it stands until it is turned."""

    def __init__(self):
        self.now = 1000.0

    async def turn(self, keeper, seconds, step=0.05):
        """Let time go by, and the keeper do what falls due."""
        end = self.now + seconds
        while self.now < end:
            self.now = min(end, self.now + step)
            for _ in range(3):
                await asyncio.sleep(0)
            await rested(keeper)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("limner_server.triton.keeper.time.monotonic", lambda: clock.now)
    return clock


@pytest.fixture
def triton(clock):
    return Triton(clock)


@pytest.fixture
def keeper(triton, tmp_path):
    folder = tmp_path / "person_segmenter.v1/1"
    folder.mkdir(parents=True)
    image = np.zeros((1, 256, 256, 3), np.uint8)
    person = np.full((1, 256, 256), 0.5, np.float32)
    Golden({"image": image}, {"person": person}, 1e-3).write(folder)
    return Keeper(PERSON_SEGMENTER, 1, tmp_path, triton, lambda: None)


async def test_it_is_tried_again_soon_and_then_ever_later(keeper, triton, clock):
    triton.loads = False
    keeper.look()
    await clock.turn(keeper, 60)

    rests = np.diff(triton.tries)

    np.testing.assert_allclose(rests[:7], [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10], atol=0.1)
    np.testing.assert_allclose(rests[7:], LONGEST_REST, atol=0.1)
    assert len(triton.tries) == 11
    assert keeper.trouble == "it does not load"
    keeper.leave()


async def test_it_is_not_tried_sooner_however_often_it_is_looked_at(keeper, triton, clock):
    triton.loads = False
    for _ in range(300):
        keeper.look()
        await clock.turn(keeper, 0.1, step=0.1)
    assert len(triton.tries) == 8
    keeper.leave()


async def test_it_comes_up_at_the_next_try_and_has_short_rests_again_when_it_is_lost(
    keeper, triton, clock
):
    triton.loads = False
    keeper.look()
    await clock.turn(keeper, 5)
    triton.loads = True
    await clock.turn(keeper, 3.2)
    assert keeper.up

    triton.loads = False
    keeper.lose("a runner has ended")
    await clock.turn(keeper, 0.1)
    tries = len(triton.tries)
    triton.loads = True
    await clock.turn(keeper, 0.2)

    assert len(triton.tries) == tries + 1
    assert keeper.up
    assert (keeper.losses, keeper.mends) == (1, 1)
    keeper.leave()


async def test_a_hint_makes_it_due_at_once_and_its_rests_short(keeper, triton, clock):
    triton.loads = False
    keeper.look()
    await clock.turn(keeper, 20)
    tries = len(triton.tries)

    keeper.hint()
    keeper.look()
    await clock.turn(keeper, 0.3)

    assert len(triton.tries) == tries + 2
    keeper.leave()


async def test_a_triton_that_is_away_is_told_nothing_until_it_is_there(keeper, triton, clock):
    triton.is_there = False
    keeper.look()
    await clock.turn(keeper, 1)
    assert len(triton.tries) == 3
    assert triton.told == []

    triton.is_there = True
    await clock.turn(keeper, 1)

    assert keeper.up
    assert triton.told == ["load"]
    keeper.leave()


async def test_what_is_wrong_is_logged_once_while_it_is_the_same(keeper, triton, clock, caplog):
    triton.loads = False
    keeper.look()
    await clock.turn(keeper, 10)
    triton.is_there = False
    await clock.turn(keeper, 20)

    details = [record.detail for record in caplog.records]

    assert details == ["it does not load", "Triton cannot be reached"]
    keeper.leave()


async def test_one_that_is_left_is_tried_no_more(keeper, triton, clock):
    triton.loads = False
    keeper.look()
    await clock.turn(keeper, 1)
    tries = len(triton.tries)

    keeper.leave()
    await clock.turn(keeper, 60)

    assert len(triton.tries) == tries
