"""Many portraits by many processes: each takes every n-th seed, and none outlives its parent."""

from __future__ import annotations

import multiprocessing
import os
import signal
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    Job = Callable[[int], None]

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
PATIENCE = 5.0
"""Seconds that a process told to end has before it is killed."""


class DrawingFailed(RuntimeError):
    """A portrait could not be drawn; the message says which and why."""


def run(job: Job, seeds: Sequence[int], workers: int, done: Callable[[int], None]) -> None:
    """Do a job for every seed.

    Processes are started afresh (spawn), with one thread each; one worker is this process itself.
    A script that calls this with more must guard its own start with `if __name__ == "__main__"`.

    Args:
        job: Picklable; called with each seed.
        seeds: What to do it for.
        workers: Processes, at least 1.
        done: Called here with each seed that is finished.

    Raises:
        DrawingFailed: A job raised an error, or its process died.
    """
    if workers <= 1 or len(seeds) <= 1:
        for seed in seeds:
            job(seed)
            done(seed)
        return
    shares = [seeds[n::workers] for n in range(workers) if seeds[n::workers]]
    with _processes(job, shares) as started:
        _listen(started, done)


@contextmanager
def _processes(job: Job, shares: list[Sequence[int]]) -> Iterator[dict[Connection, BaseProcess]]:
    """Start a process for each share of seeds; end them all, whatever happens."""
    spawn = multiprocessing.get_context("spawn")
    started: dict[Connection, BaseProcess] = {}
    process: BaseProcess
    try:
        with _single_threaded():
            for share in shares:
                here, there = spawn.Pipe(duplex=False)
                process = spawn.Process(target=_work, args=(job, list(share), there), daemon=True)
                process.start()
                there.close()
                started[here] = process
        yield started
    finally:
        for process in started.values():
            process.terminate()
        for process in started.values():
            process.join(PATIENCE)
            if process.is_alive():
                process.kill()
                process.join()


@contextmanager
def _single_threaded() -> Iterator[None]:
    """Have processes started meanwhile compute with one thread each."""
    before = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _listen(started: dict[Connection, BaseProcess], done: Callable[[int], None]) -> None:
    """Hear of every finished seed until all processes have hung up."""
    open_ = dict(started)
    while open_:
        for ready in wait(list(open_)):
            connection = next(one for one in open_ if one is ready)
            try:
                kind, value = connection.recv()
            except EOFError:
                process = open_.pop(connection)
                process.join()
                if process.exitcode:
                    raise DrawingFailed(f"a worker ended with {process.exitcode}") from None
                continue
            if kind == "failed":
                raise DrawingFailed(str(value))
            done(value)


def _work(job: Job, seeds: Sequence[int], parent: Connection) -> None:
    """Do the job for a share of seeds; stop when nobody listens any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for seed in seeds:
        try:
            job(seed)
            message: tuple[str, object] = ("done", seed)
        except Exception as error:  # noqa: BLE001 - told to the parent, which raises it
            message = ("failed", f"portrait {seed}: {type(error).__name__}: {error}")
        try:
            parent.send(message)
        except BrokenPipeError:
            return
        if message[0] == "failed":
            return
