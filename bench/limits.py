"""Where a dye's milliseconds go at 1024 x 1024, and how few they could be on this machine.

What a stage needs at least: a network its multiply-accumulates, by what a core multiplies a second;
work on pixels the bytes it reads and writes, by what a core copies; a codec its own time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np
import torch
from dye import portrait
from rich.console import Console
from rich.table import Table
from stack import served

from limner_client import LimnerClient
from limner_models.multiplications import multiplications
from limner_models.recipes import RECIPES
from limner_server.imaging import codec

EDGE: Final = 1024
ROUNDS: Final = 12
NETWORKS: Final = ("hair_segmenter", "hair_matter", "dye_generator")
CROPS: Final = {"hair_segmenter": 3}
"""Crops that a run of a network takes, where that is not one."""
LAID_ON: Final = 3 + 1 + 3
"""Bytes of each pixel that are read and written where a change is laid on: photo, alpha, photo."""


def main() -> None:
    """Print where a dye's time goes."""
    with served() as (client, _):
        Console().print(table_of(client))


def table_of(client: LimnerClient) -> Table:
    """Return every stage of a dye with its floor."""
    rate, copied = multiplied(), copied_bytes()
    photo = portrait(EDGE)
    file = codec.encode(photo, "jpeg", codec.DEFAULT_QUALITY)
    floors = {
        "decode": seconds(lambda: codec.decode(file)),
        "encode": seconds(lambda: codec.encode(photo, "jpeg", codec.DEFAULT_QUALITY)),
    }
    floors |= {name: computed(name) / rate for name in NETWORKS}
    floors["lay_on"] = LAID_ON * EDGE**2 / copied
    client.dye(file, shade="auburn")
    calls = [client.dye(file, shade="auburn").timings for _ in range(ROUNDS)]
    title = f"dye, {EDGE} x {EDGE}, {rate / 1e9:.0f} GMAC/s, {copied / 1e9:.1f} GB/s a core"
    table = Table(title, "ms", "at least", "times")
    for name in dict.fromkeys(stage.name for stage in calls[0].stages):
        took = [sum(one.seconds for one in call.stages if one.name == name) for call in calls]
        table.add_row(name, *_cells(float(np.median(took)), floors.get(name)))
    whole = float(np.median([call.total_seconds for call in calls]))
    said = f"whole call, load average {os.getloadavg()[0]:.1f}"
    table.add_row(said, *_cells(whole, sum(floors.values())))
    return table


def _cells(took: float, floor: float | None) -> tuple[str, str, str]:
    if floor is None:
        return f"{took * 1e3:.1f}", "", ""
    return f"{took * 1e3:.1f}", f"{floor * 1e3:.1f}", f"{took / floor:.1f}"


def computed(name: str) -> float:
    """Return how many multiply-accumulates a run of a network takes."""
    recipe = RECIPES[name]
    inputs = (torch.from_numpy(array[:1]) for array in recipe.examples().values())
    return multiplications(recipe.network(), *inputs) * CROPS.get(name, 1)


def multiplied() -> float:
    """Return how many multiply-accumulates a core does a second, in a large product."""
    torch.set_num_threads(1)
    edge = 1024
    one = torch.rand(edge, edge)
    return edge**3 / seconds(lambda: one @ one)


def copied_bytes() -> float:
    """Return the bytes a core reads and writes a second, of what no cache holds."""
    source = np.ones(64 * 2**20, np.uint8)
    target = np.empty_like(source)
    return 2 * source.nbytes / seconds(lambda: np.copyto(target, source))


def seconds(work: Callable[[], Any]) -> float:
    """Return how long some work takes at best."""
    best = float("inf")
    for _ in range(9):
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
    return best


if __name__ == "__main__":
    main()
