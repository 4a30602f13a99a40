"""The controller as a child process of this server, for a machine that has none elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from typing import TYPE_CHECKING

from limner_server.children import DYING_WITH_US

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

STOP_SECONDS = 5.0


class ControllerProcess:
    """One running controller; what it logs joins what this process logs."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Hold a process that has been started."""
        self._process = process

    @classmethod
    async def start(
        cls, state: Path, port: int, metrics_port: int, *, json_logs: bool
    ) -> ControllerProcess:
        """Start a controller over a state folder; it dies with this process.

        Args:
            state: Folder of the registry and the models.
            port: On loopback, where it is to listen.
            metrics_port: There, too, of its Prometheus page; 0 takes a free one.
            json_logs: Whether it logs JSON objects.
        """
        process = await asyncio.create_subprocess_exec(
            *DYING_WITH_US,
            *(sys.executable, "-m", "limner_registry.control"),
            *("--state", str(state), "--port", str(port), "--metrics-port", str(metrics_port)),
            *(("--json-logs",) if json_logs else ()),
            stdin=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        log.info("controller started", extra={"pid": process.pid, "port": port})
        return cls(process)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Return its exit code once it has ended."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it: asked first, killed when the patience is over."""
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
