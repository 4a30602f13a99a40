"""One controller and four servers' links: how soon a table is in force on all of them."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import AsyncExitStack, asynccontextmanager

import grpc
import numpy as np
import pytest

from limner.v1 import rollouts_pb2, rollouts_pb2_grpc
from limner_registry.control.serve import Place, serve
from limner_registry.publish import publish
from limner_registry.rollout.store import Store
from limner_registry.routes import read_routes
from limner_server.metrics import Metrics
from limner_server.routing.link import Link
from limner_server.routing.trials import Trials

SERVERS = 4
TABLES = 25


class Servables:
    """Puts every table that is on disk in force, and keeps the instant."""

    def __init__(self, models):
        self.models = models
        self.routes = read_routes(models)
        self.since = {}

    def wake(self):
        self.routes = read_routes(self.models)
        self.since[self.routes.generation] = time.monotonic()

    def troubles(self):
        return {}


@pytest.fixture
def store(state):
    store = Store.open(state)
    yield store
    store.close()


@asynccontextmanager
async def controlled(state, store, registry):
    """Run a controller; yields its address."""
    ended = asyncio.Event()
    running = asyncio.create_task(serve(Place(state, port=0), store, registry, ended))
    file = state / "controller.json"
    while not file.exists():
        assert not running.done()
        await asyncio.sleep(0.02)
    async with asyncio.timeout(60):
        yield json.loads(file.read_text())["address"]
    ended.set()
    await running


async def test_a_table_is_in_force_on_four_servers_within_two_seconds(
    state, store, registry, make_release, tmp_path
):
    publish(registry, make_release())
    seconds = []
    async with AsyncExitStack() as stack:
        address = await stack.enter_async_context(controlled(state, store, registry))
        fleet = [Servables(tmp_path / str(number)) for number in range(SERVERS)]
        for number, servables in enumerate(fleet):
            trials = Trials(lambda one=servables: one.routes, None, Metrics())
            link = Link(address, f"server {number}", servables.models, servables, trials)
            stack.callback(asyncio.create_task(link.keep()).cancel)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(address))
        stub = rollouts_pb2_grpc.RolloutServiceStub(channel)
        while not all(servables.routes.stable for servables in fleet):  # noqa: ASYNC110 - threads
            await asyncio.sleep(0.02)
        for turn in range(TABLES):
            frozen = turn % 2 == 0
            asked = time.monotonic()
            await stub.FreezeRollouts(
                rollouts_pb2.FreezeRolloutsRequest(
                    frozen=frozen, request_id=f"turn {turn}", actor="Ada"
                )
            )
            while any(one.routes.frozen != frozen for one in fleet):  # noqa: ASYNC110 - threads
                await asyncio.sleep(0.005)
            seconds += [one.since[one.routes.generation] - asked for one in fleet]

    assert len(seconds) == SERVERS * TABLES
    assert np.percentile(seconds, 99) < 2
