"""A server that goes through round after round, and all that it and its children hold."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import grpc
import psutil
import pytest_asyncio

from limner.v1 import segment_pb2, segment_pb2_grpc
from limner_registry.routes import Routes, write_routes
from limner_server.triton.leftovers import SHM, shm_prefix
from limner_server.triton.owned import LANE, RUN
from tests.faults.conftest import apart
from tests.faults.mill import grind
from tests.faults.toy import TOY, place, toy

TELLTALE, *LITTERERS = 1, 4, 5
"""Versions that leak: one when told to, and two whenever they are loaded."""
MILLS = 2, 3
"""Versions that are run as all networks are."""
LITTER = 'open(f"/dev/shm/{PREFIX}{uuid.uuid4().hex}", "wb").close()'
LARGE, SMALL = b"x" * 400_000, b"x" * 1000
"""What goes by shared memory, and what by message; sizes never change, or memory would grow."""


def litter(folder: Path) -> None:
    """Put what leaves a file in /dev/shm when it is loaded into a version's folder."""
    toy(folder)
    with (folder / "model.py").open("a") as file:
        file.write(LITTER)


VERSIONS = {TELLTALE: toy, **dict.fromkeys(MILLS, grind), **dict.fromkeys(LITTERERS, litter)}


class Estate:
    """A running server, and what belongs to it."""

    def __init__(self, house):
        self.house = house
        self._generations = itertools.count(10)
        self._turns = itertools.cycle((1, 0))

    def held(self) -> dict[str, float]:
        """Return all that is held just now."""
        held: Counter[str] = Counter({"zombies": 0})
        server = self.house.process
        for one in (server, *server.children(recursive=True)):
            if one.status() == psutil.STATUS_ZOMBIE:
                held["zombies"] += 1
                continue
            who = "server" if one == server else "runners"
            who = "triton" if one.name() == "tritonserver" else who
            held[f"{who} rss"] += one.memory_info().rss
            held[f"{who} fds"] += one.num_fds()
            held[f"{who} threads"] += one.num_threads()
        files = [file for file in SHM.glob("limner_*") if self._is_ours(file.name)]
        held["shm files"] = len(files)
        held["shm bytes"] = sum(file.stat().st_blocks * 512 for file in files)
        return dict(held)

    async def turn_to(self, version: int) -> None:
        """Have a version loaded in place of the one that is, and wait until that is gone."""
        table = Routes(next(self._generations), {TOY.model: version})
        await asyncio.to_thread(write_routes, self.house.state / "models", table)
        try:
            await self.house.until(lambda: self._alone(version), 60)
        except AssertionError as error:
            log = (self.house.state / "server.log").read_text()[-4000:]
            error.add_note(f"version {version} is to run, and {self._running()} do; {log}")
            raise

    async def mixed(self) -> dict[str, float]:
        """Go through a round of calls of all kinds; return what is held after it."""
        for data in (SMALL, LARGE) * 6:
            await self.house.call(data=data)
        await asyncio.gather(*(self.house.call(data=SMALL) for _ in range(8)))
        for data in (SMALL, LARGE):
            await self._left(data)
        await self._streamed()
        await self._by_a_newcomer()
        return self.held()

    async def loaded(self, pair: Sequence[int]) -> dict[str, float]:
        """Load the other of two versions in place of the one that is; return what is held then."""
        await self.turn_to(pair[next(self._turns)])
        for data in (SMALL, LARGE, LARGE):
            await self.house.call(data=data)
        return self.held()

    async def leaking(self, what: int) -> dict[str, float]:
        """Go through a round of four calls that leak something each."""
        for _ in range(4):
            await self.house.call(what, milliseconds=60)
        return self.held()

    async def _left(self, data: bytes) -> None:
        asking = asyncio.create_task(self.house.call(milliseconds=200, data=data))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

    async def _streamed(self) -> None:
        stream = self.house.stub.SegmentStream()
        await stream.write(segment_pb2.SegmentStreamRequest(settings={}))
        for number in range(3):
            frame = {"number": number, "image": {"data": LARGE, "format": 4}}
            await stream.write(segment_pb2.SegmentStreamRequest(frame=frame))
            await stream.read()
        await stream.done_writing()
        assert await stream.read() is grpc.aio.EOF

    async def _by_a_newcomer(self) -> None:
        address = f"127.0.0.1:{self.house.app.port}"
        options = [("grpc.use_local_subchannel_pool", 1)]
        async with grpc.aio.insecure_channel(address, options) as channel:
            stub = segment_pb2_grpc.SegmentServiceStub(channel)
            await stub.Segment(segment_pb2.SegmentRequest(image={"data": SMALL, "format": 4}))

    def _is_ours(self, name: str) -> bool:
        pid = self.house.process.pid
        ours = (shm_prefix(self.house.state), f"{LANE}{pid}_", f"{RUN}{pid}_")
        return name.startswith(ours)

    async def _alone(self, version: int) -> bool:
        """Return whether a version is up, and no other has a runner."""
        if not await self.house.metric(f'limner_model_ready{{model="toy",version="{version}"}}'):
            return False
        return self._running() == [version]

    def _running(self) -> list[int]:
        """Return the versions that have a runner."""
        commands = []
        for one in self.house.triton().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                commands.append(" ".join(one.cmdline()))
        return [other for other in VERSIONS if any(f"/toy.v{other}/" in one for one in commands)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def estate(tmp_path_factory):
    state = tmp_path_factory.mktemp("estate")
    for version, runner in VERSIONS.items():
        place(state, runner, version)
    async with apart(state, "tests.leaks.served") as house:
        estate = Estate(house)
        await estate.turn_to(MILLS[0])
        yield estate


def pytest_addoption(parser):
    parser.addoption("--cycles", type=int, help="how many versions to load and unload")
    parser.addoption("--minutes", type=float, help="how long to call")
