"""The one way from pipelines to networks: the version a call was planned with, or its stand-in."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

from limner.errors import LimnerError
from limner.v1.reasons import DeadlinePassed, ModelFailed, ModelNotReady, ModelVersionUnknown
from limner_registry.rollout.spec import Kind
from limner_registry.routes import Arm
from limner_server.admission.gates import Gates
from limner_server.routing.quality import look
from limner_server.triton.streaming import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_registry.contract import Contract
    from limner_server.call import Call, Use
    from limner_server.metrics import Metrics
    from limner_server.routing.trials import Trials
    from limner_server.triton.client import Triton
    from limner_server.triton.servables import Servables

    Inputs = Mapping[str, NDArray[Any]]

MARGIN_SECONDS = 0.03
"""What Triton gets less than the caller gave, so that our answer still arrives in time."""
MOST_RUNS = 3
"""Runners that one run may be tried on: those before died on it, or it on them."""
OF_THE_MODEL = (ModelFailed, ModelNotReady, DeadlinePassed)
"""Failures that another version might not have ended in."""


class Models:
    """Every model, as one call sees it."""

    def __init__(
        self, triton: Triton, servables: Servables, trials: Trials, metrics: Metrics, placed: Path
    ) -> None:
        """Run versions on a Triton.

        Args:
            triton: Where they run.
            servables: Hears of those found dead, and has them mended.
            trials: Hears how canaries do.
            metrics: Where runs are counted.
            placed: The folder where Triton finds their files.
        """
        self.placed = placed
        self._triton = triton
        self._servables = servables
        self._trials = trials
        self._metrics = metrics
        self._gates = Gates(metrics)

    async def infer(
        self, contract: Contract, inputs: Inputs, call: Call
    ) -> dict[str, NDArray[Any]]:
        """Run the version that this call was planned with; the stable one where a canary fails.

        A canary's useless answer is a failure, too, unless the stable version has no better one.

        Args:
            contract: The model and its tensors.
            inputs: Arrays by tensor name, batch axis first, as the contract says.
            call: Whose deadline, plan and record apply.

        Returns:
            Arrays by tensor name, batch axis first; read-only views of the answer.

        Raises:
            ModelNotReady: No version is ready, or the one planned has just gone.
            ModelVersionUnknown: The caller named a version that is not here.
            ModelFailed: The version failed on these inputs.
            DeadlinePassed: The call's time is over.
            OverloadedWork: So many runs wait before this one that it would end too late.
        """
        use = self._planned(contract.model, call)
        try:
            answers = await self._run(contract, use, inputs, call)
        except OF_THE_MODEL:
            self._trials.failed(call, contract.model, use)
            in_time = call.remaining() > MARGIN_SECONDS
            if use.choice.arm is not Arm.CANARY or use.fell_back or not use.stable or not in_time:
                raise
            use.fell_back = True
            use.bad.add(Kind.FALLBACK)
            answers = await self._run(contract, use, inputs, call)
        if await self._trials.answered(call, contract, use, inputs, answers):
            return answers
        return await self._better(contract, use, inputs, call) or answers

    async def follow(
        self, contract: Contract, inputs: Inputs, call: Call
    ) -> AsyncGenerator[dict[str, NDArray[Any]], None]:
        """Give the answers of a version that has many, as they come; closing it ends the run.

        Where its runner dies, and where the stable version takes over from a canary, they begin
        anew with the first.

        Args:
            contract: The model and its tensors.
            inputs: Arrays by tensor name, batch axis first, as the contract says.
            call: Whose deadline, plan and record apply.

        Raises:
            ModelNotReady: No version is ready, or the one planned has just gone.
            ModelVersionUnknown: The caller named a version that is not here.
            ModelFailed: The version failed on these inputs.
            DeadlinePassed: The call's time is over.
            OverloadedWork: So many runs wait before this one that it would end too late.
        """
        use = self._planned(contract.model, call)
        while True:
            stands_in = use.choice.arm is Arm.CANARY and not use.fell_back and bool(use.stable)
            try:
                async with contextlib.aclosing(
                    self._streamed(contract, use, inputs, call, waits=not stands_in)
                ) as answers:
                    async for answer in answers:
                        yield answer
            except OF_THE_MODEL:
                self._trials.failed(call, contract.model, use)
                if not stands_in:
                    raise
                use.fell_back = True
                use.bad.add(Kind.FALLBACK)
            else:
                if use.choice.arm is Arm.CANARY and not use.fell_back:
                    self._trials.ran(call, contract.model, use, failed=False)
                return

    def _planned(self, model: str, call: Call) -> Use:
        """Return what a call has of a model; raise where it named a version that is not here."""
        use = call.use_of(model)
        if use.choice.arm is Arm.PINNED:
            here = self._servables.versions(model)
            if here and use.version not in here:  # with none at all it is too early to say
                named = ", ".join(map(str, here))
                said = f"{model} has no version {use.version} on this server; there are {named}"
                raise ModelVersionUnknown(said)
        return use

    async def _streamed(
        self, contract: Contract, use: Use, inputs: Inputs, call: Call, *, waits: bool
    ) -> AsyncGenerator[dict[str, NDArray[Any]], None]:
        """Give the answers of the version in use; if it `waits`, from the first where that died."""
        version = contract.model, use.version
        runs = 0
        while True:
            losses = await self._servables.back(*version, _left(call) if waits else 0)
            try:
                async with self._gates.through(contract, use.version, call):
                    with self._counting(contract, use, call):
                        run = self._triton.stream(contract, use.version, inputs, _left(call))
                        lost = self._servables.lost(*version, losses)
                        async with contextlib.aclosing(until(lost, run)) as answers:
                            async for answer in answers:
                                yield answer
            except ModelNotReady:
                runs += 1
                comes_back = self._servables.lose(*version, losses)
                if not waits or runs == MOST_RUNS or not comes_back:
                    raise
            else:
                return

    async def _better(
        self, contract: Contract, use: Use, inputs: Inputs, call: Call
    ) -> dict[str, NDArray[Any]] | None:
        """Return what the stable version says where a canary's answer is useless, if it is not."""
        better = None
        if use.stable and call.remaining() > MARGIN_SECONDS:
            use.fell_back = True
            with contextlib.suppress(*OF_THE_MODEL):
                better = await self._run(contract, use, inputs, call)
            if better is not None and await look(contract, better):
                better = None
        use.fell_back = better is not None
        self._trials.ran(call, contract.model, use, failed=use.fell_back)
        return better

    async def _run(
        self, contract: Contract, use: Use, inputs: Inputs, call: Call
    ) -> dict[str, NDArray[Any]]:
        """Run the version in use once one of its runners is free; again where that died on it.

        A canary's call does not wait for it to be mended: it has the stable version.
        """
        version = contract.model, use.version
        stand_in = use.choice.arm is Arm.CANARY and not use.fell_back and use.stable
        runs = 0
        while True:
            losses = await self._servables.back(*version, 0 if stand_in else _left(call))
            try:
                return await self._through(contract, use, inputs, call)
            except ModelNotReady:
                runs += 1
                comes_back = self._servables.lose(*version, losses)
                if stand_in or runs == MOST_RUNS or not comes_back:
                    raise

    async def _through(
        self, contract: Contract, use: Use, inputs: Inputs, call: Call
    ) -> dict[str, NDArray[Any]]:
        """Run the version in use as a stage of a call, once one of its runners is free."""
        async with self._gates.through(contract, use.version, call):
            return await self._counted(contract, use, inputs, call)

    async def _counted(
        self, contract: Contract, use: Use, inputs: Inputs, call: Call
    ) -> dict[str, NDArray[Any]]:
        """Run the version in use, and count how that ended."""
        with self._counting(contract, use, call):
            return await self._triton.run(contract, use.version, inputs, _left(call))

    @contextlib.contextmanager
    def _counting(self, contract: Contract, use: Use, call: Call) -> Iterator[None]:
        """Count how a run ends that is a stage of a call."""
        started = time.monotonic()
        outcome = "ok"
        try:
            with call.stage(contract.model):
                yield
        except LimnerError as error:
            outcome = error.reason.lower()
            raise
        except (asyncio.CancelledError, GeneratorExit):
            outcome = "cancelled"
            raise
        finally:
            seconds = time.monotonic() - started
            if not use.fell_back:
                use.seconds = max(use.seconds, seconds)
            self._metrics.model_call(contract.model, use.version, outcome, seconds)


def _left(call: Call) -> float:
    """Return the seconds that a run may take."""
    return call.remaining() - MARGIN_SECONDS
