"""Calls to Triton: arrays in by contract, arrays out, its errors in our words."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contracts import triton_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from limner.errors import LimnerError
    from limner_registry.contracts import Contract, Tensor

log = logging.getLogger(__name__)

MAX_MESSAGE = 256 * 1024 * 1024
"""Bytes of the largest tensor message either way; photos reach networks as crops far below it."""
CHANNEL = (
    ("grpc.initial_reconnect_backoff_ms", 100),  # Triton is next door: ask again at once
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.max_receive_message_length", MAX_MESSAGE),
)
TRITON_DTYPES = {"uint8": "UINT8", "int16": "INT16", "float32": "FP32"}


class Triton:
    """One Triton over gRPC."""

    def __init__(self, address: str) -> None:
        """Prepare for calls to the Triton at `address`; nothing is sent yet."""
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)

    async def close(self) -> None:
        """Drop the connection."""
        await self._channel.close()

    async def run(
        self,
        contract: Contract,
        version: int,
        inputs: Mapping[str, npt.NDArray[np.generic]],
        timeout: float,
    ) -> dict[str, npt.NDArray[Any]]:
        """Run one version by number.

        Args:
            contract: The model and its tensors.
            version: Its number.
            inputs: Arrays by tensor name, batch axis first, as the contract says.
            timeout: Seconds that Triton gets.

        Returns:
            Arrays by tensor name, batch axis first; read-only views of the answer.

        Raises:
            ModelNotReady: The version is not ready, or has just gone.
            ModelFailed: It failed on these inputs.
            DeadlinePassed: The time is over.
        """
        if timeout <= 0:
            raise DeadlinePassed(f"no time was left for {contract.model}")
        request = service_pb2.ModelInferRequest(
            model_name=triton_name(contract.model, version), model_version=str(version)
        )
        for tensor in contract.inputs:
            array = inputs[tensor.name]
            _check(tensor, array, contract)
            entry = request.inputs.add(name=tensor.name, datatype=TRITON_DTYPES[tensor.dtype])
            entry.shape.extend(array.shape)
            request.raw_input_contents.append(array.tobytes())
        try:
            response = await self._stub.ModelInfer(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise translated(error, contract.model, version) from error
        dtypes = {tensor.name: np.dtype(tensor.dtype) for tensor in contract.outputs}
        return {
            output.name: np.frombuffer(raw, dtypes[output.name]).reshape(output.shape)
            for output, raw in zip(response.outputs, response.raw_output_contents, strict=True)
        }

    async def load(self, model: str, version: int, timeout: float = 60.0) -> None:
        """Load one placed version; a no-op when it is loaded.

        Raises:
            ModelNotReady: Triton refused, or did not say anything in time.
        """
        request = service_pb2.RepositoryModelLoadRequest(model_name=triton_name(model, version))
        try:
            await self._stub.RepositoryModelLoad(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            log.warning("load failed", extra={"model": model, "detail": error.details()})
            raise ModelNotReady(f"{model} version {version} could not be loaded") from error

    async def unload(self, model: str, version: int, timeout: float = 10.0) -> None:
        """Ask Triton to unload one version; calls in flight finish, and nobody waits for it."""
        request = service_pb2.RepositoryModelUnloadRequest(model_name=triton_name(model, version))
        try:
            await self._stub.RepositoryModelUnload(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            log.warning("unload failed", extra={"model": model, "detail": error.details()})


def translated(error: grpc.aio.AioRpcError, model: str, version: int) -> LimnerError:
    """Return Triton's failure in our words; its own text holds paths and stays in the log."""
    code, text = error.code(), error.details() or ""
    log.warning(
        "triton call failed",
        extra={"model": model, "version": version, "code": code.name, "detail": text[:500]},
    )
    if code is grpc.StatusCode.DEADLINE_EXCEEDED:
        return DeadlinePassed(f"the deadline passed while {model} ran")
    gone = code in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.NOT_FOUND}
    if gone or "is not healthy" in text:
        return ModelNotReady(f"{model} version {version} is not ready", retry_after=1.0)
    return ModelFailed(f"{model} version {version} failed on this request")


def _check(tensor: Tensor, array: npt.NDArray[np.generic], contract: Contract) -> None:
    batch, *shape = array.shape
    if not tensor.holds(shape) or array.dtype != tensor.dtype:
        raise ValueError(f"{contract.id} {tensor.name} got {array.dtype}{list(array.shape)}")
    if not 1 <= batch <= contract.max_batch:
        raise ValueError(f"{contract.id} got a batch of {batch}, at most {contract.max_batch}")
