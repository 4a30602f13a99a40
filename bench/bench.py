"""Measures what Limner costs: time added to Triton's, rollouts, time to the first answer, memory.

Ratios of rounds taken in turn hold on a noisy machine; milliseconds are shown for scale only.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import composite
import dye
import grpc
import numpy as np
import psutil
import rollouts
import stylize
import verdicts
from echo import LARGE, METHOD, SMALL, EchoService, place_echoes
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table
from skimage import data
from stack import STATE, interval, limner
from tritonclient.grpc import service_pb2, service_pb2_grpc

from limner.v1 import image_pb2
from limner_client import AsyncLimnerClient, LimnerClient
from limner_registry.contracts import Contract, triton_name
from limner_server.app import running
from limner_server.settings import Settings
from limner_server.triton.client import CHANNEL

ROUNDS = 12
CALLS = 40

screen = Console()

Ask = Callable[[], Awaitable[object]]


def main() -> None:
    """Run every measurement and print its table; as `serve FOLDER`, be the server measured."""
    if sys.argv[1:2] == ["serve"]:
        asyncio.run(serve(Path(sys.argv[2])))
        return
    screen.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    asyncio.run(added_time())
    for table in (*rollouts.tables(), *verdicts.tables()):
        screen.print(table)
    startup_and_memory()
    for table in (*stylize.tables(), *composite.tables()):
        screen.print(table)


async def added_time() -> None:
    """Compare a call through the server with the same tensors sent to Triton directly."""
    table = Table("tensor", "Triton ms", "server ms", "added ms", "ratio", "95 % of ratio")
    async with echoing() as (direct, served):
        for contract, label in ((SMALL, "1 KB"), (LARGE, "1024 x 1024 x 3, 3.1 MB")):
            pairs = await rounds(direct(contract), served(contract), label)
            ratios = pairs[:, 1] / pairs[:, 0]
            low, high = interval(ratios)
            triton, server = np.median(pairs, axis=0) * 1000
            table.add_row(
                label,
                f"{triton:.2f}",
                f"{server:.2f}",
                f"{server - triton:.2f}",
                f"{np.median(ratios):.2f}",
                f"{low:.2f}-{high:.2f}",
            )
    screen.print(table)


@contextlib.asynccontextmanager
async def echoing() -> AsyncIterator[tuple[Callable[[Contract], Ask], Callable[[Contract], Ask]]]:
    """Run server and Triton with the echo networks; yield the two ways to them."""
    with tempfile.TemporaryDirectory() as folder:
        place_echoes(Path(folder) / "models")
        command = [sys.executable, __file__, "serve", folder]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            server, triton = process.stdout.readline().split()
            async with (
                grpc.aio.insecure_channel(triton, CHANNEL) as to_triton,
                grpc.aio.insecure_channel(server, CHANNEL) as to_server,
            ):
                yield (
                    lambda contract: directly(to_triton, contract),
                    lambda contract: through_server(to_server, contract),
                )
        finally:
            process.terminate()
            process.wait()


def directly(channel: grpc.aio.Channel, contract: Contract) -> Ask:
    """Return the call as Triton's own client would make it."""
    stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
    shape = (1, *contract.inputs[0].shape)
    request = service_pb2.ModelInferRequest(model_name=triton_name(contract.model, 1))
    entry = request.inputs.add(name="given", datatype="UINT8")
    entry.shape.extend(shape)
    request.raw_input_contents.append(bytes(int(np.prod(shape))))
    return lambda: stub.ModelInfer(request)


def through_server(channel: grpc.aio.Channel, contract: Contract) -> Ask:
    """Return the call as it goes through every layer of our server."""
    echo = channel.unary_unary(
        f"/{EchoService.name}/{METHOD}",
        request_serializer=image_pb2.Image.SerializeToString,
        response_deserializer=image_pb2.Image.FromString,
    )
    request = image_pb2.Image(data=bytes(int(np.prod(contract.inputs[0].shape))))
    return lambda: echo(request)


async def rounds(one: Ask, other: Ask, label: str) -> np.ndarray[Any, Any]:
    """Return ROUNDS x 2 median seconds, the two taken in turn."""
    turns = track(range(ROUNDS + 1), label, console=screen, transient=True)
    pairs = [[await median_seconds(ask) for ask in (one, other)] for _ in turns]
    return np.array(pairs[1:])  # the first warms both up


async def median_seconds(ask: Ask) -> float:
    """Return the median time of CALLS calls, one after the other."""
    seconds = []
    for _ in range(CALLS):
        started = time.perf_counter()
        await ask()
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds))


async def serve(state: Path) -> None:
    """Run the echo service over `state`, and say where it and its Triton listen."""
    asked_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_stop.set)
    settings = Settings(state, port=0, metrics_port=0)
    async with running(settings, (EchoService,)) as app:
        address = f"127.0.0.1:{app.port}"
        async with AsyncLimnerClient(address) as client:
            while not await client.health():
                await asyncio.sleep(0.05)
        print(address, app.triton, flush=True)
        await asked_to_stop.wait()


def startup_and_memory() -> None:
    """Time `limner up` to the first answer; show where edits' time goes and who holds memory."""
    photo = Image.fromarray(data.astronaut()).resize((1024, 1024), Image.Resampling.LANCZOS)
    limner("up", "--detach", "--port", "0", "--state", STATE)  # imports what is missing, untimed
    limner("down", "--state", STATE)
    started = time.perf_counter()
    stack = limner("up", "--detach", "--port", "0", "--state", STATE)
    try:
        with LimnerClient(stack["address"]) as client:
            client.segment(np.asarray(photo))
            screen.print(f"`limner up` to the first answer: {time.perf_counter() - started:.1f} s")
            edits: dict[str, Callable[[], Any]] = {
                "segment": lambda: client.segment(np.asarray(photo)),
                "matte": lambda: client.matte(np.asarray(photo), foreground=True),
                "dye": lambda: client.dye(np.asarray(photo), shade="auburn"),
                "stylize": lambda: client.stylize(np.asarray(photo), style="illustration"),
            }
            for name, edit in edits.items():
                screen.print(stages(name, [edit() for _ in range(8)][1:]))
            for table in dye.tables(client, stack["pid"]):
                screen.print(table)
        screen.print(memory(stack["pid"]))
    finally:
        limner("down", "--state", STATE)


def stages(name: str, results: list[Any]) -> Table:
    """Return where the time of one edit goes, stage by stage."""
    table = Table(f"{name}, 1024 x 1024", "ms", "share")
    total = float(np.median([result.timings.total_seconds for result in results]))
    for place, stage in enumerate(results[0].timings.stages):
        seconds = float(np.median([result.timings.stages[place].seconds for result in results]))
        table.add_row(stage.name, f"{seconds * 1000:.1f}", f"{seconds / total:.0%}")
    table.add_row("total", f"{total * 1000:.1f}", "")
    return table


def memory(pid: int) -> Table:
    """Return the resident memory of the server, of Triton and of each runner."""
    table = Table("process", "RSS MB")
    server = psutil.Process(pid)
    for process in (server, *server.children(recursive=True)):
        words = [Path(word) for word in process.cmdline()]
        runs = next((word.parents[1] for word in words if word.name == "model.py"), words[0])
        table.add_row(runs.name, f"{process.memory_info().rss / 2**20:.0f}")
    return table


if __name__ == "__main__":
    main()
