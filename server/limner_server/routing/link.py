"""The link to the controller: tables come down, and what becomes of them and of calls goes up.

A server needs no controller to go on: it boots from the table on disk, and keeps the one it has.
Without word from the controller only its canaries run out of time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any, Final

import grpc

from limner.v1 import routing_pb2, routing_pb2_grpc
from limner_registry.routes import read_routes, write_routes
from limner_registry.routes_wire import from_message

if TYPE_CHECKING:
    from pathlib import Path

    from limner_registry.routes import Routes
    from limner_server.routing.trials import Trials
    from limner_server.triton.servables import Servables

log = logging.getLogger(__name__)

REPORT_SECONDS: Final = 1.0
"""Between two reports of counts and of what can be served."""
LOOK_SECONDS: Final = 0.05
"""Between two looks whether a table that was taken is in force."""
SILENT_SECONDS: Final = 5.0
"""After which a server says how it is even where nothing has changed."""
DEAF_SECONDS: Final = 30.0
"""Without word from the controller, which speaks every few, after which the link is broken."""
AGAIN_SECONDS: Final = 1.0
"""After a broken link, before the next try."""
MAX_MESSAGE: Final = 8 * 1024 * 1024


class Link:
    """One server's stream to the controller, opened again whenever it breaks."""

    def __init__(
        self, address: str, instance: str, models: Path, servables: Servables, trials: Trials
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            address: The controller's, host:port.
            instance: This server's name among all.
            models: The folder in which the last good table is kept.
            servables: Bring what the table names up.
            trials: Hold the leases and the counts.
        """
        self._address = address
        self._hello = routing_pb2.Hello(instance=instance, boot=uuid.uuid4().hex)
        self._models = models
        self._servables = servables
        self._trials = trials
        self._up: asyncio.Queue[routing_pb2.SyncRoutingRequest] = asyncio.Queue()
        self._seq = 0
        self._owed: int | None = None
        self._ejections: dict[str, routing_pb2.Ejection] = {}
        self._taken = asyncio.Event()
        self._known = 0
        self._is_linked: bool | None = None
        self._linked = trials.metrics.controller_linked.labels(address)
        trials.on_ejection = self._ejected

    async def keep(self) -> None:
        """Stay linked until cancelled."""
        while True:
            options = (("grpc.max_receive_message_length", MAX_MESSAGE),)
            async with grpc.aio.insecure_channel(self._address, options=options) as channel:
                with contextlib.suppress(grpc.aio.AioRpcError, TimeoutError):
                    await self._talk(routing_pb2_grpc.RoutingServiceStub(channel))
            if self._is_linked is not False:
                log.warning("no link to the controller", extra={"address": self._address})
            self._is_linked = False
            self._linked.set(0)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _talk(self, stub: routing_pb2_grpc.RoutingServiceStub) -> None:
        """Say hello and go on until the stream ends."""
        self._up = asyncio.Queue()
        self._greet()
        # the stubs know the synchronous form alone
        stream: Any = stub.SyncRouting()  # type: ignore[call-arg]
        tasks = [asyncio.create_task(self._report()), asyncio.create_task(self._write(stream))]
        try:
            async with asyncio.timeout(DEAF_SECONDS) as patience:
                async for response in stream:
                    self._hears()
                    if response.HasField("table"):
                        await self._take(from_message(response.table))
                    if response.lease_seconds > 0:
                        self._trials.lease(response.lease_seconds)
                    patience.reschedule(asyncio.get_running_loop().time() + DEAF_SECONDS)
        finally:
            for task in tasks:
                task.cancel()

    def _greet(self) -> None:
        """Say who this is, which table is in force, and which of its canaries are out here."""
        self._known = self._hello.generation = self._servables.routes.generation
        self._say(hello=self._hello)
        for ejection in self._ejections.values():
            self._say(ejection=ejection)

    async def _write(self, stream: Any) -> None:
        """Send what there is to say, until the stream ends."""
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
            while True:
                await stream.write(await self._up.get())

    def _hears(self) -> None:
        if not self._is_linked:
            log.info("linked to the controller", extra={"address": self._address})
        self._is_linked = True
        self._linked.set(1)

    async def _take(self, routes: Routes) -> None:
        """Keep a table on disk, where `Servables` finds it, unless it is older than ours."""
        try:
            kept = await asyncio.to_thread(self._keep, routes)
        except (OSError, ValueError) as error:
            log.exception("a routing table could not be kept")
            self._answer(routes.generation, f"it could not be kept: {error}")
            return
        if not kept:
            self._answer(routes.generation, "it is older than the one in force")
            return
        self._known = max(self._known, routes.generation)
        rollouts = {canary.rollout for canary in routes.canaries.values()}
        self._trials.forget_but(rollouts)
        for rollout in self._ejections.keys() - rollouts:
            del self._ejections[rollout]
        self._owed = routes.generation
        self._taken.set()
        self._servables.wake()

    def _keep(self, routes: Routes) -> bool:
        self._models.mkdir(parents=True, exist_ok=True)
        ours = read_routes(self._models)
        if routes.generation < ours.generation:
            return False
        if routes != ours:
            write_routes(self._models, routes)
        return True

    async def _report(self) -> None:
        """Tell again and again what is in force, what can be served and what was counted."""
        told: bytes | None = None
        counted_at = 0.0
        while True:
            if self._servables.routes.generation > self._known:
                self._greet()  # somebody has placed a table by hand, which is to be overtaken
            if self._owed is not None and self._servables.routes.generation >= self._owed:
                self._answer(self._owed, "")
                self._owed = None
            servables = routing_pb2.Servables(versions=self._versions())
            if (now := servables.SerializeToString(deterministic=True)) != told:
                self._say(servables=servables)
                told = now
            if self._trials.outcomes.counts or time.monotonic() - counted_at > SILENT_SECONDS:
                self._say(counts=self._counts())
                counted_at = time.monotonic()
            self._taken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS if self._owed else REPORT_SECONDS):
                    await self._taken.wait()

    def _versions(self) -> list[routing_pb2.Servable]:
        now, durations = time.monotonic(), self._trials.durations
        return [
            routing_pb2.Servable(
                model=model,
                version=version,
                trouble=trouble,
                p95_seconds=durations.p95(model, version, now),
            )
            for (model, version), trouble in sorted(self._servables.troubles().items())
        ]

    def _counts(self) -> routing_pb2.Counts:
        self._seq += 1
        counts = [
            routing_pb2.Count(
                rollout=key.rollout, generation=key.generation, name=key.name, value=value
            )
            for key, value in self._trials.outcomes.counts.items()
        ]
        return routing_pb2.Counts(seq=self._seq, counts=counts)

    def _answer(self, generation: int, refusal: str) -> None:
        received = routing_pb2.TableReceived(generation=generation, refusal=refusal)
        self._up.put_nowait(routing_pb2.SyncRoutingRequest(received=received))

    def _ejected(self, rollout: str, generation: int, text: str) -> None:
        ejection = routing_pb2.Ejection(rollout=rollout, generation=generation, text=text)
        self._ejections[rollout] = ejection
        self._say(ejection=ejection)

    def _say(
        self,
        hello: routing_pb2.Hello | None = None,
        servables: routing_pb2.Servables | None = None,
        counts: routing_pb2.Counts | None = None,
        ejection: routing_pb2.Ejection | None = None,
    ) -> None:
        request = routing_pb2.SyncRoutingRequest(
            hello=hello, servables=servables, counts=counts, ejection=ejection
        )
        self._up.put_nowait(request)
