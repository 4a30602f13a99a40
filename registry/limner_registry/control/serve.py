"""The controller as a process: its passes, its services, its page of metrics, its end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from limner.errors import STATUS_DETAILS, LimnerError, to_status
from limner.v1 import reasons, rollouts_pb2_grpc, routing_pb2_grpc
from limner_registry.control.condition import Condition
from limner_registry.control.controller import Controller
from limner_registry.control.links import Links
from limner_registry.control.metrics import Figures, page
from limner_registry.control.projector import Policy, Projector
from limner_registry.control.proposal import VersionRefused
from limner_registry.control.rollouts import Rollouts
from limner_registry.control.shelf import Shelf
from limner_registry.errors import (
    InputRefused,
    ModelUnknown,
    RegistryError,
    RegistryUnavailable,
    VersionUnknown,
)
from limner_registry.rollout.errors import EtagMismatch, RolloutUnknown, TransitionIllegal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from concurrent.futures import Executor
    from pathlib import Path

    from limner_registry.rollout.store import Store
    from limner_registry.store import Registry
    from limner_registry.triton_config import Kind

log = logging.getLogger(__name__)

PASS_SECONDS: Final = 5.0
"""Between two passes when nothing hints at anything."""
ASKING: Final = 4
"""Threads for what asks MLflow: where it hangs, nothing else waits for a thread."""
REASONS: Final[tuple[tuple[type[RegistryError], type[LimnerError]], ...]] = (
    (RolloutUnknown, reasons.RolloutUnknown),
    (EtagMismatch, reasons.EtagMismatch),
    (TransitionIllegal, reasons.TransitionIllegal),
    (VersionRefused, reasons.VersionRefused),
    (ModelUnknown, reasons.ModelVersionUnknown),
    (VersionUnknown, reasons.ModelVersionUnknown),
    (RegistryUnavailable, reasons.RegistryUnavailable),
    (InputRefused, reasons.ParameterOutOfRange),
    (RegistryError, reasons.VersionRefused),
)
"""How the registry's errors are told to callers; the first that fits."""


@dataclass(frozen=True)
class Place:
    """Where a controller listens, and what it stands on."""

    state: Path
    host: str = "127.0.0.1"
    port: int = 50053
    """0 takes a free one."""
    metrics_port: int = 0
    """Of the Prometheus page, on the same host; 0 takes a free one."""
    kind: Kind = "KIND_CPU"
    """Where the versions that it places run."""
    moved_aliases: Policy = Policy.REVERT
    """What is done where somebody moves an alias in MLflow."""


class Translated(grpc.aio.ServerInterceptor):
    """Ends calls that fail in a LimnerError, with all that a caller can use."""

    async def intercept_service(
        self, continuation: Callable[[Any], Awaitable[Any]], details: Any
    ) -> Any:
        """Wrap methods that take one request; servers' streams of many end as they are."""
        handler = await continuation(details)
        if handler is None or handler.request_streaming:
            return handler

        async def answer(request: Any, context: Any) -> Any:
            async with _translated(context):
                return await handler.unary_unary(request, context)

        async def answers(request: Any, context: Any) -> AsyncIterator[Any]:
            async with _translated(context):
                async for one in handler.unary_stream(request, context):
                    yield one

        codec = (handler.request_deserializer, handler.response_serializer)
        if handler.response_streaming:
            return grpc.unary_stream_rpc_method_handler(answers, *codec)
        return grpc.unary_unary_rpc_method_handler(answer, *codec)


@contextlib.asynccontextmanager
async def _translated(context: Any) -> AsyncIterator[None]:
    """End a call in what its failure is told as."""
    try:
        yield
    except RegistryError as error:
        failure = told(error)
        status = to_status(failure)
        trailing = ((STATUS_DETAILS, status.SerializeToString()),)
        await context.abort(failure.code, status.message, trailing)


