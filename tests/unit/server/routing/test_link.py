"""The link to a controller, over real gRPC; the controller is played by the test."""

from __future__ import annotations

import asyncio
import contextlib
import time
from contextlib import asynccontextmanager

import grpc
import pytest

from limner.v1 import routing_pb2, routing_pb2_grpc
from limner_registry.routes import Arm, Caller, Canary, Routes, read_routes, write_routes
from limner_registry.routes_wire import to_message
from limner_server.metrics import Metrics
from limner_server.routing import link as links
from limner_server.routing.link import Link
from limner_server.routing.trials import Trials

CANARY = Canary(2, "dye-2", "salt", weight_bps=10_000)
TABLE = Routes(5, {"dye_bank": 1}, {}, {"dye_bank": CANARY})


class Controller(routing_pb2_grpc.RoutingServiceServicer):
    """Keeps what servers say, and says what the test wants."""

    def __init__(self):
        self.heard = asyncio.Queue()
        self.to_say = asyncio.Queue()

    async def SyncRouting(self, requests, context):
        async def listen():
            async for request in requests:
                self.heard.put_nowait(request)

        listening = asyncio.create_task(listen())
        try:
            while True:
                yield await self.to_say.get()
        finally:
            listening.cancel()

    def push(self, routes=None, lease=60.0):
        table = to_message(routes) if routes else None
        self.to_say.put_nowait(routing_pb2.SyncRoutingResponse(table=table, lease_seconds=lease))

    async def hear(self, kind):
        while True:
            request = await asyncio.wait_for(self.heard.get(), 5)
            if request.WhichOneof("message") == kind:
                return getattr(request, kind)


class Servables:
    """Brings up whatever the table on disk names, at once."""

    def __init__(self, models):
        self.models = models

    @property
    def routes(self):
        return read_routes(self.models)

    def wake(self):
        pass

    def troubles(self):
        return dict.fromkeys(self.routes.versions(), "")


async def no_run(*_args):
    pytest.fail("nothing here is shown to a canary")


