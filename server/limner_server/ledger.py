"""What is counted, timed and logged of every call and every frame."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from limner_server.stream import ANSWERED, SKIPPED

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc

    from limner.errors import LimnerError
    from limner_server.call import Call
    from limner_server.metrics import Metrics

log = logging.getLogger("limner_server.calls")


class Ledger:
    """The record of what calls came to."""

    def __init__(self, metrics: Metrics) -> None:
        """Count in `metrics`."""
        self._metrics = metrics

    def begun(self, kind: str, call: Call) -> None:
        """Count a call that has come in; `kind` is its type, as series are labeled."""
        self._metrics.started(*_labels(kind, call)).inc()

    def frames(self, kind: str, call: Call, outcome: str, count: int) -> None:
        """Count frames that came to one end; time the one that was answered."""
        labels = _labels(kind, call)
        self._metrics.frames.labels(*labels, outcome).inc(count)
        if outcome == ANSWERED:
            self._metrics.frame_seconds.labels(*labels).observe(time.monotonic() - call.started)
        if outcome != SKIPPED:
            self._stages(call)

    def ended(
        self,
        kind: str,
        call: Call,
        code: grpc.StatusCode,
        error: LimnerError | None,
        frames: Mapping[str, int],
    ) -> None:
        """Count and log a call that is over, by the status that is sent."""
        seconds = time.monotonic() - call.started
        labels = _labels(kind, call)
        self._metrics.handled(*labels, code.name).inc()
        self._metrics.handling(*labels).observe(seconds)
        self._stages(call)
        if error is not None:
            self._metrics.errors.labels(error.reason).inc()
        log.info(
            "call",
            extra={
                "request_id": call.request_id,
                "method": call.method,
                "code": code.name,
                "reason": error.reason if error else "",
                "seconds": round(seconds, 4),
                "models": {model: use.version for model, use in call.uses.items()},
            }
            | ({"frames": dict(frames)} if frames else {}),
        )

    def _stages(self, call: Call) -> None:
        for stage, seconds in call.stages:
            self._metrics.stage_seconds(stage).observe(seconds)


def _labels(kind: str, call: Call) -> tuple[str, ...]:
    """Return a method's type, service and name."""
    return (kind, *call.method.strip("/").split("/"))