def told(error: RegistryError) -> LimnerError:
    """Return an error of the registry as callers are told it."""
    kind = next(reason for cause, reason in REASONS if isinstance(error, cause))
    return kind(str(error))


async def serve(place: Place, store: Store, registry: Registry, ended: asyncio.Event) -> None:
    """Run a controller until `ended` is set.

    While it runs, `controller.json` in the state folder says where it listens.

    Raises:
        OSError: A port is in use.
    """
    models, wake, news = place.state / "models", asyncio.Event(), asyncio.Event()
    asking = ThreadPoolExecutor(ASKING, "registry")
    projector = Projector(store, registry, place.moved_aliases)
    shelf = Shelf(store, registry, models, projector, place.kind)
    controller = Controller(store, models, shelf.refused)
    decided, arrived = Condition("decisions"), Condition("arrivals of versions")
    links = Links(store, wake.set, decided)
    figures = Figures(store, controller.explain, (decided, arrived), projector.moved)
    rollouts = Rollouts(store, registry, controller, asking, wake.set)
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(asking.shutdown, wait=False, cancel_futures=True)
        metrics = stack.enter_context(page(figures, place.host, place.metrics_port))
        port = await stack.enter_async_context(_listening(place, links, rollouts))
        stack.enter_context(_recorded(place, port, metrics))
        for work in (
            keep_passing(controller.run_pass, decided, None, wake, news),
            keep_passing(shelf.run_pass, arrived, asking, news, wake),
            links.keep_pushing(),
        ):
            stack.push_async_callback(_end, asyncio.create_task(work))
        log.info("controller listens", extra={"address": f"{place.host}:{port}"})
        await ended.wait()


@contextlib.asynccontextmanager
async def _listening(place: Place, links: Links, rollouts: Rollouts) -> AsyncIterator[int]:
    """Offer the services for as long as the block lasts; yields the port."""
    server = grpc.aio.server(interceptors=(Translated(),), options=(("grpc.so_reuseport", 0),))
    routing_pb2_grpc.add_RoutingServiceServicer_to_server(links, server)
    rollouts_pb2_grpc.add_RolloutServiceServicer_to_server(rollouts, server)
    healthy = health.aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(healthy, server)
    try:
        port = server.add_insecure_port(f"{place.host}:{place.port}")
    except RuntimeError as error:
        raise OSError(f"{place.host}:{place.port} is in use already") from error
    await server.start()
    await healthy.set("", health_pb2.HealthCheckResponse.SERVING)
    try:
        yield port
    finally:
        await server.stop(grace=0.5)


@contextlib.contextmanager
def _recorded(place: Place, port: int, metrics: int) -> Iterator[None]:
    """Let others on this machine find the controller for as long as the block lasts."""
    record, draft = place.state / "controller.json", place.state / ".controller.json"
    said = {
        "address": f"{place.host}:{port}",
        "metrics": f"http://{place.host}:{metrics}/metrics",
    }
    draft.write_text(json.dumps(said))
    draft.replace(record)
    try:
        yield
    finally:
        record.unlink(missing_ok=True)


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def keep_passing(
    run_pass: Callable[[float], bool],
    condition: Condition,
    threads: Executor | None,
    wake: asyncio.Event,
    news: asyncio.Event,
) -> None:
    """Pass again and again until cancelled: every few seconds, and at once on a hint.

    Args:
        run_pass: One pass at an instant; returns whether it changed anything.
        condition: Is told whether passes can be made.
        threads: Where passes run; None is where everything else does.
        wake: Set on a hint.
        news: Set after a pass that changed something.
    """
    while True:
        wake.clear()
        try:
            loop = asyncio.get_running_loop()
            if await loop.run_in_executor(threads, run_pass, time.time()):
                news.set()
            condition.done()
        except RegistryUnavailable as error:
            condition.failed(error)
        except Exception:  # a defect must not end what can take a bad version out
            log.exception("a pass failed; trying again")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PASS_SECONDS):  # wait_for may swallow being cancelled
                await wake.wait()
