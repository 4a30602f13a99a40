"""A large image worked on strip by strip, on as many cores as there are."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

STRIP_ROWS: Final = 256
"""Rows in work at a time on each core: bounds what is copied of a 50 megapixel photo."""


def each_strip(start: int, stop: int, work: Callable[[slice], None]) -> None:
    """Call `work` for every strip of rows in [start, stop), several at once.

    What it calls must let other threads go on, and write to its own rows alone. The first failure
    is raised once all have ended.
    """
    strips = [slice(top, min(top + STRIP_ROWS, stop)) for top in range(start, stop, STRIP_ROWS)]
    cores = min(len(strips), os.cpu_count() or 1)
    if cores <= 1:
        for strip in strips:
            work(strip)
        return
    with ThreadPoolExecutor(cores, "strip") as pool:
        for _ in pool.map(work, strips):
            pass
