"""Canaries on trial in this server: the table in force, and what their runs come to.

Everything here is decided at once and without asking anybody: a canary that fails is left out on
the spot, and one whose controller is gone is left out when its lease is over. Both can only bring
traffic back to the stable versions.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Any, Final

from limner_registry.rollout.spec import Kind
from limner_registry.routes import Arm, Routes
from limner_server.routing.breaker import Breaker
from limner_server.routing.durations import Durations
from limner_server.routing.outcomes import Outcomes
from limner_server.routing.quality import look
from limner_server.routing.shadow import Sample, Shadow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from limner_registry.contract import Contract
    from limner_registry.routes import Canary
    from limner_server.call import Call, Use
    from limner_server.metrics import Metrics
    from limner_server.routing.shadow import Run

    Arrays = Mapping[str, NDArray[Any]]

log = logging.getLogger(__name__)

MOST_SAMPLES: Final = 16
"""Runs of one call that a canary is shown: a drawing has hundreds, a tile each."""


class Trials:
    """What one server knows and does about the rollouts that its table names."""

    def __init__(self, routes: Callable[[], Routes], run: Run, metrics: Metrics) -> None:
        """Start from the table of versions that are up.

        Args:
            routes: Returns that table.
            run: Runs a version by number, outside any call.
            metrics: Where runs of canaries are counted.
        """
        self._routes = routes
        self.metrics = metrics
        """Where runs of canaries are counted."""
        self._breaker = Breaker()
        self._lease_until = 0.0
        self._seen: tuple[Routes, bool, frozenset[str]] | None = None
        self._table = Routes()
        self.outcomes = Outcomes()
        self.durations = Durations()
        self.shadow = Shadow(run, self.outcomes, metrics)
        self.on_ejection: Callable[[str, int, str], None] = lambda *_: None
        """Hears at once of a canary that was left out: its rollout, the generation, and why."""

    def lease(self, seconds: float) -> None:
        """Let canaries have calls for so many seconds from now."""
        self._lease_until = time.monotonic() + seconds

    def table(self) -> Routes:
        """Return the table in force; without a lease, and once ejected, canaries get nothing."""
        routes, leased = self._routes(), time.monotonic() < self._lease_until
        seen = (routes, leased, self._breaker.ejected)
        if self._seen is None or any(a is not b for a, b in zip(seen, self._seen, strict=True)):
            self._seen = seen
            self._table = routes if leased else routes.without()
            for rollout in self._breaker.ejected:
                self._table = self._table.without(rollout)
        return self._table

    def forget_but(self, rollouts: set[str]) -> None:
        """Forget the counts and the runs of every rollout but these."""
        self.outcomes.keep(rollouts)
        self._breaker.keep(rollouts)

    async def answered(
        self, call: Call, contract: Contract, use: Use, inputs: Arrays, answers: Arrays
    ) -> bool:
        """Take note of a run that answered; keep what a canary is to be shown too.

        Returns:
            Whether the answer will do; if not, `ran` is to be told whether stable had a better one.
        """
        canary = call.routes.canaries.get(contract.model)
        if canary is None or not canary.rollout:
            return True
        if use.fell_back:
            return True  # another version's answer says nothing of the one planned
        flawed = await look(contract, answers)
        if flawed:
            use.bad.add(Kind.QUALITY)
        if use.choice.arm is Arm.CANARY:
            if flawed:
                return False
            self.ran(call, contract.model, use, failed=False)
        elif _is_shown(call, use, canary):
            call.samples.append(
                Sample(
                    contract,
                    canary.version,
                    canary.rollout,
                    call.routes.generation,
                    inputs,
                    answers,
                    use.seconds,
                    flawed,
                )
            )
        return True

    def failed(self, call: Call, model: str, use: Use) -> None:
        """Take note of a run that failed."""
        use.bad.add(Kind.ERROR)
        if use.choice.arm is Arm.CANARY and not use.fell_back:
            self.ran(call, model, use, failed=True)

    def ended(self, call: Call, *, well: bool) -> None:
        """Count what became of a call that is over; show its samples to canaries."""
        for model, use in call.uses.items():
            if use.seconds and not use.fell_back and Kind.ERROR not in use.bad:
                self.durations.ran(model, use.version, use.seconds, time.monotonic())
            canary = call.routes.canaries.get(model)
            if canary is None or not use.choice.rollout or use.choice.arm is Arm.PINNED:
                continue
            if canary.welcomes(call.caller.headers):
                continue  # who asked for it is no fair sample of callers
            if 0 < canary.slow_seconds < use.seconds:
                use.bad.add(Kind.SLOW)
            generation = call.routes.generation
            arm, unit = use.choice.arm, call.caller.unit
            self.outcomes.answered(use.choice.rollout, generation, arm, unit, use.bad)
            for outcome in use.bad or {"ok"}:
                self.metrics.canary_requests(model, arm, outcome).inc()
            if use.fell_back:
                self.metrics.canary_fallback.labels(model).inc()
        if well:
            for sample in call.samples:
                self.shadow.take(sample)
        call.samples.clear()

    def ran(self, call: Call, model: str, use: Use, *, failed: bool) -> None:
        """Tell the breaker of a canary's run."""
        why = self._breaker.ran(use.choice.rollout, failed=failed)
        if why:
            self.metrics.canary_ejections.labels(model).inc()
            log.error("canary ejected", extra={"model": model, "version": use.version, "why": why})
            self.on_ejection(use.choice.rollout, call.routes.generation, why)


def _is_shown(call: Call, use: Use, canary: Canary) -> bool:
    """Return whether a canary is to be shown what the stable version has just answered."""
    if use.choice.arm is not Arm.STABLE or len(call.samples) >= MOST_SAMPLES:
        return False
    return canary.shadows(call.caller.unit)
