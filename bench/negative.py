"""A service that has photos turned into negatives, one tensor in and one out; see `serving.py`.

The network does next to nothing, yet its answer can be checked: what remains is what serving
costs. Run as `negative.py FOLDER`, this is the server measured; it says where it and its Triton
listen, and ends when asked to.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
import urllib.request
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import grpc
import numpy as np
import onnx
import uvloop
from onnx import TensorProto, helper
from prometheus_client.parser import text_string_to_metric_families

from limner.v1 import image_pb2
from limner_client import AsyncLimnerClient
from limner_registry.contract import Contract
from limner_registry.golden import Golden
from limner_registry.routes import Routes, write_routes
from limner_registry.tensors import Tensor
from limner_registry.triton_config import triton_config
from limner_server.app import App, running
from limner_server.call import Budget, Call
from limner_server.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_server.routing.models import Models

METHOD = "Negate"
PATIENCE_SECONDS = 60.0
"""How long calls are let wait: sixteen callers that never pause are to be answered, not refused."""


def contract(model: str, *shape: int) -> Contract:
    """Return the contract of a network that answers the negative of what it is given."""
    given = Tensor("given", "uint8", shape, "any bytes")
    return Contract(model, 1, (given,), (Tensor("negative", "uint8", shape, "255 less each"),), 1)


CONTRACTS = {
    1024: contract("negative_1024", 1024),
    512 * 512 * 3: contract("negative_512_512_3", 512, 512, 3),
    1024 * 1024 * 3: contract("negative_1024_1024_3", 1024, 1024, 3),
}
"""By the bytes of their tensors: 1 KB, 0.8 MB and 3.1 MB."""


class NegativeService:
    """Has an image's bytes negated by Triton."""

    name: ClassVar[str] = "limner.bench.NegativeService"
    needs: ClassVar[tuple[Contract, ...]] = tuple(CONTRACTS.values())
    uses: ClassVar[tuple[Contract, ...]] = ()
    budgets: ClassVar[Mapping[str, Budget]] = {METHOD: Budget(default=60.0, floor=0.001)}

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._models = models

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        handler = grpc.unary_unary_rpc_method_handler(
            self.negate,
            request_deserializer=image_pb2.Image.FromString,
            response_serializer=image_pb2.Image.SerializeToString,
        )
        handlers = grpc.method_handlers_generic_handler(self.name, {METHOD: handler})
        server.add_generic_rpc_handlers((handlers,))

    async def negate(self, request: image_pb2.Image, context: Any) -> image_pb2.Image:
        """Return the negative of the bytes that came."""
        network = CONTRACTS[len(request.data)]
        given = np.frombuffer(request.data, np.uint8).reshape(1, *network.inputs[0].shape)
        answers = await self._models.infer(network, {"given": given}, Call.current())
        return image_pb2.Image(data=answers["negative"].tobytes())


def network() -> onnx.ModelProto:
    """Return the network that everybody serves: bytes of any shape, each bit turned over."""
    given = helper.make_tensor_value_info("given", TensorProto.UINT8, None)
    negative = helper.make_tensor_value_info("negative", TensorProto.UINT8, None)
    node = helper.make_node("BitwiseNot", ["given"], ["negative"])
    graph = helper.make_graph([node], "negative", [given], [negative])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def place(models: Path) -> None:
    """Place the network once for each size, as the registry would, and route to them."""
    for one in CONTRACTS.values():
        folder = models / f"{one.model}.v1/1"
        folder.mkdir(parents=True)
        (folder.parent / "config.pbtxt").write_text(triton_config(one, 1, "0" * 64))
        runner = files("limner_registry.backends").joinpath("onnx.py")
        shutil.copy(str(runner), folder / "model.py")
        onnx.save(network(), folder / "model.onnx")
        given = np.zeros((1, *one.inputs[0].shape), np.uint8)
        Golden({"given": given}, {"negative": ~given}, 0.0).write(folder)
    write_routes(models, Routes(1, dict.fromkeys((one.model for one in CONTRACTS.values()), 1)))


async def serve(state: Path) -> None:
    """Run the service over `state`, and say where it and its Triton listen."""
    asked_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, asked_to_stop.set)
    settings = Settings(state, port=0, metrics_port=0, patience_seconds=PATIENCE_SECONDS)
    async with running(settings, (NegativeService,)) as app:
        address = f"127.0.0.1:{app.port}"
        async with AsyncLimnerClient(address) as client:
            while not (await client.health() or asked_to_stop.is_set()):
                await asyncio.sleep(0.05)
        print(address, *await asyncio.to_thread(triton_addresses, app), flush=True)
        await asked_to_stop.wait()


def triton_addresses(app: App) -> tuple[str, str]:
    """Return where the Triton behind the server answers gRPC, and HTTP, as its metrics say."""
    page = f"http://127.0.0.1:{app.metrics_port}/metrics"
    with urllib.request.urlopen(page) as answer:
        families = text_string_to_metric_families(answer.read().decode())
    told = next(family for family in families if family.name == "limner_triton_info")
    return told.samples[0].labels["address"], told.samples[0].labels["http"]


if __name__ == "__main__":
    place(Path(sys.argv[1]) / "models")
    uvloop.run(serve(Path(sys.argv[1])))
