"""RoutingService: every connected server has the latest table, and what it says is kept.

What a server says goes to the store, so that every controller sees all servers, whichever of them
a server is connected to.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from limner.v1 import routing_pb2, routing_pb2_grpc
from limner_registry.control.condition import Condition
from limner_registry.control.table import routes_of
from limner_registry.errors import InputRefused, RegistryUnavailable
from limner_registry.rollout.counters import Snapshot
from limner_registry.rollout.fleet import Connected, Servable
from limner_registry.rollout.outcome import Key
from limner_registry.routes_wire import to_message

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from limner_registry.rollout.store import Store

log = logging.getLogger(__name__)

LEASE_SECONDS: Final = 120.0
"""How long canaries may have calls after decisions were last made here."""
RENEW_SECONDS: Final = 5.0
LOOK_SECONDS: Final = 0.25
"""Between two looks at the store for a table that another controller has written."""
MOST_COUNTS: Final = 10_000


@dataclass(eq=False)
class Link:
    """One server's stream."""

    server: Connected
    up: frozenset[tuple[str, int]] = frozenset()
    """The versions it last spoke of."""
    reports: list[Servable] = field(default_factory=list)
    """What it said of versions and the store has yet to take."""
    pushed: int = -1
    """Generation of the table it was given last."""
    told: asyncio.Event = field(default_factory=asyncio.Event)


class Links(routing_pb2_grpc.RoutingServiceServicer):
    """The servers that are connected here."""

    def __init__(self, store: Store, hint: Callable[[], None], decisions: Condition) -> None:
        """Serve the tables of a store.

        Args:
            store: Where tables are, and what servers say is kept.
            hint: Called when servers said what may change decisions.
            decisions: Whether they are made: while nobody could take a canary out, no lease of
                one is renewed.
        """
        self._store = store
        self._hint = hint
        self._decisions = decisions
        self._links: set[Link] = set()
        self._hearing = Condition("what servers say")
        self._latest = to_message(routes_of(store.fleet.generation()))

    async def SyncRouting(
        self, requests: AsyncIterator[Any], context: Any
    ) -> AsyncIterator[routing_pb2.SyncRoutingResponse]:
        """Keep one server's table up to date for as long as the stream lasts."""
        first = await anext(requests, None)
        if first is None or not first.HasField("hello") or not first.hello.instance:
            raise InputRefused("a server begins by saying who it is")
        hello = first.hello
        link = Link(Connected(hello.instance, hello.boot, hello.generation, time.time()))
        self._links.add(link)
        with contextlib.suppress(RegistryUnavailable):  # it is kept with the next it says
            await self._hear(link, "hello", hello)
        listening = asyncio.create_task(self._listen(link, requests))
        try:
            while not listening.done():
                response = routing_pb2.SyncRoutingResponse(lease_seconds=self._lease())
                if link.pushed != self._latest.generation and self._latest.generation:
                    response.table.CopyFrom(self._latest)
                    link.pushed = self._latest.generation
                yield response
                link.told.clear()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(RENEW_SECONDS):
                        await link.told.wait()
        finally:
            listening.cancel()
            self._links.discard(link)
            with contextlib.suppress(RegistryUnavailable):
                await asyncio.to_thread(self._store.fleet.disconnect, link.server)
            self._hint()

    async def GetRoutingTable(self, request: Any, context: Any) -> Any:
        """Return the latest table, and who has which."""
        routes, servers = await asyncio.to_thread(self._seen)
        return routing_pb2.GetRoutingTableResponse(
            table=to_message(routes),
            digest=routes.digest(),
            servers=[
                routing_pb2.ServerState(instance=server.instance, generation=server.generation)
                for server in servers
            ],
        )

    async def keep_pushing(self) -> None:
        """Look for new tables until cancelled, and wake every link when there is one."""
        while True:
            with contextlib.suppress(RegistryUnavailable):
                latest = await asyncio.to_thread(self._store.fleet.generation)
                if latest.number != self._latest.generation:
                    self._latest = to_message(routes_of(latest))
                    for link in self._links:
                        link.told.set()
            await asyncio.sleep(LOOK_SECONDS)

    def _lease(self) -> float:
        """Return the seconds for which canaries may have calls from now."""
        return max(0.0, LEASE_SECONDS - (time.monotonic() - self._decisions.done_at))

    def _seen(self) -> tuple[Any, Sequence[Connected]]:
        return routes_of(self._store.fleet.generation()), self._store.fleet.servers()

    async def _listen(self, link: Link, requests: AsyncIterator[Any]) -> None:
        """Keep what a server says."""
        async for request in requests:
            kind = request.WhichOneof("message")
            try:
                await self._hear(link, kind, getattr(request, kind) if kind else None)
                self._hearing.done()
            except RegistryUnavailable as error:
                self._hearing.failed(error)
            if kind in {"received", "servables", "ejection"}:
                self._hint()

    async def _hear(self, link: Link, kind: str | None, said: Any) -> None:
        fleet, instance, now = self._store.fleet, link.server.instance, time.time()
        if kind == "hello":
            link.server = replace(link.server, generation=said.generation)
            if said.generation > self._latest.generation:
                await asyncio.to_thread(fleet.surpass, said.generation, now)
        elif kind == "received":
            generation = link.server.generation if said.refusal else said.generation
            link.server = replace(link.server, generation=generation, refusal=said.refusal)
            if link.server.ejections:
                link.server = await asyncio.to_thread(self._forgiven, link.server)
        elif kind == "ejection":
            ejections = {**link.server.ejections, said.rollout: said.text}
            link.server = replace(link.server, ejections=ejections)
        elif kind == "servables":
            reports = [_servable(one, instance, now) for one in said.versions]
            named = frozenset((one.model, one.version) for one in said.versions)
            reports += [
                Servable(model, version, instance, proven=False, text="", at=now)
                for model, version in link.up - named
            ]
            link.up = named
            link.reports += reports
        elif kind == "counts":
            counts = {
                Key.named(count.rollout, count.generation, count.name): count.value
                for count in said.counts[:MOST_COUNTS]
            }
            snapshot = Snapshot(instance, link.server.boot, said.seq, now, counts)
            await asyncio.to_thread(fleet.count, [snapshot])
        if link.reports:  # a server does not say it again
            await asyncio.to_thread(fleet.report, link.reports)
            link.reports = []
        await self._keep(link)

    def _forgiven(self, server: Connected) -> Connected:
        """Return a server without ejections by rollouts that its table does not name.

        It has forgotten them with that table: one that is tried again begins with nothing.
        """
        routes = routes_of(self._store.fleet.generation(server.generation))
        named = {canary.rollout for canary in routes.canaries.values()}
        ejections = {name: why for name, why in server.ejections.items() if name in named}
        return replace(server, ejections=ejections)

    async def _keep(self, link: Link) -> None:
        link.server = replace(link.server, at=time.time())
        await asyncio.to_thread(self._store.fleet.connect, link.server)


def _servable(one: routing_pb2.Servable, instance: str, now: float) -> Servable:
    p95 = one.p95_seconds if 0 <= one.p95_seconds < math.inf else 0.0
    proven, text = not one.trouble, one.trouble[:500]
    return Servable(one.model, one.version, instance, proven, text, now, p95)
