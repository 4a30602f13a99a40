"""Several photos through one command: two at a time, all tried, each reported."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from limner.errors import LimnerError
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
from limner_client.cli.progress import progress

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from limner_client.cli.options import Manner
    from limner_client.request_parts import PriorityName

IN_FLIGHT = 2

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
    """Edit every photo, say what became of each as soon as it is known, return the worst code.

    What is known when it is interrupted has been said, and its JSON is printed.
    """
    outcomes: dict[int, Outcome] = {}
    try:
        asyncio.run(_edit_all(photos, planned, edit, manner, outcomes))
    finally:
        if manner.as_json:
            click.echo(json.dumps([outcomes[place].document for place in sorted(outcomes)]))
    return report.worst(outcome.exit_code for outcome in outcomes.values())


async def _edit_all(
    photos: Sequence[Path],
    planned: Sequence[Sequence[Path]],
    edit: Edit[Result],
    manner: Manner,
    outcomes: dict[int, Outcome],
) -> None:
    """Edit every photo; `outcomes` gets what became of each, by its place, as soon as it is known.

    Several photos wait for one: a server with much to do is to take them when it can.
    """
    slots = asyncio.Semaphore(IN_FLIGHT)
    priority: PriorityName = "batch" if len(photos) > 1 else "interactive"
    client = AsyncLimnerClient(manner.address, timeout=manner.timeout, priority=priority)
    with progress(len(photos), manner.quiet) as bar:

        async def edit_one(place: int) -> None:
            done = 0.0

            def tell(share: float) -> None:
                nonlocal done
                bar.advance(share - done)
                done = share

            async with slots:
                outcome = await _edit(client, photos[place], planned[place], edit, tell)
            tell(1.0)
            outcomes[place] = outcome
            failed = outcome.exit_code != report.DONE
            if failed or not (manner.quiet or manner.as_json):
                bar.say("\n".join(outcome.lines), failed=failed)

        async with client:
            await asyncio.gather(*(edit_one(place) for place in range(len(photos))))


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
        return _failure(photo, report.unreadable(error), client.address)
    except LimnerError as error:
        return _failure(photo, error, client.address)
    try:
        await asyncio.to_thread(edit.write, result, photo, files)
    except OSError as error:
        return _failure(photo, report.unwritable(error), client.address)
    document = documents.result_document(photo, files, result)
    return Outcome(document, report.result_lines(photo, files, result))


def _failure(photo: Path, error: LimnerError, address: str) -> Outcome:
    lines = report.error_lines(photo, error, address)
    return Outcome(documents.error_document(photo, error), lines, report.exit_code(error))
