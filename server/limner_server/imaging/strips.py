"""A large image worked on strip by strip, on as many cores as there are."""

from __future__ import annotations

import itertools
import math
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache
from typing import TYPE_CHECKING, Final

from limner_server.cores import cores_here

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
    cores = min(cores_here(), max(1, (stop - start) // LEAST_ROWS))
    count = cores * max(1, math.ceil((stop - start) / (cores * STRIP_ROWS)))
    ends = [start + n * (stop - start) // count for n in range(count + 1)]
    strips = [slice(*pair) for pair in itertools.pairwise(ends)]
    todo = iter(strips)

    def work_on() -> None:
        for strip in todo:  # whoever is free takes the next
            work(strip)

    helpers = [_helpers().submit(work_on) for _ in range(cores - 1)]
    try:
        work_on()
    finally:
        late = [helper for helper in helpers if not helper.cancel()]
        wait(late)
    for helper in late:
        helper.result()


@cache
def _helpers() -> ThreadPoolExecutor:
    """Return the threads that help whoever calls; one core is the caller's."""
    return ThreadPoolExecutor(max(1, cores_here() - 1), "strip")
