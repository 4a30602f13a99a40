"""What one Triton has been through, and when another had better take its place."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_MENDED: Final = 24
"""Versions mended within SPAN_SECONDS: each leaves a zombie and a region of shared memory behind,
which Triton gives back only when it ends."""
SPAN_SECONDS: Final = 600.0
MOST_GROWN: Final = 1024**3
"""Bytes of memory that the server itself, its runners aside, may gain."""
LOOK_SECONDS: Final = 1.0


class Wear:
    """What wears a Triton out: versions that were mended, and memory that does not come back.

    One that hangs, though its process lives, is worn out, too.
    """

    def __init__(
        self,
        mends: Callable[[], int],
        silences: Callable[[], int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Judge by counts that only rise; `clock` tells seconds.

        Args:
            mends: Of versions that were mended.
            silences: Of questions that Triton has not answered and should have at once.
            clock: Of time.monotonic()'s kind.
        """
        self._mends = mends
        self._silences = silences
        self._heard = silences()
        """How many silences there were before this Triton's."""
        self._clock = clock
        self._counts: deque[tuple[float, int]] = deque()
        """When it was how many, over the last SPAN_SECONDS."""

    async def out(self, pid: int) -> str:
        """Return why the Triton that has just been started should go, once it should."""
        self._counts.clear()
        self._heard = self._silences()
        least = _memory(pid)
        while not (why := self.why(_memory(pid) - least)):
            await asyncio.sleep(LOOK_SECONDS)
            least = min(least, _memory(pid) or least)
        return why

    def why(self, grown: int) -> str:
        """Return why a Triton that has gained so many bytes should go; empty while it may stay."""
        if self._silences() > self._heard:
            return "it does not answer"
        now, count = self._clock(), self._mends()
        self._counts.append((now, count))
        while self._counts[0][0] < now - SPAN_SECONDS:
            self._counts.popleft()
        if (lately := count - self._counts[0][1]) >= MOST_MENDED:
            return f"{lately} versions were mended within {SPAN_SECONDS:.0f} s"
        if grown > MOST_GROWN:
            return f"it has grown by {grown / 1024**2:.0f} MiB"
        return ""


def _memory(pid: int) -> int:
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(pid).memory_info().rss)
    return 0
