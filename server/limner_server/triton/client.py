"""Calls to Triton: arrays in by contract, arrays out, its errors in our words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

import grpc
import numpy as np
from tritonclient.grpc import service_pb2, service_pb2_grpc

from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady
from limner_registry.contracts import triton_name
from limner_server.triton.lanes import Lanes
from limner_server.triton.owned import RUN, named
from limner_server.triton.process import SHM

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from limner.errors import LimnerError
    from limner_registry.contracts import Contract, Tensor
    from limner_server.triton.lanes import Passage

    Inputs = Mapping[str, npt.NDArray[np.generic]]
    Arrays = dict[str, npt.NDArray[Any]]

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
LONGEST_SECONDS = 600.0
"""After which a run that nobody waits for is given up; its callers' deadlines are far shorter."""
SAID_BY_TRITON = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.INVALID_ARGUMENT,
    grpc.StatusCode.NOT_FOUND,
}
"""Failures that are an answer for sure; all others may be the connection's, too."""
SAID_IN_WORDS = ("ready state", "the request was cancelled")
"""Words of Triton's and of its runners by which other failures are one, too."""
TRITON_DTYPES = {"uint8": "UINT8", "int16": "INT16", "float32": "FP32"}


class Triton:
    """One Triton over gRPC."""

    def __init__(self, address: str, lane_bytes: int = 0) -> None:
        """Prepare for calls to the Triton at `address`; nothing is sent yet.

        `lane_bytes` of shared memory are for large tensors, once the lanes are kept; 0 has none.
        """
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._runs: set[asyncio.Task[Arrays]] = set()
        self.lanes = Lanes(self._stub, lane_bytes)

    async def close(self) -> None:
        """Drop the connection, and what nobody waits for any more."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        await self.lanes.close()
        await self._channel.close()

    async def run(
        self,
        contract: Contract,
        version: int,
        inputs: Inputs,
        timeout: float,
    ) -> Arrays:
        """Run one version by number.

        Args:
            contract: The model and its tensors.
            version: Its number.
            inputs: Arrays by tensor name, batch axis first, as the contract says.
            timeout: Seconds that Triton gets.

        Returns:
            Arrays by tensor name, batch axis first; read-only.

        Raises:
            ModelNotReady: The version is not ready, or has just gone.
            ModelFailed: It failed on these inputs.
            DeadlinePassed: The time is over.
        """
        if timeout <= 0:
            raise DeadlinePassed(f"no time was left for {contract.model}")
        for tensor in contract.inputs:
            _check(tensor, inputs[tensor.name], contract)
        passage = self.lanes.passage(contract, version, inputs)
        answers = None
        if passage is not None:
            answers = await self._by_lane(contract, version, inputs, passage, timeout)
        if answers is None:
            request = _request(contract, version, inputs)
            try:
                response = await self._stub.ModelInfer(request, timeout=timeout)
            except grpc.aio.AioRpcError as error:
                raise translated(error, contract.model, version) from error
            answers = _answers(contract, response)
        batch = len(inputs[contract.inputs[0].name])
        for tensor in contract.outputs:
            if (wrong := _wrong(tensor, answers.get(tensor.name), batch)) is not None:
                told = {"model": contract.model, "version": version, "detail": wrong}
                log.warning("an answer is useless", extra=told)
                raise ModelFailed(f"{contract.model} version {version} answered uselessly")
        self.lanes.learn(contract, version, inputs, answers)
        return answers

    async def _by_lane(
        self, contract: Contract, version: int, inputs: Inputs, passage: Passage, timeout: float
    ) -> Arrays | None:
        """Return what a run answers whose large tensors take a lane; None where that was lost.

        Its part of the slab is held until Triton has answered, whoever still waits for that. So it
        is not cancelled in Triton, which would answer no more; its runner is told instead.
        """
        request = _request(contract, version, inputs, passage)
        request.id = named(RUN)
        run = asyncio.create_task(self._held(contract, request, passage))
        self._runs.add(run)
        run.add_done_callback(self._ended)
        try:
            async with asyncio.timeout(timeout):
                return await asyncio.shield(run)
        except TimeoutError as error:
            raise DeadlinePassed(f"the deadline passed while {contract.model} ran") from error
        except grpc.aio.AioRpcError as error:
            if "shared memory" in (error.details() or ""):
                log.warning("a lane to triton was lost", extra={"detail": error.details()})
                self.lanes.lose(passage.lease.slab)
                return None
            raise translated(error, contract.model, version) from error
        finally:
            if not run.done():
                with contextlib.suppress(OSError):  # it then runs to its end
                    (SHM / request.id).touch()

    def _ended(self, run: asyncio.Task[Arrays]) -> None:
        """Let go of a run; nobody may be there any more to hear how it failed."""
        self._runs.discard(run)
        if not run.cancelled():
            run.exception()

    async def _held(
        self, contract: Contract, request: service_pb2.ModelInferRequest, passage: Passage
    ) -> Arrays:
        """Return what Triton answers to a run, and give its part of the slab back.

        Where it is not Triton that ends it, nobody knows what it still writes, and the slab is
        given up.
        """
        ours = False
        try:
            response = await self._stub.ModelInfer(request, timeout=LONGEST_SECONDS)
            answers = _answers(contract, response, passage)
            ours = True
        except grpc.aio.AioRpcError as error:
            said = error.details() or ""
            ours = error.code() in SAID_BY_TRITON or any(words in said for words in SAID_IN_WORDS)
            raise
        finally:
            (SHM / request.id).unlink(missing_ok=True)
            if ours:
                passage.lease.give_back()
            else:
                self.lanes.lose(passage.lease.slab)
        return answers

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


def _request(
    contract: Contract, version: int, inputs: Inputs, passage: Passage | None = None
) -> service_pb2.ModelInferRequest:
    """Return a run as Triton is asked for it; what has a place in `passage` is there already."""
    request = service_pb2.ModelInferRequest(
        model_name=triton_name(contract.model, version), model_version=str(version)
    )
    for tensor in contract.inputs:
        array = inputs[tensor.name]
        entry = request.inputs.add(name=tensor.name, datatype=TRITON_DTYPES[tensor.dtype])
        entry.shape.extend(array.shape)
        if passage is None or not passage.tell(entry, tensor.name):
            request.raw_input_contents.append(array.tobytes())
    if passage is not None:
        for tensor in contract.outputs:
            passage.tell(request.outputs.add(name=tensor.name), tensor.name)
    return request


def _answers(
    contract: Contract, response: service_pb2.ModelInferResponse, passage: Passage | None = None
) -> Arrays:
    """Return the arrays of an answer, those with a place in `passage` copied from there."""
    dtypes = {tensor.name: tensor.dtype for tensor in contract.outputs}
    answers = {}
    for output, raw in zip(response.outputs, response.raw_output_contents, strict=True):
        name, shape = output.name, tuple(output.shape)
        if passage is not None and name in passage.places:
            answers[name] = passage.take(name, dtypes[name], shape)
        else:
            answers[name] = np.frombuffer(raw, np.dtype(dtypes[name])).reshape(shape)
    return answers


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


def _wrong(tensor: Tensor, array: npt.NDArray[Any] | None, batch: int) -> str | None:
    """Return what of an answer is not as its contract says; None where all is."""
    if array is None:
        return f"{tensor.name} is missing"
    if len(array) != batch or not tensor.holds(array.shape[1:]):
        return f"{tensor.name} is {list(array.shape)}"
    if tensor.dtype == "float32" and not np.isfinite(array).all():
        return f"{tensor.name} holds numbers that are none"
    return None
