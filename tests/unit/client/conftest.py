"""A server's double, and both clients of it behind one set of methods."""

from __future__ import annotations

import asyncio
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import grpc
import numpy as np
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from limner.v1 import (
    animalize_pb2_grpc,
    composite_pb2_grpc,
    dye_pb2_grpc,
    matte_pb2_grpc,
    model_pb2_grpc,
    segment_pb2_grpc,
    stylize_pb2_grpc,
    transfer_hair_pb2_grpc,
)
from limner_client import AsyncLimnerClient, LimnerClient
from limner_client.channel import CHANNEL_OPTIONS
from limner_client.cli import group
from tests.unit.client.double import HEIGHT, WIDTH, Double, png


@contextmanager
def serving(servicer, address):
    """Serve where one asks, or at a port of its own where that is 0."""
    with ThreadPoolExecutor(8) as pool:
        server = grpc.server(pool, options=CHANNEL_OPTIONS[:2])
        segment_pb2_grpc.add_SegmentServiceServicer_to_server(servicer, server)
        matte_pb2_grpc.add_MatteServiceServicer_to_server(servicer, server)
        dye_pb2_grpc.add_DyeServiceServicer_to_server(servicer, server)
        stylize_pb2_grpc.add_StylizeServiceServicer_to_server(servicer, server)
        composite_pb2_grpc.add_CompositeServiceServicer_to_server(servicer, server)
        animalize_pb2_grpc.add_AnimalizeServiceServicer_to_server(servicer, server)
        transfer_hair_pb2_grpc.add_TransferHairServiceServicer_to_server(servicer, server)
        model_pb2_grpc.add_ModelServiceServicer_to_server(servicer, server)
        health_pb2_grpc.add_HealthServicer_to_server(servicer.health, server)
        servicer.health.set("down", health_pb2.HealthCheckResponse.NOT_SERVING)
        host = address.rpartition(":")[0]
        servicer.address = f"{host}:{server.add_insecure_port(address)}"
        server.start()
        try:
            yield servicer
        finally:
            server.stop(None).wait()


@pytest.fixture
def double():
    with serving(Double(), "localhost:0") as servicer:
        yield servicer


class Awaited:
    """A synchronous client whose methods can be awaited, so that one test serves both."""

    def __init__(self, client) -> None:
        self._client = client

    async def __aenter__(self):
        self._client.__enter__()
        return self

    async def __aexit__(self, *error):
        self._client.__exit__(*error)

    def __getattr__(self, name):
        method = getattr(self._client, name)
        if name.endswith("_stream"):
            return partial(self._streamed, method)
        return lambda *args, **options: asyncio.to_thread(method, *args, **options)

    async def _streamed(self, method, frames, **options):
        for result in await asyncio.to_thread(lambda: list(method(frames, **options))):
            yield result


@pytest.fixture(params=["async", "sync"])
def make_client(request):
    def make(*args, **options):
        if request.param == "async":
            return AsyncLimnerClient(*args, **options)
        return Awaited(LimnerClient(*args, **options))

    return make


@pytest.fixture
async def limner(make_client, double):
    async with make_client(double.address, timeout=20) as client:
        yield client


@pytest.fixture
def photo(tmp_path):
    """A file of the double's size."""
    path = tmp_path / "me.png"
    path.write_bytes(png(np.full((HEIGHT, WIDTH, 3), 128, np.uint8)))
    return path


@pytest.fixture
def closed_address():
    """Where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
def command(monkeypatch, capsys, double):
    """Runs the command line in this process against the double; returns code, stdout, stderr."""
    monkeypatch.setenv("LIMNER_ADDRESS", double.address)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["limner", *map(str, arguments)])
        code = group.run()
        return code, *capsys.readouterr()

    return run
