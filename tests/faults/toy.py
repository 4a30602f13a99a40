"""One network that does as it is told, and the service before it.

Run as `python -m tests.faults.toy STATE PORT`, it is a server of its own over what is placed there;
it says its port and its metrics' once it listens, and leaves when told to.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np
import uvloop

from limner.v1 import segment_pb2, segment_pb2_grpc
from limner_registry.contract import Contract
from limner_registry.ending import end
from limner_registry.golden import Golden
from limner_registry.routes import Routes, write_routes
from limner_registry.tensors import FREE, Tensor
from limner_registry.triton_config import triton_config
from limner_server.app import running
from limner_server.call import Budget, Call
from limner_server.services.frames import Answer, answer_newest
from limner_server.settings import Settings
from limner_server.triton.leftovers import shm_prefix

TOY = Contract(
    "toy",
    1,
    (
        Tensor("given", "uint8", (FREE,), "any bytes"),
        Tensor("order", "float32", (2,), "what to do, and for how many seconds"),
    ),
    (Tensor("same", "uint8", (FREE,), "the same"), Tensor("value", "float32", (1,), "0")),
    1,
)
ANSWER, EXIT, RAISE, HANG, LEAK, NAN, SHAPE = range(7)
LEAK_FILE, LEAK_THREAD, LEAK_CHILD, LEAK_SHM = range(7, 11)
"""What it can be told to do; of memory it leaks as many MiB as it would else wait seconds."""
RUNNER = '''
import os
import threading
import time
import uuid
import numpy as np
import triton_python_backend_utils as triton

KEPT = []

class TritonPythonModel:
    """Does what each request orders."""

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        given, order = (
            triton.get_input_tensor_by_name(request, name).as_numpy()
            for name in ("given", "order")
        )
        what, seconds = int(order[0, 0]), float(order[0, 1])
        if what == 1:
            os._exit(3)
        if what == 2:
            raise ValueError("ordered to fail")
        if what == 4:
            KEPT.append(np.ones(int(seconds * 2**20), np.uint8))
        elif what == 7:
            os.open("/dev/null", os.O_RDONLY)
        elif what == 8:
            threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()
        elif what == 9:
            os.posix_spawn("/bin/true", ["true"], {})
        elif what == 10:
            open(f"/dev/shm/{PREFIX}{uuid.uuid4().hex}", "wb").close()
        else:
            time.sleep(seconds)
        value = np.full((1, 2 if what == 6 else 1), np.nan if what == 5 else 0, np.float32)
        tensors = [triton.Tensor("same", given), triton.Tensor("value", value)]
        return triton.InferenceResponse(tensors)
'''
GIVEN = np.arange(1000, dtype=np.uint8).reshape(1, -1)


class Toy(segment_pb2_grpc.SegmentServiceServicer):
    """Runs the network once a call; a picture's width says what it is told to do."""

    name = "limner.v1.SegmentService"
    needs = (TOY,)
    uses = ()
    budgets: ClassVar = {
        "Segment": Budget(default=20.0, floor=0.001),
        "SegmentStream": Budget(default=3600.0, floor=0.0, frame=20.0),
    }

    def __init__(self, models):
        self.models = models

    def register(self, server):
        segment_pb2_grpc.add_SegmentServiceServicer_to_server(self, server)

    async def Segment(self, request, context):
        return await self._run(request, Call.current())

    def SegmentStream(self, request_iterator, context):
        return answer_newest(
            request_iterator, lambda _: None, self._prepare, segment_pb2.SegmentStreamResponse
        )

    async def _prepare(self, settings, call):
        return Answer(self._run)

    async def _run(self, message, call):
        what, milliseconds = message.image.width_px, message.image.height_px
        order = np.array([[what, milliseconds / 1000]], np.float32)
        given = np.frombuffer(message.image.data, np.uint8)[None]
        await self.models.infer(TOY, {"given": given, "order": order}, call)
        return segment_pb2.SegmentResponse()


def toy(folder: Path) -> None:
    """Put what does as it is told into a version's folder."""
    prefix = shm_prefix(folder.parents[2])
    (folder / "model.py").write_text(f"PREFIX = {prefix!r}\n{RUNNER}")


def place(state: Path, runner: Callable[[Path], None] = toy, version: int = 1) -> None:
    """Place a version as the registry would; `runner` puts its own files into its folder."""
    folder = state / f"models/toy.v{version}/{version}"
    folder.mkdir(parents=True)
    runner(folder)
    (folder.parent / "config.pbtxt").write_text(triton_config(TOY, version, "0" * 64))
    inputs = {"given": GIVEN, "order": np.zeros((1, 2), np.float32)}
    Golden(inputs, {"same": GIVEN, "value": np.zeros((1, 1), np.float32)}, 0.0).write(folder)
    write_routes(state / "models", Routes(version, {TOY.model: version}))


async def serve(state: Path, port: int) -> None:
    """Run the server until SIGTERM; a port of 0 takes any."""
    asked_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_stop.set)
    async with running(Settings(state, port=port, metrics_port=0), [Toy]) as app:
        print(app.port, app.metrics_port, flush=True)  # noqa: T201 - to who started it
        await asked_to_stop.wait()
        await app.drain()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Path(sys.argv[1]), int(sys.argv[2])))
        end(0)
