"""ModelService: networks handed out, from where Triton loads them.

The server and not the registry, since what lies there has been proven byte for byte, is what calls
are answered by, and can be had while the registry is away.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Final

from limner.v1 import image_pb2, model_pb2, model_pb2_grpc
from limner.v1.reasons import ModelNotReady
from limner_server.call import Budget, Call
from limner_server.services.checks import Checks
from limner_server.triton.exports import contract_named, read_export

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import grpc

    from limner_registry.contract import Contract
    from limner_server.routing.models import Models

PIECE: Final = 1024 * 1024
"""Bytes of a file that one message holds."""


class ModelService(model_pb2_grpc.ModelServiceServicer):
    """Hands out the networks that the server's own answers come from."""

    name: ClassVar[str] = "limner.v1.ModelService"
    needs: ClassVar[tuple[Contract, ...]] = ()
    uses: ClassVar[tuple[Contract, ...]] = ()
    budgets: ClassVar[Mapping[str, Budget]] = {"ExportModel": Budget(default=600.0, floor=0.001)}

    def __init__(self, models: Models) -> None:
        """Answer from the files of `models`."""
        self._placed = models.placed

    def register(self, server: grpc.aio.Server) -> None:
        """Put the service on a server."""
        model_pb2_grpc.add_ModelServiceServicer_to_server(self, server)

    async def ExportModel(
        self, request: model_pb2.ExportModelRequest, context: Any
    ) -> AsyncIterator[model_pb2.ExportModelResponse]:
        """Yield what is to be known of a version, then its network, piece by piece."""
        call = Call.current()
        checks = Checks()
        checks.options(request.options)
        checks.require(bool(request.model), "model", "required: a model's name")
        checks.require(request.version >= 0, "version", f"{request.version} is below 1")
        checks.done()
        contract = contract_named(request.model)
        version = request.version or call.routes.stable.get(contract.model)
        if version is None:
            raise ModelNotReady(f"no version of {contract.model} is ready yet", retry_after=2.0)
        with call.stage("read"):
            found = await asyncio.to_thread(read_export, self._placed, contract, version)
        yield model_pb2.ExportModelResponse(
            manifest=model_pb2.ModelManifest(
                model=contract.model,
                version=version,
                contract=contract.id,
                license=found.license,
                network_sha256=found.sha256,
                network_bytes=found.size,
                document=found.document,
            )
        )
        if request.options.validate_only:
            return
        with await asyncio.to_thread(found.network.open, "rb") as file:
            while data := await asyncio.to_thread(file.read, PIECE):
                call.check()
                yield model_pb2.ExportModelResponse(piece=image_pb2.Piece(data=data))
