"""Shadow traffic: answered inputs shown to a canary too, and both answers compared.

It is done after the caller has the answer, one input at a time, from a bounded store: what the
canary does there costs nobody anything, and of the photos nothing is kept.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from limner.errors import LimnerError
from limner_registry.rollout.spec import Kind
from limner_server.routing.quality import difference, look

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from numpy.typing import NDArray

    from limner_registry.contract import Contract
    from limner_server.metrics import Metrics
    from limner_server.routing.outcomes import Outcomes

    Arrays = Mapping[str, NDArray[Any]]
    Run = Callable[[Contract, int, Arrays, float], Awaitable[Arrays]]

log = logging.getLogger(__name__)

BUDGET: Final = 256 * 1024 * 1024
"""Bytes of inputs and answers that wait; the oldest make room for new ones."""
PATIENCE: Final = 3.0
"""Times as long as the stable version took that a canary may take, and a second."""


@dataclass(frozen=True, eq=False)
class Sample:
    """One run of the stable version, to be repeated by a canary."""

    contract: Contract
    canary: int
    """The version that repeats it."""
    rollout: str
    generation: int
    inputs: Arrays
    answers: Arrays
    seconds: float
    """How long the stable version took."""
    flawed: bool
    """Whether its answer is useless by itself."""

    @property
    def size(self) -> int:
        """Bytes that it holds."""
        return sum(array.nbytes for side in (self.inputs, self.answers) for array in side.values())


class Shadow:
    """The samples of one server, and the one task that works on them."""

    def __init__(
        self, run: Run, outcomes: Outcomes, metrics: Metrics, budget: int = BUDGET
    ) -> None:
        """Repeat samples with `run`, and count in `outcomes` what came of them."""
        self._run = run
        self._outcomes = outcomes
        self._metrics = metrics
        self._budget = budget
        self._waiting: deque[Sample] = deque()
        self._held = 0
        self._there = asyncio.Event()

    def take(self, sample: Sample) -> None:
        """Keep a sample until its turn; what no longer fits is dropped, the oldest first."""
        self._waiting.append(sample)
        self._held += sample.size
        while self._held > self._budget:
            self._held -= self._waiting.popleft().size
            self._metrics.shadow_dropped.labels("budget").inc()
        self._there.set()

    async def work(self) -> None:
        """Work on samples as they come, until cancelled."""
        while True:
            await self._there.wait()
            while self._waiting:
                sample = self._waiting.popleft()
                self._held -= sample.size
                try:
                    await self._repeat(sample)
                except Exception:  # a defect here must not end what only looks on
                    log.exception("a sample could not be compared")
            self._there.clear()

    async def _repeat(self, sample: Sample) -> None:
        """Run a sample on its canary, compare, and count the pair."""
        contract, canary = sample.contract, set[str]()
        stable = {Kind.QUALITY} if sample.flawed else set[str]()
        try:
            timeout = PATIENCE * sample.seconds + 1.0
            answers = await self._run(contract, sample.canary, sample.inputs, timeout)
        except LimnerError as error:
            log.info("a canary failed on shadow traffic", extra={"detail": str(error)})
            canary.add(Kind.ERROR)
        else:
            if await look(contract, answers):
                canary.add(Kind.QUALITY)
            gap = await asyncio.to_thread(difference, contract, sample.answers, answers)
            if gap:
                measure, value = gap
                self._metrics.shadow_difference.labels(contract.model, measure).observe(value)
        self._outcomes.paired(sample.rollout, sample.generation, stable, canary)
