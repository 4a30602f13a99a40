"""Child processes that must run as long as this one: a crash is followed by another start."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from prometheus_client import Counter

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 10.0
CALM_SECONDS = 60.0
"""A child that ran this long has earned a quick restart again."""
DYING_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")
"""Put before a command: the kernel ends it when its parent ends, however that ends.

Python could ask for that between fork and exec, but then it must fork in earnest, and gRPC's
threads sometimes bring such a child down before it has become the command.
"""


class Child(Protocol):
    """A started process."""

    @property
    def pid(self) -> int:
        """Its process id."""

    async def wait(self) -> int | None:
        """Return its exit code once it has ended, or None once another should take its place."""

    async def stop(self) -> None:
        """End it and all that it started; one that has ended already may have left some."""


@asynccontextmanager
async def supervised(
    name: str,
    start: Callable[[], Awaitable[Child]],
    restarts: Counter,
    started_again: Callable[[], None] = lambda: None,
) -> AsyncIterator[None]:
    """Run a child for as long as the block lasts, whatever becomes of it: sooner, then slower.

    Args:
        name: What logs call it.
        start: Starts it; what it raises the first time is raised here, later on it is tried again.
        restarts: Counts the starts after the first.
        started_again: Is told of them.
    """
    keeper = _Keeper(name, start, await start())
    keeping = asyncio.create_task(keeper.keep_running(restarts, started_again))
    try:
        yield
    finally:
        keeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await keeping
        await keeper.child.stop()


class _Keeper:
    """Owner of the child that runs just now."""

    def __init__(self, name: str, start: Callable[[], Awaitable[Child]], first: Child) -> None:
        self._name = name
        self._start = start
        self.child = first

    async def keep_running(self, restarts: Counter, started_again: Callable[[], None]) -> None:
        """Start the child again whenever it ends, until cancelled."""
        clock = asyncio.get_running_loop().time
        pause = FIRST_PAUSE_SECONDS
        while True:
            begun = clock()
            code = await self.child.wait()
            log.error("%s ended", self._name, extra={"pid": self.child.pid, "exit_code": code})
            await self.child.stop()  # what it started may still be there
            if clock() - begun > CALM_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            while True:
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                try:
                    self.child = await self._start()
                except Exception:  # whatever it was, a full disk or a defect, may pass
                    told = {"next_try_seconds": pause}
                    log.exception("%s did not start again", self._name, extra=told)
                else:
                    break
            restarts.inc()
            started_again()
