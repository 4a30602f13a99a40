"""A large image worked on strip by strip, on as many cores as there are."""

from __future__ import annotations

import itertools
import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

STRIP_ROWS: Final = 256
"""Rows in work at a time on each core, at most: bounds what is copied of a 50 megapixel photo."""

LEAST_ROWS: Final = 32
"""Rows that are worth a thread."""


def each_strip(start: int, stop: int, work: Callable[[slice], None]) -> None:
    """Call `work` for every strip of rows in [start, stop), several at once, about equally long.

    What it calls must let other threads go on, and write to its own rows alone. The first failure
    is raised once all have ended.
    """
    cores = min(os.cpu_count() or 1, max(1, (stop - start) // LEAST_ROWS))
    count = cores * max(1, math.ceil((stop - start) / (cores * STRIP_ROWS)))
    ends = [start + n * (stop - start) // count for n in range(count + 1)]
    strips = [slice(*pair) for pair in itertools.pairwise(ends)]
    if cores == 1:
        for strip in strips:
            work(strip)
        return
    with ThreadPoolExecutor(cores, "strip") as pool:
        for _ in pool.map(work, strips):
            pass
