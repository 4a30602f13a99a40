"""One tritonserver as a child process: its command, its environment, its start and its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import signal
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import psutil

from limner_server.children import DYING_WITH_US
from limner_server.triton.installation import Installation, TritonMissing
from limner_server.triton.leftovers import Leftovers, shm_prefix

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from limner_server.triton.wear import Wear

log = logging.getLogger(__name__)

EXIT_SECONDS = 5
"""How long a Triton whose server was killed may take to end; with a dead runner it would wait for
ever. Also how long the kernel may take to end what was killed."""
START_SECONDS = 60.0
NOT_BY_HTTP = "health,metadata,shared-memory,model-config,model-repository,statistics,trace,logging"
"""What nobody may ask by HTTP: any web page that is looked at here can send a request to it."""
MOST_LOGGED = 8 * 1024**2
"""Bytes from which on a start begins Triton's log anew."""


@dataclass(frozen=True)
class Ports:
    """Where one Triton listens, on loopback only."""

    grpc: int
    http: int
    metrics: int

    @classmethod
    def free(cls, but: Collection[int] = ()) -> Ports:
        """Return three ports nobody listens on just now, and nobody will: none of `but`."""
        with contextlib.ExitStack() as stack:
            found: list[int] = []
            while len(found) < 3:
                one = stack.enter_context(socket.socket())
                one.bind(("127.0.0.1", 0))
                if (port := one.getsockname()[1]) not in but:
                    found.append(port)
            return cls(*found)

    @property
    def grpc_address(self) -> str:
        """Where gRPC is answered."""
        return f"127.0.0.1:{self.grpc}"

    @property
    def http_address(self) -> str:
        """Where HTTP is."""
        return f"127.0.0.1:{self.http}"


def command(installation: Installation, state: Path, ports: Ports) -> list[str]:
    """Return the command that serves the models folder of `state` on `ports`."""
    return [
        str(installation.binary),
        f"--model-repository={state / 'models'}",
        f"--backend-directory={state / 'triton/backends'}",
        f"--backend-config=python,shm-region-prefix-name={shm_prefix(state)}",
        "--model-control-mode=explicit",
        "--disable-auto-complete-config",
        "--strict-readiness=false",
        "--exit-on-error=false",
        f"--exit-timeout-secs={EXIT_SECONDS}",
        "--pinned-memory-pool-byte-size=0",
        "--http-address=127.0.0.1",
        f"--http-port={ports.http}",
        f"--http-restricted-api={NOT_BY_HTTP}:{secrets.token_hex()}={secrets.token_hex()}",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={ports.grpc}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={ports.metrics}",
    ]


class TritonProcess:
    """One running tritonserver, with every runner it started, in a process group of its own."""

    def __init__(
        self,
        process: asyncio.subprocess.Process,
        ports: Ports,
        state: Path,
        wear: Wear,
        leftovers: Leftovers,
    ) -> None:
        """Hold a process that `start` has just started."""
        self._process = process
        self._state = state
        self._wear = wear
        self._leftovers = leftovers
        self.ports = ports

    @classmethod
    async def start(cls, state: Path, ports: Ports, wear: Wear) -> TritonProcess:
        """Start tritonserver over the models folder of `state`, and wait until it listens.

        Its output is added to `triton/triton.log` in `state`. It dies with this process.

        Raises:
            TritonMissing: It could not even begin; the message ends with its last words.
        """
        installation = Installation.find()
        await asyncio.to_thread(installation.check)
        (state / "models").mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(installation.lay_out_backends, state / "triton/backends")
        leftovers = Leftovers(state)
        leftovers.sweep()  # an earlier server may have been killed as well
        with _log(state / "triton/triton.log") as output:
            process = await asyncio.create_subprocess_exec(
                *DYING_WITH_US,
                *command(installation, state, ports),
                env=installation.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        triton = cls(process, ports, state, wear, leftovers)
        try:
            await triton._listening()
        except BaseException:
            await triton.stop()
            raise
        log.info("triton started", extra={"pid": process.pid, "grpc_port": ports.grpc})
        return triton

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    async def wait(self) -> int | None:
        """Return its exit code once it has ended, or None once another should take its place."""
        ended = asyncio.create_task(self._process.wait())
        worn = asyncio.create_task(self._wear.out(self.pid))
        try:
            await asyncio.wait({ended, worn}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                return ended.result()
            log.warning("triton is worn out", extra={"pid": self.pid, "detail": worn.result()})
            return None
        finally:
            ended.cancel()
            worn.cancel()

    async def stop(self) -> None:
        """Kill it and all its runners, and remove what they leave in /dev/shm and /tmp.

        Asked to end, it takes two to five seconds to let its runners go, and there is nothing for
        them to finish: a server that leaves has seen every call out, and what runs in a Triton
        that is replaced is done again by the next.
        """
        with contextlib.suppress(ProcessLookupError):  # runners may outlive a killed server
            os.killpg(self.pid, signal.SIGKILL)
        await self._process.wait()
        for _ in range(int(EXIT_SECONDS / 0.01)):
            if not _runs(self.pid):
                break
            await asyncio.sleep(0.01)
        await asyncio.to_thread(self._leftovers.sweep)

    async def _listening(self) -> None:
        """Return once this very child, not a stranger, listens on the ports.

        Raises:
            TritonMissing: It ended first, or was too slow.
        """
        watched = psutil.Process(self.pid)
        for _ in range(int(START_SECONDS / 0.05)):
            if self._process.returncode is not None:
                break
            with contextlib.suppress(psutil.NoSuchProcess):
                listening = {
                    connection.laddr.port
                    for connection in watched.net_connections("tcp")
                    if connection.status == psutil.CONN_LISTEN
                }
                if {self.ports.grpc, self.ports.http} <= listening:
                    return
            await asyncio.sleep(0.05)
        words = (self._state / "triton/triton.log").read_text(errors="replace")[-600:]
        raise TritonMissing(f"tritonserver did not start; its last words: {words.strip()}")


def _runs(group: int) -> bool:
    """Return whether any process of a group has not ended."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                return True
    return False


def _log(file: Path) -> BinaryIO:
    """Open a log to add to; one that has grown too long is begun anew."""
    kept = file.exists() and file.stat().st_size < MOST_LOGGED
    return file.open("ab" if kept else "wb")
