"""A bar for photos that are worked on, and lines that do not run into it."""

from __future__ import annotations

import asyncio
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 2.0
"""How long a single photo may take before a bar appears."""


@dataclass(frozen=True)
class Bar:
    """A bar on a terminal's stderr, where there is one."""

    shown: tuple[Progress, TaskID] | None

    def advance(self, share: float) -> None:
        """Let the bar grow by a share of one photo."""
        if self.shown:
            progress, task = self.shown
            progress.advance(task, share)

    def say(self, text: str, *, failed: bool) -> None:
        """Print lines of a photo, on stderr those of one that failed."""
        if self.shown and (failed or sys.stdout.isatty()):  # they go where the bar is
            from rich.text import Text  # noqa: PLC0415 - 50 ms that `--help` need not wait

            self.shown[0].console.print(Text(text), soft_wrap=True)
        else:
            click.echo(text.encode(errors="surrogateescape"), err=failed)  # names as they are


@contextmanager
def progress(total: int, quiet: bool) -> Iterator[Bar]:  # noqa: FBT001 - a command's flag
    """Show a bar on a terminal's stderr, for a single photo only once it takes long."""
    from rich.console import Console  # noqa: PLC0415 - 50 ms that `--help` need not wait
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TimeElapsedColumn,
    )

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield Bar(None)
        return
    count = MofNCompleteColumn() if total > 1 else TaskProgressColumn()
    columns = (SpinnerColumn(), BarColumn(), count, TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)
    task = bar.add_task("", total=total)
    delay = PATIENCE_SECONDS if total == 1 else 0
    start = asyncio.get_running_loop().call_later(delay, bar.start)
    try:
        yield Bar((bar, task))
    finally:
        start.cancel()
        bar.stop()
