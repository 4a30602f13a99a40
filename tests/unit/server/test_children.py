from __future__ import annotations

import asyncio

import pytest
from prometheus_client import CollectorRegistry, Counter

from limner_server.children import CALM_SECONDS, LONGEST_PAUSE_SECONDS, supervised


class Child:
    """A child that ends when it is told to."""

    pid = 1

    def __init__(self):
        self.ended, self.stopped = asyncio.Event(), False

    async def wait(self):
        await self.ended.wait()
        return -9

    async def stop(self):
        self.stopped = True


class Nursery:
    """Starts children, or fails to, and keeps in mind how long it was waited before each try."""

    def __init__(self):
        self.now, self.failures = 0.0, 0
        self.children, self.pauses = [], []
        self.again = asyncio.Event()

    async def start(self):
        if self.failures:
            self.failures -= 1
            raise OSError("the port is taken")
        self.children.append(Child())
        return self.children[-1]

    async def sleep(self, seconds):
        self.pauses.append(seconds)
        self.now += seconds
        await REAL_SLEEP(0)

    async def lose(self, failures=0):
        """End the child of now; return once another runs, after so many failed starts."""
        self.failures = failures
        self.again.clear()
        self.children[-1].ended.set()
        await self.again.wait()


REAL_SLEEP = asyncio.sleep


@pytest.fixture
async def nursery(monkeypatch):
    nursery = Nursery()
    monkeypatch.setattr("limner_server.children.asyncio.sleep", nursery.sleep)
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: nursery.now)
    return nursery


@pytest.fixture
def restarts():
    return Counter("restarts", "of a child", registry=CollectorRegistry())


def kept(nursery, restarts):
    return supervised("child", nursery.start, restarts, nursery.again.set)


async def test_a_child_that_ended_is_started_again_at_once(nursery, restarts):
    async with kept(nursery, restarts):
        await nursery.lose()
        assert len(nursery.children) == 2
        assert nursery.children[0].stopped
        assert nursery.pauses == [0.2]
        assert restarts._value.get() == 1
    assert nursery.children[1].stopped


async def test_one_that_does_not_start_is_tried_soon_and_then_ever_later(nursery, restarts):
    async with kept(nursery, restarts):
        await nursery.lose(failures=9)
        longest = LONGEST_PAUSE_SECONDS
        assert nursery.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, *[longest] * 4]
        assert restarts._value.get() == 1


async def test_one_that_ends_again_and_again_is_started_ever_later(nursery, restarts):
    async with kept(nursery, restarts):
        for _ in range(3):
            await nursery.lose()
        assert nursery.pauses == [0.2, 0.4, 0.8]
        nursery.now += CALM_SECONDS + 1
        await nursery.lose()
        assert nursery.pauses[3:] == [0.2]


async def test_what_the_first_start_raises_is_raised(nursery, restarts):
    nursery.failures = 1
    with pytest.raises(OSError, match="taken"):
        async with kept(nursery, restarts):
            pass
