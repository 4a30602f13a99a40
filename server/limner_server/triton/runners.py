"""The processes that run one version's networks: found, heard of when they end, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Runners:
    """The runners that one version has just now, if this process's own Triton started them."""

    def __init__(self, folder: Path, ended: Callable[[], None]) -> None:
        """Watch nothing yet.

        Args:
            folder: The version's; its runners have files of it in their command.
            ended: Is called as soon as a runner that is watched has ended, however it did.
        """
        self._folder = folder
        self._ended = ended
        self._fds: list[int] = []
        self._seen: list[tuple[psutil.Process, int]] = []

    async def watch(self) -> None:
        """Watch those there are now, in place of those before."""
        self.let_go()
        loop = asyncio.get_running_loop()
        for process in await asyncio.to_thread(_running, self._folder):
            try:
                fd = os.pidfd_open(process.pid)
                self._seen.append((process, process.memory_info().rss))
            except (OSError, psutil.Error):
                self._ended()
                return
            self._fds.append(fd)
            loop.add_reader(fd, self._one_ended)

    def let_go(self) -> None:
        """Watch nothing any more."""
        for fd in self._fds:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        self._fds, self._seen = [], []

    @property
    def watched(self) -> bool:
        """Whether there are any; a Triton elsewhere has its own where nobody here sees them."""
        return bool(self._seen)

    def stopped(self) -> bool:
        """Return whether a signal has stopped one of them: it has not ended, nor will it answer."""
        with contextlib.suppress(psutil.Error):
            return any(one.status() == psutil.STATUS_STOPPED for one, _ in self._seen)
        return False

    def grown(self) -> int:
        """Return by how many bytes of memory one of them has grown at most since it was seen."""
        with contextlib.suppress(psutil.Error):
            return max((one.memory_info().rss - then for one, then in self._seen), default=0)
        return 0

    def end(self) -> None:
        """Kill what still runs; it may take a while to find.

        Where one of its runners has died, Triton waits for ever for the others to end.
        """
        for process in _running(self._folder):
            with contextlib.suppress(psutil.Error):  # it has just ended by itself
                process.kill()

    def _one_ended(self) -> None:
        self.let_go()
        self._ended()


def _running(folder: Path) -> list[psutil.Process]:
    """Return what runs files of a folder, among what this process has started."""
    prefix = f"{folder.resolve()}/"
    found = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if any(part.startswith(prefix) for part in child.cmdline()):
                found.append(child)
    return found