@asynccontextmanager
async def linked(models, monkeypatch):
    monkeypatch.setattr(links, "AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(links, "REPORT_SECONDS", 0.05)
    controller, server = Controller(), grpc.aio.server()
    routing_pb2_grpc.add_RoutingServiceServicer_to_server(controller, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    servables = Servables(models)
    trials = Trials(lambda: servables.routes, no_run, Metrics())
    task = asyncio.create_task(Link(f"127.0.0.1:{port}", "here", models, servables, trials).keep())
    try:
        yield controller, trials, server
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await server.stop(None)


async def test_a_table_is_kept_on_disk_put_in_force_and_acknowledged(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        hello = await controller.hear("hello")
        controller.push(TABLE)
        received = await controller.hear("received")

        assert (hello.instance, hello.generation) == ("here", 0)
        assert (received.generation, received.refusal) == (5, "")
        assert read_routes(tmp_path) == TABLE
        assert trials.table().choose("dye_bank", Caller("anybody")).arm is Arm.CANARY


async def test_an_older_table_is_refused(tmp_path, monkeypatch):
    write_routes(tmp_path, Routes(9, {"dye_bank": 4}))
    async with linked(tmp_path, monkeypatch) as (controller, _, _):
        assert (await controller.hear("hello")).generation == 9
        controller.push(TABLE)
        received = await controller.hear("received")

        assert "older" in received.refusal
        assert read_routes(tmp_path).generation == 9


async def test_a_table_that_is_placed_by_hand_is_told_of(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, _, _):
        await controller.hear("hello")
        controller.push(TABLE)
        await controller.hear("received")
        write_routes(tmp_path, Routes(6, {"dye_bank": 4}))

        assert (await controller.hear("hello")).generation == 6


async def test_canaries_lose_their_calls_when_the_controller_stays_away(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, server):
        controller.push(TABLE, lease=0.5)
        await controller.hear("received")
        await server.stop(None)
        await asyncio.sleep(0.6)

        assert trials.table().choose("dye_bank", Caller("anybody")).version == 1


async def test_what_can_be_served_is_told_and_told_again_when_it_changes(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, _, _):
        assert not (await controller.hear("servables")).versions
        controller.push(TABLE)
        told = await controller.hear("servables")

        assert {(one.model, one.version) for one in told.versions} == TABLE.versions()


async def test_how_long_runs_take_is_told_once_it_is_known(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        controller.push(TABLE)
        await controller.hear("received")
        for _ in range(1000):
            trials.durations.ran("dye_bank", 1, 0.2, time.monotonic())
        told = {}
        while not told.get(1):
            versions = (await controller.hear("servables")).versions
            told = {one.version: one.p95_seconds for one in versions}

        assert 0.2 <= told[1] < 0.22
        assert told[2] == 0


async def test_counts_are_sent_whole_each_time_with_a_rising_number(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        controller.push(TABLE)
        await controller.hear("received")
        trials.outcomes.answered("dye-2", 5, Arm.CANARY, "user-1", ("error",))
        first = await controller.hear("counts")
        second = await controller.hear("counts")

        names = {count.name: count.value for count in second.counts}
        assert names == {"canary.units": 1, "canary.error": 1}
        assert second.seq > first.seq


async def test_a_server_without_calls_is_heard_again_and_again(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "SILENT_SECONDS", 0.1)
    async with linked(tmp_path, monkeypatch) as (controller, _, _):
        first = await controller.hear("counts")
        second = await controller.hear("counts")

        assert (list(first.counts), list(second.counts)) == ([], [])
        assert second.seq > first.seq


async def test_an_ejection_is_told_at_once(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        controller.push(TABLE)
        await controller.hear("received")
        trials.on_ejection("dye-2", 5, "the last 5 runs failed")

        assert (await controller.hear("ejection")).text == "the last 5 runs failed"


async def test_an_ejection_is_told_again_over_every_new_link(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        controller.push(TABLE)
        await controller.hear("received")
        trials.on_ejection("dye-2", 5, "the last 5 runs failed")
        await controller.hear("ejection")
        controller.to_say.put_nowait(None)  # no message: the stream breaks
        await controller.hear("hello")

        assert (await controller.hear("ejection")).rollout == "dye-2"


async def test_an_ejection_while_there_is_no_link_is_told_over_the_next(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        controller.push(TABLE)
        await controller.hear("received")
        monkeypatch.setattr(links, "AGAIN_SECONDS", 0.5)
        controller.to_say.put_nowait(None)
        await asyncio.sleep(0.2)
        trials.on_ejection("dye-2", 5, "the last 5 runs failed")
        await controller.hear("hello")

        assert (await controller.hear("ejection")).rollout == "dye-2"


async def test_an_ejection_is_forgotten_with_its_rollout(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, _):
        controller.push(TABLE)
        await controller.hear("received")
        trials.on_ejection("dye-2", 5, "the last 5 runs failed")
        controller.push(Routes(6, {"dye_bank": 1}))
        await controller.hear("received")
        trials.on_ejection("matte-3", 6, "the last 5 runs failed")
        controller.to_say.put_nowait(None)
        await controller.hear("hello")

        assert (await controller.hear("ejection")).rollout == "matte-3"


async def test_a_broken_link_is_mended(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, _, _):
        first = await controller.hear("hello")
        controller.to_say.put_nowait(None)  # no message: the stream breaks
        second = await controller.hear("hello")

        assert first.boot == second.boot


async def test_whether_there_is_a_controller_can_be_seen(tmp_path, monkeypatch):
    async with linked(tmp_path, monkeypatch) as (controller, trials, server):
        [sample] = trials.metrics.controller_linked.collect()[0].samples
        before, where = sample.value, sample.labels

        def heard():
            return trials.metrics.registry.get_sample_value("limner_controller_linked", where)

        controller.push(TABLE)
        await controller.hear("received")
        during = heard()
        await server.stop(None)
        await asyncio.sleep(0.2)

        assert (before, during, heard()) == (0, 1, 0)


async def test_a_controller_that_falls_silent_is_called_again(tmp_path, monkeypatch):
    monkeypatch.setattr(links, "DEAF_SECONDS", 0.3)
    async with linked(tmp_path, monkeypatch) as (controller, _, _):
        first = await controller.hear("hello")
        second = await controller.hear("hello")

        assert first.boot == second.boot
