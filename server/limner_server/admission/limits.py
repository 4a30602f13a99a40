"""How much a server takes on at once: as much as its machine can bear, unless it is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

if TYPE_CHECKING:
    from limner_server.settings import Settings

BYTES_A_PIXEL: Final = 20
"""Bytes that a pixel of a photo takes at the peak of the work on it: Segment, Matte, Dye and
Stylize were seen to take 14, 17, 12 and 11 at 24 megapixels."""
FOR_REQUESTS: Final = 1 / 8
"""Share of the memory that requests may fill as they came."""
FOR_PIXELS: Final = 1 / 2
"""Share of the memory that the work on their pixels may fill."""
MEGA: Final = 1_000_000
GROUPS: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux writes what a container may take."""


@dataclass(frozen=True)
class Limits:
    """What all calls together may take; one that is alone may always be worked on."""

    calls: int
    """Worked on at once, at least 1."""
    bytes: int
    """Of requests, as they came."""
    pixels: int
    """Of their pictures and planes."""
    patience: float = 0.0
    """Seconds that an interactive call is let wait; 0 as long as it takes itself."""

    @classmethod
    def of(cls, settings: Settings, memory: int, cores: int) -> Limits:
        """Return what was told; for all else, what so many bytes and cores can bear.

        Networks have a thread each, so a call keeps about one core busy.
        """
        return cls(
            calls=settings.calls_at_once or max(2, cores),
            bytes=MEGA * settings.request_megabytes or int(memory * FOR_REQUESTS),
            pixels=MEGA * settings.megapixels or int(memory * FOR_PIXELS / BYTES_A_PIXEL),
            patience=settings.patience_seconds,
        )


def memory_here() -> int:
    """Return the bytes of memory that this process may take: its container's, or the machine's."""
    total = int(psutil.virtual_memory().total)
    for group in GROUPS:
        text = group.read_text().strip() if group.is_file() else ""
        if text.isdecimal():
            return min(int(text), total)
    return total
