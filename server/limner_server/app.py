"""The server put together: every object is built here, started in order and stopped in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from limner_registry.routes import Routes
from limner_server.admission.door import Door
from limner_server.admission.limits import MEGA, Limits, memory_here
from limner_server.children import supervised
from limner_server.cores import cores_here
from limner_server.health import Health
from limner_server.imaging import closed_form
from limner_server.interceptor import Calls
from limner_server.lag import watch_lag
from limner_server.listening import free_port, listening_on
from limner_server.metrics import Metrics
from limner_server.references.known import Known
from limner_server.references.store import ReferenceStore
from limner_server.routing.controller import ControllerProcess
from limner_server.routing.link import Link
from limner_server.routing.models import Models
from limner_server.routing.trials import Trials
from limner_server.services.animalize import AnimalizeService
from limner_server.services.composite import CompositeService
from limner_server.services.dye import DyeService
from limner_server.services.matte import MatteService
from limner_server.services.model import ModelService
from limner_server.services.references import References
from limner_server.services.segment import SegmentService
from limner_server.services.stylize import StylizeService
from limner_server.services.transfer_hair import TransferHairService
from limner_server.triton.client import Triton
from limner_server.triton.process import Ports, TritonProcess
from limner_server.triton.servables import Servables
from limner_server.triton.wear import Wear

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from limner_server.call import Budget
    from limner_server.services.service import Service
    from limner_server.settings import Settings

log = logging.getLogger(__name__)

MAX_REQUEST = 72 * 1024 * 1024
"""Bytes of the largest request: a picture and a plane at their limits, and room for the rest."""
MAX_REPLY = 320 * 1024 * 1024
"""Bytes of the largest reply: 50 megapixels as raw RGBA and two raw planes."""
LINGER_SECONDS, LINGER_TURNS = 0.3, 30
"""Before and after the server stops to take calls, in which those turned away are not told yet:
who waits for an answer does not ask again, and gRPC cancels without a word what comes just then."""
OPTIONS = (
    ("grpc.max_receive_message_length", MAX_REQUEST),
    ("grpc.max_send_message_length", MAX_REPLY),
    ("grpc.so_reuseport", 0),  # a busy port is refused, not shared with a stranger
    ("grpc.max_connection_age_ms", 5 * 60 * 1000),
    ("grpc.max_connection_age_grace_ms", 60 * 60 * 1000),  # the longest stream
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


SERVICES: tuple[type[Service], ...] = (
    SegmentService,
    MatteService,
    DyeService,
    StylizeService,
    CompositeService,
    AnimalizeService,
    TransferHairService,
    ModelService,
)


@dataclass
class App:
    """The parts of a running server that its owner talks to."""

    settings: Settings
    port: int
    metrics_port: int
    triton: str
    """host:port of Triton's gRPC."""
    controller: str
    """host:port of the controller; empty where there is none."""
    _calls: Calls
    _health: Health
    _server: grpc.aio.Server

    async def drain(self) -> None:
        """Take leave: say so, turn new calls away, let those in flight finish."""
        await self._health.leave()
        await asyncio.sleep(self.settings.lame_duck_seconds)
        self._calls.drain.begun.set()
        log.info("draining")
        try:
            async with asyncio.timeout(self.settings.drain_seconds):
                await self._calls.idle()
        except TimeoutError:
            self._calls.drain.give_up()
        with self._calls.drain.held_back():
            for _ in range(LINGER_TURNS):  # a loop that was held up sees everybody all the same
                await asyncio.sleep(LINGER_SECONDS / LINGER_TURNS)
            stopping = asyncio.create_task(self._server.stop(grace=1.0))
            await asyncio.wait({stopping}, timeout=LINGER_SECONDS)
        await stopping


