"""Keeps one tritonserver running: a crash is followed by a start, sooner at first, then slower."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from limner_server.triton.process import TritonProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from limner_server.metrics import Metrics
    from limner_server.triton.process import Ports

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 30.0
CALM_SECONDS = 60.0
"""A Triton that ran this long has earned a quick restart again."""


class Supervisor:
    """Owner of the running tritonserver; its ports stay the same over restarts."""

    def __init__(self, first: TritonProcess, state: Path, metrics: Metrics) -> None:
        """Take over a process that has just been started."""
        self.process = first
        self._state = state
        self._metrics = metrics

    async def keep_running(self, started_again: Callable[[], None]) -> None:
        """Start Triton again whenever it ends, until cancelled; tell `started_again` each time."""
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE_SECONDS
        while True:
            begun = clock()
            code = await self.process.wait()
            log.error("triton ended", extra={"pid": self.process.pid, "exit_code": code})
            await self.process.stop()  # its runners may still be there
            if clock() - begun > CALM_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            while True:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                try:
                    self.process = await TritonProcess.start(self._state, self.process.ports)
                except Exception:  # whatever it was, a full disk or a defect, may pass
                    log.exception("triton did not start again", extra={"next_try_seconds": pause})
                else:
                    break
            self._metrics.triton_restarts.inc()
            started_again()


@asynccontextmanager
async def supervised(
    state: Path, ports: Ports, metrics: Metrics, started_again: Callable[[], None]
) -> AsyncIterator[Supervisor]:
    """Run a tritonserver over `state`, on `ports`, for as long as the block lasts.

    Raises:
        TritonMissing: It did not start the first time.
    """
    supervisor = Supervisor(await TritonProcess.start(state, ports), state, metrics)
    page = f"http://127.0.0.1:{ports.metrics}/metrics"
    metrics.triton.info({"address": supervisor.process.address, "metrics": page})
    keeping = asyncio.create_task(supervisor.keep_running(started_again))
    try:
        yield supervisor
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await supervisor.process.stop()
