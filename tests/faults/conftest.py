"""A server with an embedded Triton and one network that does as it is told, to be hurt."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import grpc
import psutil
import pytest

from limner.errors import LimnerError, from_rpc_error
from limner.v1 import segment_pb2, segment_pb2_grpc
from limner_server.app import running
from limner_server.settings import Settings
from tests.faults.toy import ANSWER, Toy, place

TABLE = "<!-- measured by `make faults` -->"


@dataclass
class Calls:
    """What became of the calls that went on while something was hurt."""

    seconds: list[float] = field(default_factory=list)
    errors: list[LimnerError] = field(default_factory=list)

    @property
    def longest(self) -> float:
        return max(self.seconds, default=0.0)


class House:
    """A running server, its Triton and its one network."""

    def __init__(self, state, app, channel, pid=None):
        self.state, self.app = state, app
        self.process = psutil.Process(pid)
        self.stub = segment_pb2_grpc.SegmentServiceStub(channel)

    async def call(self, what=ANSWER, milliseconds=0, data=b"x" * 1000, timeout=20.0):
        image = {"data": data, "format": 4, "width_px": what, "height_px": milliseconds}
        try:
            await self.stub.Segment(segment_pb2.SegmentRequest(image=image), timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    @asynccontextmanager
    async def called(self, rate=20.0, timeout=20.0, **order):
        """Call at a steady rate for as long as the block lasts; yields what becomes of them."""
        calls, tasks, over = Calls(), [], asyncio.Event()

        async def one():
            began = time.monotonic()
            try:
                await self.call(timeout=timeout, **order)
            except LimnerError as error:
                calls.errors.append(error)
            calls.seconds.append(time.monotonic() - began)

        async def go_on():
            while not over.is_set():
                tasks.append(asyncio.create_task(one()))
                await asyncio.sleep(1 / rate)

        calling = asyncio.create_task(go_on())
        try:
            yield calls
        finally:
            over.set()
            await calling
            await asyncio.gather(*tasks)

    def triton(self) -> psutil.Process:
        return next(one for one in self.process.children() if "tritonserver" in one.name())

    def runner(self) -> psutil.Process:
        folder = str(self.state / "models/toy.v1")
        for one in self.triton().children(recursive=True):
            with contextlib.suppress(psutil.ZombieProcess):
                if any(part.startswith(folder) for part in one.cmdline()):
                    return one
        raise LookupError(folder)

    async def metric(self, name) -> float:
        def read():
            page = f"http://127.0.0.1:{self.app.metrics_port}/metrics"
            with urllib.request.urlopen(page) as answer:
                return answer.read().decode()

        for line in (await asyncio.to_thread(read)).splitlines():
            if line.startswith(name):
                return float(line.rsplit(" ", 1)[1])
        return 0.0

    async def is_up(self) -> bool:
        return await self.metric("limner_model_ready{") == 1

    async def until(self, condition, seconds) -> float:
        """Return how long it takes until a condition holds."""
        began = time.monotonic()
        while not await condition():
            assert time.monotonic() - began < seconds, "it took too long"
            await asyncio.sleep(0.01)
        return time.monotonic() - began

    async def lost_and_found(self, detect=5.0, recover=30.0) -> tuple[float, float]:
        """Return after how long the version was seen to be lost, and to be back, from now."""

        async def is_down():
            return not await self.is_up()

        lost = await self.until(is_down, detect)
        return lost, lost + await self.until(self.is_up, recover)


class Table:
    """What each fault came to."""

    def __init__(self):
        self.lines = [
            ("fault", "seen after", "over after", "calls meanwhile", "lost", "what callers see"),
            ("---",) * 6,
        ]

    def add(self, fault: str, times: tuple[float, float] | None, calls: Calls, seen: str) -> None:
        """Add a line: after how many seconds a fault was seen, and over; what became of calls.

        Times are None where nothing has to be seen or mended.
        """
        detected, recovered = (f"{seconds:.2f} s" for seconds in times) if times else ("", "")
        count, lost = str(len(calls.seconds)), str(len(calls.errors))
        self.lines.append((fault, detected, recovered, count, lost, seen))

    def write(self, file: Path) -> None:
        """Put the table in the place of the one that a document ends with."""
        text = file.read_text().partition(TABLE)[0] if file.exists() else ""
        lines = ("| " + " | ".join(line) + " |\n" for line in self.lines)
        file.write_text(f"{text}{TABLE}\n{''.join(lines)}")


@pytest.fixture(scope="session")
def table(request):
    """Takes what each fault came to; written where `--table` says."""
    table = Table()
    yield table
    if file := request.config.getoption("--table", None):
        table.write(Path(file))


def pytest_addoption(parser):
    parser.addoption("--table", help="put what each fault came to at the end of this file")


@asynccontextmanager
async def housed(state: Path, **told):
    settings = Settings(state, port=0, metrics_port=0, **told)
    async with (
        running(settings, [Toy]) as app,
        grpc.aio.insecure_channel(f"127.0.0.1:{app.port}") as channel,
    ):
        house = House(state, app, channel)
        await house.until(house.is_up, 60)
        yield house


@asynccontextmanager
async def apart(
    state: Path,
    module: str = "tests.faults.toy",
    environment: Mapping[str, str] | None = None,
    port: int = 0,
):
    """Run the server as a process of its own, with more in its environment."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-m", module, str(state), str(port)]
    with (state / "server.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            cwd=root,
            env=os.environ | (environment or {}),
            stdout=asyncio.subprocess.PIPE,
            stderr=log,
        )
    try:
        port, metrics_port = map(int, (await process.stdout.readline()).split())
        app = SimpleNamespace(port=port, metrics_port=metrics_port, wait=process.wait)
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            house = House(state, app, channel, process.pid)
            await house.until(house.is_up, 60)
            yield house
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


@pytest.fixture
async def house(tmp_path):
    place(tmp_path)
    async with housed(tmp_path) as house:
        yield house
