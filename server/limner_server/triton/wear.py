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
LOOK_SECONDS: Final = 5.0


class Wear:
    """What wears a Triton out: versions that were mended, and memory that does not come back."""

    def __init__(
        self, mends: Callable[[], int], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Judge by a count of mended versions that only rises; `clock` tells seconds."""
        self._mends = mends
        self._clock = clock
        self._counts: deque[tuple[float, int]] = deque()
        """When it was how many, over the last SPAN_SECONDS."""

    async def out(self, pid: int) -> str:
        """Return why the Triton that has just been started should go, once it should."""
        self._counts.clear()
        least = _memory(pid)
        while not (why := self.why(_memory(pid) - least)):
            await asyncio.sleep(LOOK_SECONDS)
            least = min(least, _memory(pid) or least)
        return why

    def why(self, grown: int) -> str:
        """Return why a Triton that has gained so many bytes should go; empty while it may stay."""
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
