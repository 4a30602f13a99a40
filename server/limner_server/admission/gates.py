"""What is handed to a version's runners at once: no more than they can take up."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from limner.v1.reasons import OverloadedWork
from limner_server.admission.line import Crowded, Line, Priority
from limner_server.admission.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from limner_registry.contract import Contract
    from limner_server.call import Call
    from limner_server.metrics import Metrics

    Version = tuple[str, int]


QUICK_SECONDS: Final = 0.01
"""Runs that are over sooner are handed over one ahead."""


class Gates:
    """A line before the runners of each version, so that none forms within Triton.

    There the more urgent would wait behind the less, and what nobody waits for would be run. Where
    that is a few milliseconds, it would be longer for a runner to wait until it is handed the next.
    """

    def __init__(self, metrics: Metrics) -> None:
        """Begin without any; `metrics` shows how long each line is."""
        self._metrics = metrics
        self._lines: dict[Version, Line] = {}
        self._pace: Pace[Version] = Pace()

    @asynccontextmanager
    async def through(self, contract: Contract, number: int, call: Call) -> AsyncIterator[None]:
        """Occupy a runner of a version for as long as the block lasts, once one is free.

        Raises:
            OverloadedWork: None is expected to be free in time for the run to end in time.
        """
        version = contract.model, number
        line = self._lines.get(version) or self._line(contract, version)
        seconds = self._pace.of(version) or QUICK_SECONDS  # who is not known is not ahead
        try:
            turn = line.join(call.priority, seconds, call.remaining() - seconds)
        except Crowded as crowded:
            self._metrics.refused_calls.labels("model").inc()
            said = f"{contract.model} is busy: a runner is expected in {crowded.wait:.2f} s"
            raise OverloadedWork(said, retry_after=crowded.wait) from None
        try:
            if not turn.granted.is_set():
                with call.stage("wait"):
                    await turn.granted.wait()
            yield
        finally:
            line.leave(turn)
        self._pace.took(version, turn.worked)

    def _line(self, contract: Contract, version: Version) -> Line:
        """Return a new line before the runners of a version."""
        line = self._lines[version] = Line(contract.runners + 1, QUICK_SECONDS)
        self._metrics.model_working.labels(*version).set_function(lambda: line.working)
        self._metrics.model_waiting.labels(*version).set_function(
            lambda: sum(map(line.waiting, Priority))
        )
        return line
