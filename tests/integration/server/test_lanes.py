"""Large tensors by shared memory to a real Triton: the same answers, and nothing reused early."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
import urllib.request

import numpy as np
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from tritonclient.grpc import service_pb2

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contract import Contract
from limner_registry.tensors import FREE, Tensor
from limner_registry.triton_config import triton_config
from limner_server.triton import lanes
from limner_server.triton.client import Triton
from limner_server.triton.exchanges import Connections
from limner_server.triton.lanes import LEAST
from limner_server.triton.leftovers import SHM
from limner_server.triton.owned import LANE, RUN
from limner_server.triton.process import Ports, TritonProcess
from limner_server.triton.wear import Wear

ECHO = Contract(
    "echo",
    1,
    (Tensor("given", "uint8", (FREE,), "any bytes"), Tensor("order", "float32", (2,), "below")),
    (Tensor("same", "uint8", (FREE,), "the same"), Tensor("small", "float32", (2,), "the order")),
    1,
)
RUNNER = '''
import time
import numpy as np
import triton_python_backend_utils as triton

class TritonPythonModel:
    """Sleeps for as many seconds as ordered, then answers the bytes as many times as ordered."""

    def execute(self, requests):
        answers = []
        for request in requests:
            given, order = (
                triton.get_input_tensor_by_name(request, name).as_numpy()
                for name in ("given", "order")
            )
            seconds, times = order[0]
            time.sleep(float(seconds))
            if times < 0:
                raise ValueError("ordered to fail")
            same = np.tile(given, (1, int(times)))
            tensors = [triton.Tensor("same", same), triton.Tensor("small", order)]
            answers.append(triton.InferenceResponse(tensors))
        return answers
'''
SIZE = 8_000_000
pytestmark = pytest.mark.asyncio(loop_scope="module")
RNG = np.random.default_rng(3)


def given(size=2 * LEAST, seconds=0.0, times=1.0):
    return {
        "given": RNG.integers(0, 256, (1, size), np.uint8),
        "order": np.array([[seconds, times]], np.float32),
    }


class Backstage:
    """A Triton with one network, that can be killed and started again."""

    def __init__(self, state) -> None:
        self.state, self.ports = state, Ports.free()
        self.addresses = self.ports.grpc_address, self.ports.http_address
        self.process: TritonProcess | None = None

    async def starts(self) -> None:
        self.process = await TritonProcess.start(self.state, self.ports, Wear(int, int))
        triton = Triton(*self.addresses)
        await triton.load(ECHO.model, 1)
        await triton.close()

    def cancelled(self) -> float:
        """Return how many runs were cancelled in Triton."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ports.metrics}/metrics") as page:
            families = {
                one.name: one for one in text_string_to_metric_families(page.read().decode())
            }
        samples = families["nv_inference_request_failure"].samples
        return sum(one.value for one in samples if one.labels["reason"] == "CANCELED")

    async def is_killed(self) -> None:
        self.process._process.kill()
        await self.process.stop()


class Bench:
    """Our way to a Triton."""

    def __init__(self, backstage, triton) -> None:
        self.backstage, self.triton = backstage, triton

    async def runs(self, inputs=None, timeout=20.0):
        inputs = inputs or given()
        answers = await self.triton.run(ECHO, 1, inputs, timeout)
        times = int(inputs["order"][0, 1])
        assert np.array_equal(answers["same"], np.tile(inputs["given"], (1, times)))
        assert np.array_equal(answers["small"], inputs["order"])
        return answers

    async def opened(self, after=None):
        for _ in range(1000):
            if self.triton.lanes.open and self.triton.lanes.name != after:
                return self.triton.lanes.name
            await asyncio.sleep(0.01)
        pytest.fail("the lanes never opened")

    async def known(self) -> set[str]:
        request = service_pb2.SystemSharedMemoryStatusRequest()
        return set((await self.triton._stub.SystemSharedMemoryStatus(request)).regions)

    async def given_back(self) -> None:
        for _ in range(1000):
            if not self.triton.lanes.leased:
                return
            await asyncio.sleep(0.01)
        pytest.fail("a part was never given back")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def backstage(tmp_path_factory):
    state = tmp_path_factory.mktemp("lanes")
    folder = state / "models/echo.v1/1"
    folder.mkdir(parents=True)
    (folder / "model.py").write_text(RUNNER)
    (folder.parent / "config.pbtxt").write_text(triton_config(ECHO, 1, "0" * 64))
    backstage = Backstage(state)
    await backstage.starts()
    yield backstage
    await backstage.process.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def bench(backstage):
    bench = Bench(backstage, Triton(*backstage.addresses, SIZE))
    keeping = asyncio.create_task(bench.triton.lanes.keep())
    await bench.opened()
    try:
        yield bench
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await bench.triton.close()


async def test_answers_by_lane_are_those_by_message_and_the_callers_own(bench):
    plain = Triton(*bench.backstage.addresses)
    for size in (10, LEAST - 1, LEAST, 3_000_001):
        inputs = given(size)
        kept = [await bench.runs(inputs) for _ in range(3)]  # sizes are known from the second on
        await bench.runs(given(size))
        theirs = await plain.run(ECHO, 1, inputs, 20.0)
        for ours in kept:
            assert ours["same"].dtype == theirs["same"].dtype
            assert np.array_equal(ours["same"], theirs["same"])
            assert not ours["same"].flags.writeable
    assert bench.triton.lanes.leased == 0
    await plain.close()


async def test_a_slab_that_triton_knows_has_no_name_any_more(bench):
    assert bench.triton.lanes.name in await bench.known()
    assert not list(SHM.glob(f"{LANE}*"))


