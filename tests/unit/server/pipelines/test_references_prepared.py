from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner.v1.reasons import NoHair
from limner_server.pipelines.references_prepared import Prepared


@dataclass(frozen=True)
class Block:
    nbytes: int


class Maker:
    """Prepares blocks once it is let go."""

    def __init__(self, size=10):
        self.size = size
        self.made = 0
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self):
        self.made += 1
        await self.gate.wait()
        return Block(self.size)


async def test_what_is_kept_is_not_prepared_again():
    prepared, maker = Prepared(100), Maker()
    first = await prepared.get(lambda: "a", maker)
    assert await prepared.get(lambda: "a", maker) is first
    assert await prepared.get(lambda: "b", maker) is not first
    assert maker.made == 2


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 140)), max_size=40))
def test_no_more_than_its_bytes_are_kept_whatever_comes(asked):
    async def fill():
        prepared = Prepared(100)
        for key, size in asked:
            await prepared.get(lambda key=key: key, Maker(size))
            assert prepared.nbytes <= 100

    asyncio.run(fill())


async def test_the_longest_unused_goes_first():
    prepared, maker = Prepared(25), Maker()
    for key in ("a", "b", "a", "c"):
        await prepared.get(lambda key=key: key, maker)
    assert maker.made == 3
    await prepared.get(lambda: "a", maker)
    assert maker.made == 3
    await prepared.get(lambda: "b", maker)
    assert maker.made == 4


async def test_many_who_ask_at_once_have_it_prepared_once():
    prepared, maker = Prepared(100), Maker()
    maker.gate.clear()
    asking = [asyncio.create_task(prepared.get(lambda: "a", maker)) for _ in range(5)]
    await asyncio.sleep(0)
    maker.gate.set()
    assert len({id(one) for one in await asyncio.gather(*asking)}) == 1
    assert maker.made == 1


async def test_where_the_first_leaves_the_next_one_goes_on():
    prepared, maker = Prepared(100), Maker()
    maker.gate.clear()
    first, second = (asyncio.create_task(prepared.get(lambda: "a", maker)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    maker.gate.set()
    assert await second == Block(10)
    assert first.cancelled()
    assert maker.made == 2


async def test_a_failure_is_told_and_not_kept():
    async def bald():
        raise NoHair("none")

    prepared = Prepared(100)
    with pytest.raises(NoHair):
        await prepared.get(lambda: "a", bald)
    assert await prepared.get(lambda: "a", Maker()) == Block(10)


async def test_what_another_version_prepared_is_kept_as_that_one_s():
    version, maker = [2], Maker()

    async def falls_back():
        version[0] = 1
        return await maker()

    prepared = Prepared(100)
    first = await prepared.get(lambda: version[0], falls_back)
    assert await prepared.get(lambda: 1, maker) is first
    assert await prepared.get(lambda: 2, maker) is not first
