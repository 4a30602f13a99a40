"""How a server leaves: new calls are turned away, those at work finish or are told why not."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

from limner.v1.reasons import DeadlinePassed, Draining

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


class Drain:
    """What calls hear of their server's leaving."""

    def __init__(self) -> None:
        """Begin with a server that stays."""
        self.begun = asyncio.Event()
        """Set once new calls are turned away, and streams end after the frame they are at."""
        self._given_up = False
        self._limits: set[asyncio.Timeout] = set()
        """Of the calls that are worked on."""
        self._may_tell = asyncio.Event()
        self._may_tell.set()

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Tell calls that are turned away so only once the block is over."""
        self._may_tell.clear()
        try:
            yield
        finally:
            self._may_tell.set()

    def give_up(self) -> None:
        """End the calls that are still worked on."""
        self._given_up = True
        for limit in self._limits:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())

    async def check(self) -> None:
        """Let a new call begin.

        Raises:
            Draining: The server leaves.
        """
        if self.begun.is_set():
            await self._may_tell.wait()
            raise _draining()

    @asynccontextmanager
    async def worked_on(self, seconds: float) -> AsyncIterator[None]:
        """Work on a call for as long as the block lasts.

        Raises:
            DeadlinePassed: That was more than so many seconds.
            Draining: The server has given it up.
        """
        limit = asyncio.timeout(seconds)
        self._limits.add(limit)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if self._given_up:
                raise _draining() from error
            raise DeadlinePassed("the deadline passed while the call was worked on") from error
        finally:
            self._limits.discard(limit)


def _draining() -> Draining:
    return Draining("the server is shutting down", retry_after=1.0)
