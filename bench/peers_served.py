"""The servers that are measured beside ours: how each is installed, started and asked."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import askers
import grpc
import psutil
from environments import ROOT, python_with
from peer_processes import Running, started

CONSTRAINTS = ROOT / "constraints.txt"
APPS = ROOT / "bench/peer_servers"
START_SECONDS = 120
PROBE = bytes(range(256)) * 4


@dataclass(frozen=True)
class Way:
    """One way to ask one server."""

    name: str
    open: Callable[[bytes], Any]
    """Gives what asks with these bytes on a connection of its own: `ask()` and `close()`."""
    root: psutil.Process
    """Whose processor time, with that of all it started, is what an answer costs."""


@dataclass(frozen=True)
class Peer:
    """A server of somebody else's, as its documentation says to start it on two cores."""

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    """Its program is looked for beside the environment's interpreter."""
    ways: Callable[[Running], dict[str, Callable[[bytes], Any]]]
    """By name."""
    environment: dict[str, str] = field(default_factory=dict)


PEERS = (
    Peer(
        "mosec",
        ("mosec==0.9.8",),
        (
            "python",
            str(APPS / "mosec_server.py"),
            "--address=127.0.0.1",
            "--port={port}",
            "--timeout=60000",
            "--log-level=error",
            "--path={folder}/sockets",
        ),
        lambda on: {"mosec": partial(askers.over_http, on.ports[0], "/inference")},
    ),
    Peer(
        "litserve",
        ("litserve==0.2.19", "python-multipart"),
        ("python", str(APPS / "litserve_server.py")),
        lambda on: {"LitServe": partial(askers.over_http_form, on.ports[0], "/predict")},
    ),
    Peer(
        "bentoml",
        ("bentoml==1.4.39",),  # 1.4.40 asks for a certifi that not every index has
        (
            "bentoml",
            "serve",
            "bentoml_server:Negative",
            "--host=127.0.0.1",
            "--port={port}",
            f"--working-dir={APPS}",
        ),
        lambda on: {
            "BentoML, file API": partial(askers.over_http_form, on.ports[0], "/negate"),
            "BentoML, own ASGI app": partial(askers.over_http, on.ports[0], "/own/raw"),
        },
        {"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "{folder}"},
    ),
    Peer(
        "ray",
        ("ray[serve-grpc]==2.60.0",),
        ("python", str(APPS / "ray_server.py"), "{folder}"),
        lambda on: {
            "Ray Serve, HTTP": partial(askers.over_http, on.ports[0], "/"),
            "Ray Serve, gRPC": partial(askers.to_ray, f"127.0.0.1:{on.ports[1]}"),
        },
        {
            "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
            "RAY_SERVE_ENABLE_DIRECT_INGRESS": "0",  # the rest of it is for HAProxy alone
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "disabled",
        },
    ),
    Peer(
        "mlserver",
        ("mlserver==1.7.1", "uvloop<0.22"),  # its workers die at start on later ones
        ("mlserver", "start", "{folder}"),
        lambda on: {
            "MLServer, gRPC": partial(askers.to_v2, f"127.0.0.1:{on.ports[1]}", model="negative")
        },
        {
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "{other}",
            "MLSERVER_METRICS_PORT": "{third}",
            "MLSERVER_PARALLEL_WORKERS": "0",
            "MLSERVER_GRPC_MAX_MESSAGE_LENGTH": str(64 * 2**20),
            "MLSERVER_DEBUG": "false",
            "MLSERVER_MODEL_NAME": "negative",
            "MLSERVER_MODEL_IMPLEMENTATION": "mlserver_server.Negative",
        },
    ),
)


@contextlib.asynccontextmanager
async def ways_to(peer: Peer, network: Path) -> AsyncIterator[list[Way]]:
    """Run a peer in an environment of its own, which is made where there is none.

    Raises:
        OSError: It could not be installed, or did not start; the message says why.
    """
    pins = re.findall(r"(?m)^(?:numpy|onnxruntime)==.*$", CONSTRAINTS.read_text())
    python = await asyncio.to_thread(python_with, peer.name, *peer.packages, *pins)
    environment = {
        "PATH": f"{python.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(APPS),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": "{folder}",
        "TMPDIR": "{folder}",
        "OMP_NUM_THREADS": "1",
        "NETWORK": str(network),
        "PORT": "{port}",
        "GRPC_PORT": "{other}",
        **peer.environment,
    }
    program = str(python.parent / peer.command[0])
    with started([program, *peer.command[1:]], environment) as running:
        ways = [Way(name, way, running.root) for name, way in peer.ways(running).items()]
        for way in ways:
            await _answers(way, running)
        yield ways


async def _answers(way: Way, running: Running) -> None:
    """Return once a server answers rightly."""
    until, why = time.monotonic() + START_SECONDS, ""
    while time.monotonic() < until:
        if running.process.poll() is not None:
            raise OSError(f"{way.name} ended at its start: {running.last_words()}")
        try:
            async with asyncio.timeout(10):
                why = await _said(way)
        except (OSError, TimeoutError, askers.Wrong, grpc.aio.AioRpcError) as error:
            why = f"{type(error).__name__}: {error}"[:200]
        if not why:
            return
        await asyncio.sleep(0.5)
    raise OSError(f"{way.name} did not answer: {why}; {running.last_words()}")


async def _said(way: Way) -> str:
    """Return what is wrong with its answer; nothing where it is right."""
    client = way.open(PROBE)
    try:
        return "" if bytes(await client.ask()) == negative(PROBE) else "a wrong answer"
    finally:
        await client.close()


def negative(data: bytes) -> bytes:
    """Return what every server must answer."""
    return bytes(data).translate(bytes(range(255, -1, -1)))


@contextlib.asynccontextmanager
async def ours() -> AsyncIterator[list[Way]]:
    """Run our server with its Triton, and a bare proxy before the same Triton; all are asked.

    Raises:
        OSError: One did not start; the message says why.
    """
    async with _of_ours("negative.py", "{folder}") as (running, (server, triton, http)):
        children = running.root.children()
        beside = next(one for one in children if "tritonserver" in one.name())
        async with _of_ours("bare_proxy.py", triton) as (proxy, (bare,)):
            yield [
                Way("Limner", partial(askers.to_limner, server), running.root),
                Way("Triton directly", partial(askers.to_v2, triton), beside),
                Way("Triton directly, HTTP", partial(askers.HttpV2, http), beside),
                Way("a bare proxy", partial(askers.to_limner, bare), proxy.root),
            ]


@contextlib.asynccontextmanager
async def _of_ours(*command: str) -> AsyncIterator[tuple[Running, list[str]]]:
    """Run a server of this folder; yields it with what it says once it listens.

    Raises:
        OSError: It did not start; the message says why.
    """
    environment = {
        name: os.environ[name] for name in ("PYTHONPATH", "OMP_NUM_THREADS") if name in os.environ
    }
    program, *told = command
    with started(
        [sys.executable, str(ROOT / "bench" / program), *told], environment, piped=True
    ) as running:
        assert running.process.stdout is not None
        words = (await asyncio.to_thread(running.process.stdout.readline)).split()
        if not words:
            raise OSError(f"{program} ended at its start: {running.last_words()}")
        yield running, words
