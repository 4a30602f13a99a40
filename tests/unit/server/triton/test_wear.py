from __future__ import annotations

import asyncio
import os

from limner_server.triton import wear as module
from limner_server.triton.wear import MOST_GROWN, MOST_MENDED, SPAN_SECONDS, Wear


class Told:
    """A count and a clock that the test sets."""

    def __init__(self):
        self.mends, self.silences, self.now = 0, 0, 0.0

    def wear(self):
        return Wear(lambda: self.mends, lambda: self.silences, lambda: self.now)


def test_a_triton_may_stay_that_mends_now_and_then():
    told = Told()
    wear = told.wear()
    for _ in range(5 * MOST_MENDED):
        told.mends += 1
        told.now += 2 * SPAN_SECONDS / MOST_MENDED
        assert wear.why(0) == ""


def test_one_goes_when_mends_pile_up():
    told = Told()
    wear = told.wear()
    assert wear.why(0) == ""
    told.mends, told.now = MOST_MENDED, SPAN_SECONDS / 2
    assert wear.why(0) == f"{MOST_MENDED} versions were mended within 600 s"


def test_one_goes_when_it_has_grown():
    assert Told().wear().why(MOST_GROWN) == ""
    assert Told().wear().why(MOST_GROWN + 1024**2) == "it has grown by 1025 MiB"


def test_one_goes_when_it_does_not_answer():
    told = Told()
    wear = told.wear()
    assert wear.why(0) == ""
    told.silences += 1
    assert wear.why(0) == "it does not answer"


async def test_mends_before_a_triton_began_do_not_count_against_it(monkeypatch):
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    told = Told()
    wear = told.wear()
    assert wear.why(0) == ""
    told.mends, told.silences = MOST_MENDED, 1
    judging = asyncio.create_task(wear.out(os.getpid()))
    await asyncio.sleep(0.1)
    assert not judging.done()
    told.mends *= 2
    assert "were mended" in await asyncio.wait_for(judging, 5)
