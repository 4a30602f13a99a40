"""A service that only passes bytes on to Triton and back: what remains is what our server adds."""

from __future__ import annotations

import shutil
from importlib.resources import files
from typing import TYPE_CHECKING, Any, ClassVar

import grpc
import numpy as np
import onnx
from onnx import TensorProto, helper

from limner.v1 import image_pb2
from limner_registry.contracts import Contract, Tensor
from limner_registry.golden import Golden
from limner_registry.routes import Routes, write_routes
from limner_registry.triton_config import triton_config
from limner_server.call import Budget, Call

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_server.routing.models import Models

METHOD = "Echo"


def echo_contract(model: str, *shape: int) -> Contract:
    """Return the contract of a network that answers what it is given."""
    given = Tensor("given", "uint8", shape, "any bytes")
    return Contract(model, 1, (given,), (Tensor("same", "uint8", shape, "the same bytes"),), 1)


SMALL = echo_contract("echo_small", 1024)
LARGE = echo_contract("echo_large", 1024, 1024, 3)


class EchoService:
    """Passes an image's bytes through Triton: 1 KB by one network, 3.1 MB by another."""

    name: ClassVar[str] = "limner.bench.EchoService"
    needs: ClassVar[tuple[Contract, ...]] = (SMALL, LARGE)
    uses: ClassVar[tuple[Contract, ...]] = ()
    budgets: ClassVar[Mapping[str, Budget]] = {METHOD: Budget(default=10.0, floor=0.001)}

    def __init__(self, models: Models) -> None:
        """Answer with the help of `models`."""
        self._models = models

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        handler = grpc.unary_unary_rpc_method_handler(
            self.echo,
            request_deserializer=image_pb2.Image.FromString,
            response_serializer=image_pb2.Image.SerializeToString,
        )
        handlers = grpc.method_handlers_generic_handler(self.name, {METHOD: handler})
        server.add_generic_rpc_handlers((handlers,))

    async def echo(self, request: image_pb2.Image, context: Any) -> image_pb2.Image:
        """Return the bytes that came, by way of Triton."""
        contract = SMALL if len(request.data) == 1024 else LARGE
        given = np.frombuffer(request.data, np.uint8).reshape(1, *contract.inputs[0].shape)
        answers = await self._models.infer(contract, {"given": given}, Call.current())
        return image_pb2.Image(data=answers["same"].tobytes())


def place_echoes(models: Path) -> None:
    """Place both networks as the registry would, and route to them."""
    for contract in (SMALL, LARGE):
        model = contract.model
        folder = models / f"{model}.v1/1"
        folder.mkdir(parents=True)
        (folder.parent / "config.pbtxt").write_text(triton_config(contract, 1, "0" * 64))
        runner = files("limner_registry.backends").joinpath("onnx.py")
        shutil.copy(str(runner), folder / "model.py")
        onnx.save(_identity(contract), folder / "model.onnx")
        given = np.zeros((1, *contract.inputs[0].shape), np.uint8)
        Golden({"given": given}, {"same": given}, 0.0).write(folder)
    write_routes(models, Routes(1, {SMALL.model: 1, LARGE.model: 1}))


def _identity(contract: Contract) -> onnx.ModelProto:
    shape = ["batch", *contract.inputs[0].shape]
    given = helper.make_tensor_value_info("given", TensorProto.UINT8, shape)
    same = helper.make_tensor_value_info("same", TensorProto.UINT8, shape)
    node = helper.make_node("Identity", ["given"], ["same"])
    opset = helper.make_opsetid("", 17)
    graph = helper.make_graph([node], contract.model, [given], [same])
    return helper.make_model(graph, opset_imports=[opset], ir_version=8)
