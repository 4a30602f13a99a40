"""Calls to Triton: arrays in by contract, arrays out, its errors in our words."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

import grpc
from tritonclient.grpc import service_pb2, service_pb2_grpc

from limner.v1.reasons import DeadlinePassed, ModelNotReady
from limner_registry.contract import triton_name
from limner_server.triton.lanes import Lanes
from limner_server.triton.leftovers import SHM
from limner_server.triton.messages import (
    answers_of,
    check_answers,
    check_input,
    request_of,
    translated,
)
from limner_server.triton.owned import RUN, named
from limner_server.triton.streaming import last, streamed
from limner_server.triton.unanswered import Unanswered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from limner_registry.contract import Contract
    from limner_server.triton.lanes import Passage
    from limner_server.triton.messages import Arrays, Inputs

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
REACH_SECONDS = 2.0
"""How long a connection to Triton is waited for before something is to be loaded."""
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
        self.unanswered = Unanswered()
        """What versions were asked that do not stream."""

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
        if contract.streams:
            return await last(self.stream(contract, version, inputs, timeout))
        _check(contract, inputs, timeout)
        with self.unanswered.run(contract.model, version):
            return await self._answers(contract, version, inputs, timeout)

    async def _answers(
        self, contract: Contract, version: int, inputs: Inputs, timeout: float
    ) -> Arrays:
        """Return what a version answers, by lane where that can be."""
        passage = self.lanes.passage(contract, version, inputs)
        answers = None
        if passage is not None:
            answers = await self._by_lane(contract, version, inputs, passage, timeout)
        if answers is None:
            request = request_of(contract, version, inputs)
            try:
                response = await self._stub.ModelInfer(request, timeout=timeout)
            except grpc.aio.AioRpcError as error:
                raise translated(error, contract.model, version) from error
            answers = answers_of(contract, response)
        batch = len(inputs[contract.inputs[0].name])
        check_answers(contract, version, answers, batch)
        self.lanes.learn(contract, version, inputs, answers)
        return answers

    def stream(
        self, contract: Contract, version: int, inputs: Inputs, timeout: float
    ) -> AsyncGenerator[Arrays, None]:
        """Give the answers of one version that has many, as they come; closing it ends them.

        Args:
            contract: The model and its tensors.
            version: Its number.
            inputs: Arrays by tensor name, batch axis first, as the contract says.
            timeout: Seconds that Triton gets for all of them.

        Raises:
            ModelNotReady: The version is not ready, or has just gone.
            ModelFailed: It failed on these inputs.
            DeadlinePassed: The time is over.
        """
        _check(contract, inputs, timeout)
        return streamed(self._stub, contract, version, inputs, timeout)

    async def _by_lane(
        self, contract: Contract, version: int, inputs: Inputs, passage: Passage, timeout: float
    ) -> Arrays | None:
        """Return what a run answers whose large tensors take a lane; None where that was lost.

        Its part of the slab is held until Triton has answered, whoever still waits for that. So it
        is not cancelled in Triton, which would answer no more; its runner is told instead.
        """
        request = request_of(contract, version, inputs, passage)
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
            answers = answers_of(contract, response, passage)
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

    async def reached(self, timeout: float = REACH_SECONDS) -> None:
        """Return once it is connected to.

        A Triton that has just come back would else be taken for dead by whoever asks it at once:
        until gRPC tries again, up to a second later, it answers with how it failed before.

        Raises:
            ModelNotReady: It is not there.
        """
        try:
            async with asyncio.timeout(timeout):
                await self._channel.channel_ready()
        except TimeoutError as error:
            raise ModelNotReady("Triton cannot be reached", retry_after=1.0) from error

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


def _check(contract: Contract, inputs: Inputs, timeout: float) -> None:
    """Let through what can be run.

    Raises:
        DeadlinePassed: There is no time for it.
    """
    if timeout <= 0:
        raise DeadlinePassed(f"no time was left for {contract.model}")
    for tensor in contract.inputs:
        check_input(tensor, inputs[tensor.name], contract)
