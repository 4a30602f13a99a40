"""Servers of all kinds as processes of their own: started, waited for, stopped, nothing left."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

STOP_SECONDS = 20
MOST_TOLD = 160
"""Characters of a log's last line."""


@dataclass
class Running:
    """One server's processes, and what it is asked through."""

    process: subprocess.Popen[str]
    folder: Path
    """Of its own: logs, settings; thrown away in the end."""
    ports: tuple[int, int, int]
    """For it to listen on."""

    @property
    def root(self) -> psutil.Process:
        """The process that was started."""
        return psutil.Process(self.process.pid)

    def last_words(self) -> str:
        """Return the last line it wrote."""
        lines = (self.folder / "log").read_text(errors="replace").strip().splitlines()
        return lines[-1][:MOST_TOLD] if lines else "it said nothing"


def cpu_seconds(root: psutil.Process) -> float:
    """Return the processor time that a process, and all it started, have taken so far."""
    total = 0.0
    for one in (root, *root.children(recursive=True)):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


@contextlib.contextmanager
def started(
    command: Sequence[str], environment: dict[str, str], *, piped: bool = False
) -> Iterator[Running]:
    """Run a server for as long as the block lasts.

    Args:
        command: May name {folder}, {port}, {other} and {third}, as values of `environment` may.
        environment: Added to what every program needs.
        piped: Whether what it says is read by the caller; it is kept in a log otherwise.
    """
    folder = Path(tempfile.mkdtemp(prefix="peer"))
    ports = _free_ports()
    names = {"folder": str(folder), **dict(zip(("port", "other", "third"), ports, strict=True))}
    needed = {name: os.environ[name] for name in ("HOME", "LANG", "TZ") if name in os.environ}
    told = {name: value.format(**names) for name, value in environment.items()}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [part.format(**names) for part in command],
            env={"PATH": os.environ["PATH"], **needed, **told},
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield Running(process, folder, ports)
    finally:
        _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _stop(process: subprocess.Popen[str]) -> None:
    """End a server, and what it started and left behind."""
    parts: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        parts = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(parts, timeout=2)
    for one in left:
        with contextlib.suppress(psutil.NoSuchProcess):
            one.kill()
    psutil.wait_procs(left, timeout=2)


def _free_ports() -> tuple[int, int, int]:
    with contextlib.ExitStack() as stack:
        found = []
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            found.append(one.getsockname()[1])
    return (found[0], found[1], found[2])