async def test_many_at_once_never_mix(bench):
    await asyncio.gather(*(bench.runs(given(LEAST + 1000 * number)) for number in range(40)))
    assert bench.triton.lanes.leased == 0


async def test_what_finds_no_room_goes_by_message(bench):
    await bench.runs(given(SIZE + 1))


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_part_is_held_until_triton_has_answered_though_nobody_waits(bench, how):
    await bench.runs()
    began = time.monotonic()
    if how == "late":
        with pytest.raises(DeadlinePassed):
            await bench.runs(given(seconds=0.8), timeout=0.1)
    else:
        run = asyncio.create_task(bench.runs(given(seconds=0.8)))
        await asyncio.sleep(0.1)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
    assert time.monotonic() - began < 0.6
    assert bench.triton.lanes.leased >= 4 * LEAST
    await bench.given_back()
    assert time.monotonic() - began > 0.75
    await bench.runs()


@pytest.mark.parametrize("how", ["cancelled", "late"])
async def test_a_run_by_message_that_nobody_waits_for_ends_in_its_runner_alone(bench, how):
    run = bench.runs(given(10, seconds=0.6), timeout=0.2 if how == "late" else 20.0)
    waiting = asyncio.create_task(run)
    await asyncio.sleep(0.1)
    if how == "cancelled":
        waiting.cancel()
    with pytest.raises(DeadlinePassed if how == "late" else asyncio.CancelledError):
        await waiting
    await asyncio.sleep(0.1)
    assert len(list(SHM.glob(f"{RUN}*"))) == 1
    await bench.runs(given(10))
    await asyncio.sleep(0.1)
    assert not list(SHM.glob(f"{RUN}*"))
    assert bench.backstage.cancelled() == 0


async def test_a_run_that_fails_when_nobody_waits_is_no_defect(bench, caplog):
    await bench.runs()
    with pytest.raises(DeadlinePassed):
        await bench.triton.run(ECHO, 1, given(seconds=0.4, times=-1.0), 0.05)
    await bench.given_back()
    gc.collect()
    assert not [record for record in caplog.records if record.name == "asyncio"]


async def test_a_run_that_fails_gives_its_part_back_and_keeps_the_slab(bench):
    name = bench.triton.lanes.name
    with pytest.raises(ModelFailed):
        await bench.triton.run(ECHO, 1, given(times=-1.0), 20.0)
    assert (bench.triton.lanes.leased, bench.triton.lanes.name) == (0, name)


async def test_a_run_that_was_never_sent_gives_its_part_back_and_keeps_the_slab(bench, monkeypatch):
    name = bench.triton.lanes.name
    monkeypatch.setattr(bench.triton, "_connections", Connections("127.0.0.1:1"))
    with pytest.raises(ModelNotReady):
        await bench.triton.run(ECHO, 1, given(), 20.0)
    assert (bench.triton.lanes.leased, bench.triton.lanes.name) == (0, name)


async def test_an_answer_larger_than_before_arrives_all_the_same(bench):
    first = bench.triton.lanes.name
    await bench.runs(given(times=1.0))
    await bench.runs(given(times=1.0))
    await bench.runs(given(times=3.0))
    await bench.opened(after=first)
    await bench.runs(given(times=3.0))


async def test_a_registration_that_is_gone_costs_no_call(bench):
    first = bench.triton.lanes.name
    await bench.triton._stub.SystemSharedMemoryUnregister(
        service_pb2.SystemSharedMemoryUnregisterRequest(name="")
    )
    await bench.runs()
    await bench.opened(after=first)
    await bench.runs()
    assert await bench.known() == {bench.triton.lanes.name}


async def test_a_triton_that_comes_back_gets_another_slab(bench):
    first = bench.triton.lanes.name
    running = asyncio.create_task(bench.triton.run(ECHO, 1, given(seconds=5.0), 20.0))
    await asyncio.sleep(0.2)
    await bench.backstage.is_killed()
    with pytest.raises(ModelNotReady):
        await running
    assert not bench.triton.lanes.open
    await bench.backstage.starts()
    await bench.runs()
    await bench.opened(after=first)
    await bench.runs()


async def test_triton_forgets_what_a_server_that_leaves_had(bench):
    plain = Triton(*bench.backstage.addresses)
    await bench.triton.lanes.close()
    known = await plain._stub.SystemSharedMemoryStatus(
        service_pb2.SystemSharedMemoryStatusRequest()
    )
    assert not known.regions
    await plain.close()


async def test_triton_forgets_what_a_server_left_that_was_killed(bench):
    name = f"{LANE}{2**30}_5_0"
    (SHM / name).write_bytes(b"\0" * 4096)
    await bench.triton._stub.SystemSharedMemoryRegister(
        service_pb2.SystemSharedMemoryRegisterRequest(name=name, key=f"/{name}", byte_size=4096)
    )
    (SHM / name).unlink()
    first = bench.triton.lanes.name
    bench.triton.lanes.lose(bench.triton.lanes._slab)
    await bench.opened(after=first)
    assert await bench.known() == {bench.triton.lanes.name}


async def test_without_room_for_a_slab_all_goes_by_message(bench, monkeypatch):
    monkeypatch.setattr(lanes, "FIRST_PAUSE", 0.01)
    poor = Triton(*bench.backstage.addresses, 10**15)
    keeping = asyncio.create_task(poor.lanes.keep())
    await asyncio.sleep(0.1)
    assert not poor.lanes.open
    assert (await poor.run(ECHO, 1, given(), 20.0))["same"].size == 2 * LEAST
    keeping.cancel()
    await poor.close()
