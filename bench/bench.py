"""Measures what Limner costs: rollouts, time to the first answer, edits, memory.

Ratios of rounds taken in turn hold on a noisy machine; milliseconds are shown for scale only.
What it adds to Triton, beside other servers, is `serving.py`'s.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import composite
import dye
import limits
import numpy as np
import psutil
import rollouts
import stylize
import transfer
import verdicts
from PIL import Image
from rich.console import Console
from rich.table import Table
from skimage import data
from stack import STATE, limner

from limner_client import LimnerClient

screen = Console()


def main() -> None:
    """Run every measurement and print its table."""
    screen.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for table in (*rollouts.tables(), *verdicts.tables()):
        screen.print(table)
    startup_and_memory()
    for table in (*stylize.tables(), *composite.tables(), *transfer.tables()):
        screen.print(table)


def startup_and_memory() -> None:
    """Time `limner up` to the first answer; show where edits' time goes and who holds memory."""
    photo = Image.fromarray(data.astronaut()).resize((1024, 1024), Image.Resampling.LANCZOS)
    limner("up", "--detach", "--port", "0", "--state", STATE)  # imports what is missing, untimed
    limner("down", "--state", STATE)
    started = time.perf_counter()
    stack = limner("up", "--detach", "--port", "0", "--state", STATE)
    try:
        with LimnerClient(stack["address"]) as client:
            client.segment(np.asarray(photo))
            screen.print(f"`limner up` to the first answer: {time.perf_counter() - started:.1f} s")
            edits: dict[str, Callable[[], Any]] = {
                "segment": lambda: client.segment(np.asarray(photo)),
                "matte": lambda: client.matte(np.asarray(photo), foreground=True),
                "dye": lambda: client.dye(np.asarray(photo), shade="auburn"),
                "stylize": lambda: client.stylize(np.asarray(photo), style="illustration"),
                "animalize": lambda: client.animalize(np.asarray(photo), animal="fox", coat="red"),
            }
            for name, edit in edits.items():
                screen.print(stages(name, [edit() for _ in range(8)][1:]))
            for table in dye.tables(client, stack["pid"]):
                screen.print(table)
            screen.print(limits.table_of(client))
        screen.print(memory(stack["pid"]))
    finally:
        limner("down", "--state", STATE)


def stages(name: str, results: list[Any]) -> Table:
    """Return where the time of one edit goes, stage by stage."""
    table = Table(f"{name}, 1024 x 1024", "ms", "share")
    total = float(np.median([result.timings.total_seconds for result in results]))
    for place, stage in enumerate(results[0].timings.stages):
        seconds = float(np.median([result.timings.stages[place].seconds for result in results]))
        table.add_row(stage.name, f"{seconds * 1000:.1f}", f"{seconds / total:.0%}")
    table.add_row("total", f"{total * 1000:.1f}", "")
    return table


def memory(pid: int) -> Table:
    """Return the resident memory of the server, of Triton and of each runner."""
    table = Table("process", "RSS MB")
    server = psutil.Process(pid)
    for process in (server, *server.children(recursive=True)):
        words = [Path(word) for word in process.cmdline()]
        runs = next((word.parents[1] for word in words if word.name == "model.py"), words[0])
        table.add_row(runs.name, f"{process.memory_info().rss / 2**20:.0f}")
    return table


if __name__ == "__main__":
    main()
