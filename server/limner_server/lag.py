"""How late the event loop is: what one call does on it, all others wait for."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY: Final = 0.05
"""Seconds between two looks."""


async def watch_lag(observe: Callable[[float], None]) -> None:
    """Tell again and again, until cancelled, by how many seconds the loop was late; at least 0."""
    due = time.monotonic()
    while True:
        due = max(due + EVERY, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
        observe(max(0.0, time.monotonic() - due))
