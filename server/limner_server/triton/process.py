"""One tritonserver as a child process: its command, its environment, its start and its end."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import hashlib
import importlib.util
import logging
import os
import shutil
import signal
import socket
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import psutil

log = logging.getLogger(__name__)

EXIT_SECONDS = 5
"""How long Triton may take to end; the server has let every call finish before it asks, and with
a dead runner Triton would wait for ever."""
START_SECONDS = 60.0
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)
"""Opened before any fork: between fork and exec a child may do little else than call it."""
SHM = Path("/dev/shm")  # noqa: S108 - the place itself, not a temporary file


class TritonMissing(Exception):
    """The tritonserver binary, or something it needs, is not installed; the message says what."""


@dataclass(frozen=True)
class Installation:
    """The tritonserver that travels in the nvidia-pytriton wheel."""

    root: Path
    """Folder with bin, backends and python_backend_stubs."""
    libraries: Path
    """Folder of the shared libraries the wheel brings along."""

    @classmethod
    def find(cls) -> Installation:
        """Return where this interpreter's packages keep Triton.

        Raises:
            TritonMissing: The wheel is not installed.
        """
        spec = importlib.util.find_spec("pytriton")
        if spec is None or not spec.submodule_search_locations:
            raise TritonMissing(
                "nvidia-pytriton, which carries tritonserver, is not installed: "
                "pip install 'limner[server]'"
            )
        package = Path(spec.submodule_search_locations[0])
        return cls(package / "tritonserver", package.parent / "nvidia_pytriton.libs")

    @property
    def binary(self) -> Path:
        """The tritonserver executable."""
        return self.root / "bin/tritonserver"

    @property
    def stub(self) -> Path:
        """The runner process for this interpreter's version."""
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return self.root / "python_backend_stubs" / version / "triton_python_backend_stub"

    def environment(self) -> dict[str, str]:
        """Return the environment both tritonserver and its runners need.

        A runner takes its packages from the `python3` found first on PATH, and its interpreter
        from libpython: PYTHONPATH does not reach it.
        """
        folders = [str(self.libraries), str(sysconfig.get_config_var("LIBDIR"))]
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in {"HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "CUDA_VISIBLE_DEVICES"}
        }
        return inherited | {
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '/usr/bin:/bin')}",
            "LD_LIBRARY_PATH": ":".join(folders),
        }

    def lay_out_backends(self, folder: Path) -> None:
        """Write the backend folder Triton wants: the Python backend with its runner inside."""
        python = folder / "python"
        shutil.rmtree(python, ignore_errors=True)
        shutil.copytree(self.root / "backends/python", python)
        shutil.copy2(self.stub, python / self.stub.name)
        (python / self.stub.name).chmod(0o755)


@dataclass(frozen=True)
class Ports:
    """Where one Triton listens, on loopback only."""

    grpc: int
    metrics: int

    @classmethod
    def free(cls) -> Ports:
        """Return two ports nobody listens on just now."""
        with contextlib.ExitStack() as stack:
            sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
            for one in sockets:
                one.bind(("127.0.0.1", 0))
            return cls(*(one.getsockname()[1] for one in sockets))


def shm_prefix(state: Path) -> str:
    """Return the prefix of every /dev/shm region that the runners of `state` make."""
    return f"limner_{hashlib.sha256(str(state.resolve()).encode()).hexdigest()[:12]}_"


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
        "--allow-http=false",
        "--grpc-address=127.0.0.1",
        f"--grpc-port={ports.grpc}",
        "--metrics-address=127.0.0.1",
        f"--metrics-port={ports.metrics}",
    ]


class TritonProcess:
    """One running tritonserver, with every runner it started, in a process group of its own."""

    def __init__(self, process: asyncio.subprocess.Process, ports: Ports, state: Path) -> None:
        """Hold a process that `start` has seen ready."""
        self._process = process
        self._state = state
        self.ports = ports

    @classmethod
    async def start(cls, state: Path, ports: Ports) -> TritonProcess:
        """Start tritonserver over the models folder of `state`, and wait until it listens.

        Its output goes to `triton/triton.log` in `state`. It dies with this process.

        Raises:
            TritonMissing: It could not even begin; the message ends with its last words.
        """
        installation = Installation.find()
        (state / "models").mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(installation.lay_out_backends, state / "triton/backends")
        sweep(state)
        with (state / "triton/triton.log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *command(installation, state, ports),
                env=installation.environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        triton = cls(process, ports, state)
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

    @property
    def address(self) -> str:
        """Where its gRPC answers."""
        return f"127.0.0.1:{self.ports.grpc}"

    async def wait(self) -> int:
        """Return its exit code once it has ended."""
        return await self._process.wait()

    async def stop(self) -> None:
        """End it and all its runners: asked first, killed when the patience is over."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.terminate()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._process.wait(), EXIT_SECONDS)
        with contextlib.suppress(ProcessLookupError):  # runners may outlive a killed server
            os.killpg(self._process.pid, signal.SIGKILL)
        await self._process.wait()
        sweep(self._state)

    async def _listening(self) -> None:
        """Return once this very child, not a stranger, listens on the port.

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
                if self.ports.grpc in listening:
                    return
            await asyncio.sleep(0.05)
        words = (self._state / "triton/triton.log").read_text(errors="replace")[-600:]
        raise TritonMissing(f"tritonserver did not start; its last words: {words.strip()}")


def sweep(state: Path) -> None:
    """Remove what killed runners of `state` left in /dev/shm, and nothing else."""
    for region in SHM.glob(f"{shm_prefix(state)}*"):
        with contextlib.suppress(OSError):
            region.unlink()


def _die_with_parent() -> None:
    """Ask the kernel to end this child when its parent ends, however that ends."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
