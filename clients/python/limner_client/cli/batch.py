"""Several photos through one command: two at a time, all tried, each reported."""

from __future__ import annotations

import asyncio
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click
import grpc

from limner.errors import LimnerError, UnknownReason
from limner_client import (
    AnimalizeResult,
    AsyncLimnerClient,
    CompositeResult,
    DyeResult,
    MatteResult,
    SegmentResult,
    StylizeResult,
    TransferHairResult,
)
from limner_client.cli import documents, report

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from limner_client.cli.options import Manner

IN_FLIGHT = 2
PATIENCE_SECONDS = 2.0
"""How long a single photo may take before a progress bar appears."""

Result = TypeVar(
    "Result",
    SegmentResult,
    MatteResult,
    DyeResult,
    StylizeResult,
    CompositeResult,
    AnimalizeResult,
    TransferHairResult,
)


@dataclass(frozen=True)
class Edit(Generic[Result]):
    """What a command does with one photo."""

    ask: Callable[[AsyncLimnerClient, Path, Callable[[float], None]], Awaitable[Result]]
    """Asks for one photo; may tell what share of it is done, in [0, 1], as it rises."""
    write: Callable[[Result, Path, Sequence[Path]], None]
    """Writes the result of a photo to the files planned for it."""


@dataclass(frozen=True)
class Outcome:
    """What became of one photo."""

    document: dict[str, Any]
    lines: list[str]
    exit_code: int = report.DONE


def edit_photos(
    photos: Sequence[Path], planned: Sequence[Sequence[Path]], edit: Edit[Result], manner: Manner
) -> int:
    """Edit every photo, say what became of each, and return the worst exit code."""
    outcomes = asyncio.run(_edit_all(photos, planned, edit, manner))
    if manner.as_json:
        click.echo(json.dumps([outcome.document for outcome in outcomes]))
    for outcome in outcomes:
        failed = outcome.exit_code != report.DONE
        if failed or not (manner.quiet or manner.as_json):
            click.echo("\n".join(outcome.lines), err=failed)
    return report.worst(outcome.exit_code for outcome in outcomes)


async def _edit_all(
    photos: Sequence[Path], planned: Sequence[Sequence[Path]], edit: Edit[Result], manner: Manner
) -> list[Outcome]:
    slots = asyncio.Semaphore(IN_FLIGHT)
    client = AsyncLimnerClient(manner.address, timeout=manner.timeout)
    with _progress(len(photos), manner.quiet) as advance:

        async def edit_one(photo: Path, files: Sequence[Path]) -> Outcome:
            done = 0.0

            def tell(share: float) -> None:
                nonlocal done
                advance(share - done)
                done = share

            async with slots:
                outcome = await _edit(client, photo, files, edit, tell)
            tell(1.0)
            return outcome

        async with client:
            pairs = zip(photos, planned, strict=True)
            return list(await asyncio.gather(*(edit_one(*pair) for pair in pairs)))


async def _edit(
    client: AsyncLimnerClient,
    photo: Path,
    files: Sequence[Path],
    edit: Edit[Result],
    tell: Callable[[float], None],
) -> Outcome:
    try:
        result = await edit.ask(client, photo, tell)
    except OSError as error:
        return _failure(photo, _unreadable(error), client.address)
    except LimnerError as error:
        return _failure(photo, error, client.address)
    try:
        await asyncio.to_thread(edit.write, result, photo, files)
    except OSError as error:
        return _failure(photo, _unwritable(error), client.address)
    document = documents.result_document(photo, files, result)
    return Outcome(document, report.result_lines(photo, files, result))


def _failure(photo: Path, error: LimnerError, address: str) -> Outcome:
    lines = report.error_lines(photo, error, address)
    return Outcome(documents.error_document(photo, error), lines, report.exit_code(error))


def _unreadable(error: OSError) -> LimnerError:
    text = f"cannot read {error.filename}: {error.strerror}"
    if isinstance(error, FileNotFoundError):
        return UnknownReason(text, grpc.StatusCode.NOT_FOUND, "FILE_NOT_FOUND")
    return UnknownReason(text, grpc.StatusCode.INVALID_ARGUMENT, "FILE_UNREADABLE")


def _unwritable(error: OSError) -> LimnerError:
    text = f"cannot write the result: {error}"
    return UnknownReason(text, grpc.StatusCode.UNKNOWN, "FILE_UNWRITABLE")


@contextmanager
def _progress(total: int, quiet: bool) -> Iterator[Callable[[float], None]]:  # noqa: FBT001 - private
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
    count = MofNCompleteColumn() if total > 1 else TaskProgressColumn()
    columns = (SpinnerColumn(), BarColumn(), count, TimeElapsedColumn())
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False)
    task = bar.add_task("", total=total)
    if quiet or not console.is_terminal:
        yield lambda _share: None
        return
    delay = PATIENCE_SECONDS if total == 1 else 0
    start = asyncio.get_running_loop().call_later(delay, bar.start)
    try:
        yield lambda share: bar.advance(task, share)
    finally:
        start.cancel()
        bar.stop()
