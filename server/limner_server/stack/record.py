"""The record of the running server in its state folder: who it is and where it listens."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from limner_server.app import App

FILE = "server.json"


@dataclass(frozen=True)
class Record:
    """One running server."""

    pid: int
    created: float
    """When the process began, in seconds since 1970: with the pid, a name no other process has."""
    address: str
    """host:port of the services."""
    metrics: str
    """URL of the Prometheus page."""
    controller: str
    """host:port of the controller that it obeys; empty where there is none."""

    def process(self) -> psutil.Process | None:
        """Return the process, or None when it has ended (and the pid may be another's)."""
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.created) < 1 and process.is_running():
                return process
        return None

    def child(self, name: str) -> int | None:
        """Return the process id of its child of that name, if one runs; any may end meanwhile."""
        process = self.process()
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in process.children(recursive=True) if process else ():
                with contextlib.suppress(psutil.NoSuchProcess):
                    if child.name() == name:
                        return child.pid
        return None


class StateTaken(Exception):
    """Another server runs over the same state folder."""


@contextmanager
def claimed(state: Path) -> Iterator[None]:
    """Hold the state folder for this process alone for as long as the block lasts.

    Raises:
        StateTaken: Another process holds it.
    """
    state.mkdir(parents=True, exist_ok=True)
    with (state / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateTaken(
                f"another server runs over {state}; end it with `limner down`"
            ) from error
        yield


@contextmanager
def recorded(app: App) -> Iterator[None]:
    """Keep the record of `app` in its state folder for as long as the block lasts."""
    file = app.settings.state / FILE
    host = app.settings.host
    record = Record(
        pid=os.getpid(),
        created=psutil.Process().create_time(),
        address=f"{host}:{app.port}",
        metrics=f"http://{host}:{app.metrics_port}/metrics",
        controller=app.controller,
    )
    _replace(file, json.dumps(asdict(record)))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def read_record(state: Path) -> Record | None:
    """Return the record of the server that runs over `state`, or None when none does."""
    try:
        record = Record(**json.loads((state / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return record if record.process() else None


def wait_gone(process: psutil.Process, seconds: float) -> bool:
    """Return whether a process has ended within so many seconds."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.05)
    return False


def _replace(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(file)