@asynccontextmanager
async def running(
    settings: Settings, kinds: Sequence[type[Service]] = SERVICES
) -> AsyncIterator[App]:
    """Run the server for as long as the block lasts.

    Calls are answered from the start; until models are ready with UNAVAILABLE.

    Args:
        settings: What the server was told.
        kinds: The services to offer.

    Raises:
        CannotListen: A port is in use, or the host is not this machine.
        TritonMissing: The embedded Triton cannot be started.
    """
    metrics = Metrics()
    ours = range(settings.port, settings.port + 4)  # metrics and a controller are beside it
    ports = Ports.free({*ours, settings.metrics_port})
    async with contextlib.AsyncExitStack() as stack:
        pixels = ThreadPoolExecutor(cores_here(), "pixels")
        stack.callback(pixels.shutdown, wait=False, cancel_futures=True)
        asyncio.get_running_loop().set_default_executor(pixels)
        metrics_port = _page(stack, metrics, settings)
        address = settings.triton or ports.grpc_address
        http = settings.http_of_triton or ports.http_address
        triton = Triton(address, http, settings.lane_megabytes * MEGA)
        stack.push_async_callback(triton.close)
        metrics.lanes_open.set_function(lambda: triton.lanes.open)
        metrics.lanes_leased.set_function(lambda: triton.lanes.leased)
        needs = {kind.name: kind.needs for kind in kinds}
        health = Health(needs, lambda: servables.tried)
        folder = settings.state / "models"
        contracts = {contract for kind in kinds for contract in (*kind.needs, *kind.uses)}
        servables = Servables(triton, folder, contracts, metrics, health.routed)
        await health.routed(Routes())  # which name nothing: nothing serves yet
        metrics.mended.set_function(lambda: servables.mends)
        trials = Trials(lambda: servables.routes, triton.run, metrics)
        models = Models(triton, servables, trials, metrics, folder)
        services = [_made(kind, models, settings) for kind in kinds]
        if not settings.triton:
            wear = Wear(lambda: servables.mends, lambda: triton.silences)
            beside = _triton(settings, ports, metrics, wear, servables.wake)
            await stack.enter_async_context(beside)
        stack.callback(servables.leave)
        door = Door(Limits.of(settings, memory_here(), cores_here()), metrics)
        calls = Calls(_budgets(services), trials, door, metrics, settings.operator_token)
        server = _server(services, health, calls, reflected=settings.reflection)
        port = _listen(server, settings)
        await server.start()
        stack.push_async_callback(server.stop, None)
        stack.enter_context(_task(triton.lanes.keep()))
        stack.enter_context(_task(servables.keep_settled()))
        stack.enter_context(_task(trials.shadow.work()))
        controller = await stack.enter_async_context(_controller(settings, metrics))
        if controller:
            link = Link(controller, _name(settings, port), folder, servables, trials)
            stack.enter_context(_task(link.keep()))
        stack.enter_context(_task(watch_lag(metrics.loop_lag.observe)))
        stack.enter_context(_task(asyncio.to_thread(_warm)))
        log.info("listening", extra={"address": f"{settings.host}:{port}", "metrics": metrics_port})
        yield App(settings, port, metrics_port, address, controller, calls, health, server)


def _made(kind: type[Service], models: Models, settings: Settings) -> Service:
    """Return a service; of all, hair's references alone are more than models know."""
    if kind is not TransferHairService:
        return kind(models)
    store = ReferenceStore(settings.references_folder)
    known = Known(settings.state / "features.json")
    return TransferHairService(models, References(store, known, models))


def _warm() -> None:
    """Compile what is compiled when it is first used, or read what an earlier run left."""
    from limner_server.imaging import composing_loops, drawing_loops, loops  # noqa: PLC0415 - half a second, off the event loop

    closed_form.warm()
    loops.warm()
    drawing_loops.warm()
    composing_loops.warm()


def _triton(
    settings: Settings, ports: Ports, metrics: Metrics, wear: Wear, again: Callable[[], None]
) -> AbstractAsyncContextManager[None]:
    """Run a tritonserver beside the block."""
    page = f"http://127.0.0.1:{ports.metrics}/metrics"
    answers = {"address": ports.grpc_address, "http": ports.http_address, "metrics": page}
    metrics.triton.info(answers)
    start = partial(TritonProcess.start, settings.state, ports, wear)
    return supervised("triton", start, metrics.triton_restarts, again)


@asynccontextmanager
async def _controller(settings: Settings, metrics: Metrics) -> AsyncIterator[str]:
    """Yield the controller's address; one that is to be here runs beside the block."""
    host, _, told = settings.controller.rpartition(":")
    if host or not told:
        yield settings.controller
        return
    port = free_port("127.0.0.1", int(told))
    metrics_port = port + 1 if int(told) else 0
    start = partial(
        ControllerProcess.start,
        settings.state,
        port,
        metrics_port,
        json_logs=settings.json_logs,
    )
    async with supervised("controller", start, metrics.controller_restarts):
        yield f"127.0.0.1:{port}"


def _server(
    services: Sequence[Service], health: Health, calls: Calls, *, reflected: bool
) -> grpc.aio.Server:
    """Return the gRPC server with every service on it, not yet listening."""
    server = grpc.aio.server(interceptors=(calls,), options=OPTIONS)
    for service in services:
        service.register(server)
    health_pb2_grpc.add_HealthServicer_to_server(health.servicer, server)
    if reflected:
        names = [service.name for service in services]
        reflection.enable_server_reflection((*names, reflection.SERVICE_NAME), server)
    return server


def _name(settings: Settings, port: int) -> str:
    """Return what this server goes by among all."""
    return settings.instance or f"{socket.gethostname()}-{port}"[-64:]


def _budgets(services: Sequence[Service]) -> dict[str, Budget]:
    return {
        f"/{service.name}/{method}": budget
        for service in services
        for method, budget in service.budgets.items()
    }


def _listen(server: grpc.aio.Server, settings: Settings) -> int:
    with listening_on(settings.host, settings.port):
        return server.add_insecure_port(f"{settings.host}:{settings.port}")


def _page(stack: contextlib.AsyncExitStack, metrics: Metrics, settings: Settings) -> int:
    with listening_on(settings.host, settings.metrics_port):
        return stack.enter_context(metrics.page(settings.host, settings.metrics_port))


@contextlib.contextmanager
def _task(work: Coroutine[None, None, None]) -> Iterator[None]:
    """Run `work` beside the block and cancel it at the block's end."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
