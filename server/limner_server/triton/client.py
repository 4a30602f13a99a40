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
from limner_server.triton.exchanges import MAX_BODY, Connections, Disconnected
from limner_server.triton.lanes import Lanes
from limner_server.triton.leftovers import SHM
from limner_server.triton.messages import (
    Refused,
    answers_of,
    check_answers,
    check_input,
    path_of,
    request_of,
    translated,
)
from limner_server.triton.owned import RUN, named
from limner_server.triton.streaming import last, streamed
from limner_server.triton.unanswered import Unanswered

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from limner_registry.contract import Contract
    from limner_server.triton.exchanges import Exchange
    from limner_server.triton.lanes import Passage
    from limner_server.triton.messages import Arrays, Inputs

log = logging.getLogger(__name__)

CHANNEL = (
    ("grpc.initial_reconnect_backoff_ms", 100),  # Triton is next door: ask again at once
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.max_send_message_length", MAX_BODY),
    ("grpc.max_receive_message_length", MAX_BODY),
)
REACH_SECONDS = 2.0
"""How long a connection to Triton is waited for before something is to be loaded."""
LONGEST_SECONDS = 600.0
"""After which a run that nobody waits for is given up; its callers' deadlines are far shorter."""


class LaneLost(Exception):
    """Triton does not know the slab that a run's tensors were in."""


class Triton:
    """One Triton: runs over HTTP, which costs less, and all else over gRPC."""

    def __init__(self, address: str, http: str, lane_bytes: int = 0) -> None:
        """Prepare for calls to a Triton; nothing is sent yet.

        Args:
            address: host:port of its gRPC.
            http: host:port of its HTTP.
            lane_bytes: Shared memory for large tensors, once the lanes are kept; 0 has none.
        """
        self._channel = grpc.aio.insecure_channel(address, options=CHANNEL)
        self._stub = service_pb2_grpc.GRPCInferenceServiceStub(self._channel)
        self._connections = Connections(http)
        self._left_alone: set[asyncio.Task[None]] = set()
        """Runs that nobody waits for any more."""
        self.lanes = Lanes(self._stub, lane_bytes)
        self.unanswered = Unanswered()
        """What versions were asked that do not stream."""
        self.silences = 0
        """Times that it has not even said that it heard: it hangs."""

    async def close(self) -> None:
        """Drop the connections, and what nobody waits for any more."""
        for run in self._left_alone:
            run.cancel()
        await asyncio.gather(*self._left_alone, return_exceptions=True)
        await self.lanes.close()
        self._connections.close()
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
        except (Refused, Disconnected) as error:
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
        7368 and 8034); its runner is told instead, where that is on this machine.

        Raises:
            TimeoutError: It takes longer.
            LaneLost: Triton does not know the slab any more.
            Refused: It does not do it.
            Disconnected: It does not answer.
        """
        name, exchange = named(RUN), None
        told, tensors = request_of(contract, inputs, name, passage)
        try:
            async with asyncio.timeout(timeout):
                exchange = await self._connections.ask(path_of(contract, version), told, tensors)
                await exchange.over()
        except BaseException:
            if exchange is None and passage is not None:
                passage.lease.give_back()  # nothing was sent
            elif exchange is not None:
                left = asyncio.create_task(self._left(contract, exchange, name, passage))
                self._left_alone.add(left)
                left.add_done_callback(self._left_alone.discard)
            raise
        return self._taken(contract, exchange, passage)

    async def _left(
        self, contract: Contract, exchange: Exchange, name: str, passage: Passage | None
    ) -> None:
        """See a run to its end that nobody waits for any more."""
        flag = SHM / name
        with contextlib.suppress(OSError):  # it then runs on for as long as it takes
            flag.touch()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LONGEST_SECONDS):
                    await exchange.over()
            exchange.give_up()
            self._taken(contract, exchange, passage)
        except (Refused, Disconnected, LaneLost):
            pass  # nobody is there any more to hear how it failed
        finally:
            flag.unlink(missing_ok=True)

    def _taken(self, contract: Contract, exchange: Exchange, passage: Passage | None) -> Arrays:
        """Return what Triton has answered to a run, and give its part of the slab back.

        Where it has not, nobody knows what it still writes, and the slab is given up.

        Raises:
            LaneLost: Triton does not know the slab any more.
            Refused: It has not done it.
            Disconnected: It has not answered.
        """
        known = True
        try:
            return answers_of(contract, exchange.reply(), passage)
        except Disconnected:
            known = False
            raise
        except Refused as refused:
            if passage is None or "shared memory" not in refused.said:
                raise
            known = False
            log.warning("a lane to triton was lost", extra={"detail": refused.said})
            raise LaneLost from refused
        finally:
            if passage is not None and known:
                passage.lease.give_back()
            elif passage is not None:
                self.lanes.lose(passage.lease.slab)

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


def _check(contract: Contract, inputs: Inputs, timeout: float) -> None:
    """Let through what can be run.

    Raises:
        DeadlinePassed: There is no time for it.
    """
    if timeout <= 0:
        raise DeadlinePassed(f"no time was left for {contract.model}")
    for tensor in contract.inputs:
        check_input(tensor, inputs[tensor.name], contract)
