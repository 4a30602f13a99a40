"""A server whose one stream answers frames as each test wants, and the caller at its other end."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import grpc
import pytest

from limner.errors import from_rpc_error
from limner.v1 import segment_pb2, segment_pb2_grpc
from limner_registry.routes import Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import Limits
from limner_server.call import Budget
from limner_server.interceptor import Calls
from limner_server.metrics import Metrics
from limner_server.routing.trials import Trials
from limner_server.services.checks import Checks
from limner_server.services.frames import answer_newest, on_image

METHOD = "/limner.v1.SegmentService/SegmentStream"
USUAL = Budget(default=20, floor=0, frame=10)
LABELS = {
    "grpc_type": "bidi_stream",
    "grpc_service": "limner.v1.SegmentService",
    "grpc_method": "SegmentStream",
}


class Portraits(segment_pb2_grpc.SegmentServiceServicer):
    """Answers a frame with its width once the test lets it go."""

    def __init__(self):
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Queue()
        self.came = asyncio.Queue()
        self.calls = []
        self.prepared = []
        self.failures = {}
        self.unprepared = []

    def SegmentStream(self, request_iterator, context):
        reply = segment_pb2.SegmentStreamResponse
        return answer_newest(self.noted(request_iterator), self.check, self.prepare, reply)

    async def noted(self, requests):
        async for request in requests:
            self.came.put_nowait(request)
            yield request

    def check(self, settings):
        checks = Checks("settings.")
        checks.settings(settings, left_out=("image",))
        checks.output(settings.output)
        checks.done()

    async def prepare(self, settings, call):
        self.prepared.append(settings.output.quality)
        if self.unprepared:
            raise self.unprepared.pop()

        async def answer(image, call):
            self.calls.append(call)
            self.begun.put_nowait(image.data)
            await self.gate.wait()
            call.check()
            if image.data in self.failures:
                raise self.failures[image.data]
            return segment_pb2.SegmentResponse(width_px=settings.output.quality)

        return on_image(answer)


class Bench:
    """A server with one stream open to it."""

    def __init__(self, servicer, calls, metrics, stub):
        self.servicer, self.calls, self.metrics, self.stub = servicer, calls, metrics, stub
        self.stream = None

    def open(self, **options):
        self.stream = self.stub.SegmentStream(**options)
        return self.stream

    async def settings(self, quality=1, **fields):
        told = segment_pb2.SegmentRequest(output={"quality": quality}, **fields)
        await self.stream.write(segment_pb2.SegmentStreamRequest(settings=told))

    async def frame(self, number, data=None):
        frame = {"number": number, "image": {"data": data or f"{number}".encode()}}
        await self.stream.write(segment_pb2.SegmentStreamRequest(frame=frame))

    async def taken_in(self, count):
        for _ in range(count):
            await self.servicer.came.get()

    async def reply(self):
        return await asyncio.wait_for(self.stream.read(), 5)

    async def read_on(self):
        while await self.reply() is not grpc.aio.EOF:
            pass

    async def failure(self):
        with pytest.raises(grpc.RpcError) as caught:
            await self.read_on()
        return from_rpc_error(caught.value)

    def count(self, outcome):
        labels = {**LABELS, "outcome": outcome}
        return self.metrics.registry.get_sample_value("limner_frames_total", labels)


async def no_run(*_args):
    pytest.fail("nothing here is shown to a canary")


@asynccontextmanager
async def served(budget=USUAL, handlers=None):
    """Yield a bench; `handlers` answer in the servicer's place, by service and method."""
    metrics, servicer, routes = Metrics(), Portraits(), [Routes(4, {})]
    door = Door(Limits(calls=4, bytes=10**9, pixels=10**9), metrics)
    trials = Trials(lambda: routes[0], no_run, metrics)
    calls = Calls({METHOD: budget}, trials, door, metrics, operator_token="open sesame")
    server = grpc.aio.server(interceptors=(calls,))
    if handlers is None:
        segment_pb2_grpc.add_SegmentServiceServicer_to_server(servicer, server)
    for service, methods in (handlers or {}).items():
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, methods),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        bench = Bench(servicer, calls, metrics, segment_pb2_grpc.SegmentServiceStub(channel))
        bench.routes, bench.address, bench.channel = routes, f"127.0.0.1:{port}", channel
        yield bench
    await server.stop(None)
