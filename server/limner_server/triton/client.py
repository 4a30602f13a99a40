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

    Run = grpc.aio.UnaryUnaryCall[service_pb2.ModelInferRequest, service_pb2.ModelInferResponse]

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


class LaneLost(Exception):
    """Triton does not know the slab that a run's tensors were in."""


class Triton:
    """One Triton over gRPC."""

    def __init__(self, address: str, lane_bytes: int = 0, *, beside: bool = True) -> None:
        """Prepare for calls to a Triton; nothing is sent yet.

        Args:
            address: host:port of its gRPC.
            lane_bytes: Shared memory for large tensors, once the lanes are kept; 0 has none.
            beside: Whether its runners see our /dev/shm, and our word there that a caller left.
        """
        self._beside = beside
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._left_alone: set[asyncio.Task[None]] = set()
        """Runs that nobody waits for any more."""
        self.lanes = Lanes(self._stub, lane_bytes)
        self.unanswered = Unanswered()
        """What versions were asked that do not stream."""
        self.silences = 0
        """Times that it has not even said that it heard: it hangs."""

    async def close(self) -> None:
        """Drop the connection, and what nobody waits for any more."""
        for run in self._left_alone:
            run.cancel()
        await asyncio.gather(*self._left_alone, return_exceptions=True)
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
        try:
            try:
                answers = await self._asked(contract, version, inputs, timeout, passage)
            except LaneLost:
                answers = await self._asked(contract, version, inputs, timeout)
        except TimeoutError as error:
            raise DeadlinePassed(f"the deadline passed while {contract.model} ran") from error
        except grpc.aio.AioRpcError as error:
            raise translated(error, contract.model, version) from error
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

    async def _asked(
        self,
        contract: Contract,
        version: int,
        inputs: Inputs,
        timeout: float,
        passage: Passage | None = None,
    ) -> Arrays:
        """Return what a run answers whose large tensors have their places in `passage`.

        Whoever leaves does not cancel it, or Triton 2.51 crashes of that now and then (its issues
        7368 and 8034); its runner is told instead, where it can be.

        Raises:
            TimeoutError: It takes longer.
            LaneLost: Triton does not know the slab any more.
        """
        request = request_of(contract, version, inputs, passage)
        request.id = named(RUN)
        call = self._stub.ModelInfer(request, timeout=LONGEST_SECONDS)
        try:
            async with asyncio.timeout(timeout):
                await _over(call)
        except BaseException:
            if self._beside or passage is not None:
                left = asyncio.create_task(self._left(contract, call, request.id, passage))
                self._left_alone.add(left)
                left.add_done_callback(self._left_alone.discard)
            else:
                call.cancel()
            raise
        return await self._taken(contract, call, passage)

    async def _left(
        self, contract: Contract, call: Run, name: str, passage: Passage | None
    ) -> None:
        """See a run to its end that nobody waits for any more."""
        flag = SHM / name
        with contextlib.suppress(OSError):  # it then runs on for as long as it takes
            flag.touch()
        try:
            await self._taken(contract, call, passage)
        except (grpc.aio.AioRpcError, LaneLost):
            pass  # nobody is there any more to hear how it failed
        finally:
            flag.unlink(missing_ok=True)

    async def _taken(self, contract: Contract, call: Run, passage: Passage | None) -> Arrays:
        """Return what Triton answers to a run, and give its part of the slab back.

        Where it is not Triton that ends it, nobody knows what it still writes, and the slab is
        given up.

        Raises:
            LaneLost: Triton does not know the slab any more.
        """
        ours = False
        try:
            answers = answers_of(contract, await call, passage)
            ours = True
        except grpc.aio.AioRpcError as error:
            said = error.details() or ""
            if passage is not None and "shared memory" in said:
                log.warning("a lane to triton was lost", extra={"detail": said})
                raise LaneLost from error
            ours = error.code() in SAID_BY_TRITON or any(words in said for words in SAID_IN_WORDS)
            raise
        finally:
            if passage is not None and ours:
                passage.lease.give_back()
            elif passage is not None:
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

    async def unload(self, model: str, version: int, timeout: float = 3.0) -> None:
        """Ask Triton to unload one version; calls in flight finish, and nobody waits for it.

        Triton says at once that it will, however long it then takes.
        """
        request = service_pb2.RepositoryModelUnloadRequest(model_name=triton_name(model, version))
        try:
            await self._stub.RepositoryModelUnload(request, timeout=timeout)
        except grpc.aio.AioRpcError as error:
            log.warning("unload failed", extra={"model": model, "detail": error.details()})
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                self.silences += 1


async def _over(call: Run) -> None:
    """Return once a call is over; who stops waiting does not cancel it, as awaiting itself does."""
    over = asyncio.Event()
    call.add_done_callback(lambda _: over.set())
    await over.wait()


def _check(contract: Contract, inputs: Inputs, timeout: float) -> None:
    """Let through what can be run.

    Raises:
        DeadlinePassed: There is no time for it.
    """
    if timeout <= 0:
        raise DeadlinePassed(f"no time was left for {contract.model}")
    for tensor in contract.inputs:
        check_input(tensor, inputs[tensor.name], contract)
