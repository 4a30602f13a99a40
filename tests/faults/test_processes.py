"""A server and its callers as processes of their own, ended from outside."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import signal
import sys
import time
from pathlib import Path

import grpc
import psutil

from limner.v1 import segment_pb2, segment_pb2_grpc
from limner_server.triton.leftovers import SHM, shm_prefix
from tests.faults.conftest import Calls, apart
from tests.faults.test_callers import idle
from tests.faults.toy import place

CALLER = """
import itertools, sys
import grpc
from limner.v1 import segment_pb2, segment_pb2_grpc

channel = grpc.insecure_channel(sys.argv[1], [("grpc.max_send_message_length", 2**26)])
stub = segment_pb2_grpc.SegmentServiceStub(channel)
grpc.channel_ready_future(channel).result(20)

def frames():
    yield segment_pb2.SegmentStreamRequest(settings={})
    for number in itertools.count():
        image = {"data": b"x" * 400_000, "format": 4, "height_px": 100}
        yield segment_pb2.SegmentStreamRequest(frame={"number": number, "image": image})

print("here", flush=True)
if sys.argv[2] == "streaming":
    for _ in stub.SegmentStream(frames()):
        pass
long = {"options": {"request_id": "x" * 30_000_000}, "image": {"data": b"x", "format": 4}}
while True:
    stub.Segment(segment_pb2.SegmentRequest(**long))
"""


async def test_a_server_told_to_leave_under_load_cancels_nobody(tmp_path, table):
    """Every call is answered or told UNAVAILABLE: by those who ask on and on, and newcomers.

    But for one, now and then: gRPC's core cancels a call that reaches it between the end of its
    listening and its word of that. Clients who watch health ask no more by then.
    """
    place(tmp_path)
    ends: collections.Counter[grpc.StatusCode] = collections.Counter()
    over = asyncio.Event()
    calls = Calls()

    async def ask(stub):
        began = time.monotonic()
        image = {"data": b"x" * 1000, "format": 4, "height_px": 20}
        code = grpc.StatusCode.OK
        try:
            await stub.Segment(segment_pb2.SegmentRequest(image=image), timeout=30)
        except grpc.aio.AioRpcError as error:
            code = error.code()
        else:
            calls.seconds.append(time.monotonic() - began)
        ends[code] += 1
        return code

    async def on_and_on(stub):
        while not over.is_set():
            if await ask(stub) is grpc.StatusCode.UNAVAILABLE:
                await asyncio.sleep(0.005)

    async def newcomer():
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{house.app.port}", [("grpc.use_local_subchannel_pool", 1)]
        ) as channel:
            await ask(segment_pb2_grpc.SegmentServiceStub(channel))

    async with apart(tmp_path) as house:
        others = house.process.children(recursive=True)
        tasks = [asyncio.create_task(on_and_on(house.stub)) for _ in range(8)]
        while not ends[grpc.StatusCode.OK]:  # noqa: ASYNC110 - nothing tells of it
            await asyncio.sleep(0.01)
        house.process.send_signal(signal.SIGTERM)
        told = time.monotonic()
        ending = asyncio.create_task(house.app.wait())
        while not (await asyncio.wait({ending}, timeout=0.03))[0]:
            tasks.append(asyncio.create_task(newcomer()))
        seconds = time.monotonic() - told
        over.set()
        await asyncio.gather(*tasks)
    table.add("SIGTERM, 8 callers at once", (0.0, seconds), calls, "UNAVAILABLE once it leaves")
    assert ending.result() == 0
    assert ends.pop(grpc.StatusCode.CANCELLED, 0) <= 1
    assert ends.keys() == {grpc.StatusCode.OK, grpc.StatusCode.UNAVAILABLE}
    assert seconds < 30
    _, left = await asyncio.to_thread(psutil.wait_procs, others, 5)  # until init has reaped them
    assert not left
    assert not list(SHM.glob(f"{shm_prefix(tmp_path)}*"))


async def test_nothing_is_left_of_callers_that_are_killed(tmp_path, table):
    place(tmp_path)
    async with apart(tmp_path) as house, contextlib.AsyncExitStack() as stack:
        await house.call()
        before = house.process.num_fds()
        callers = [
            await stack.enter_async_context(_caller(house, doing))
            for doing in ("uploading", "streaming") * 2
        ]
        async with house.called(rate=10) as calls:
            for number, caller in enumerate(callers):
                await asyncio.sleep(0.07 + 0.013 * number)
                caller.kill()
        seconds = await house.until(lambda: idle(house), 10)
        await house.until(lambda: _has_fds(house.process, before), 10)
    table.add("4 callers killed amid uploads and streams", (0.0, seconds), calls, "nothing")
    assert not calls.errors


@contextlib.asynccontextmanager
async def _caller(house, doing):
    """Run a caller as a process of its own; yields once it calls."""
    caller = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        CALLER,
        f"127.0.0.1:{house.app.port}",
        doing,
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert await caller.stdout.readline() == b"here\n"
        yield caller
    finally:
        with contextlib.suppress(ProcessLookupError):
            caller.kill()
        await caller.wait()


async def _has_fds(process: psutil.Process, most: int) -> bool:
    return process.num_fds() <= most
