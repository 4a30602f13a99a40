"""What the server lists: asked for, and printed for people or for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console

from limner.errors import LimnerError
from limner_client import LimnerClient
from limner_client.cli import report
from limner_client.cli.documents import failure_document

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    from limner_client.cli.options import Manner

Listed = TypeVar("Listed")


def print_list(
    subject: str,
    ask: Callable[[LimnerClient], Listed],
    documents: Callable[[Listed], Any],
    shown: Callable[[Listed], RenderableType],
    manner: Manner,
) -> int:
    """Print what a server lists, and return the exit code.

    Args:
        subject: What it is, such as `styles`; or the photo that it is about.
        ask: Gets it.
        documents: Makes of it what programs read.
        shown: Makes of it what people look at.
        manner: Where the server is, and for whom it is printed.
    """
    try:
        with LimnerClient(manner.address, timeout=manner.timeout) as client:
            listed = ask(client)
    except (LimnerError, OSError) as caught:
        error = report.unreadable(caught) if isinstance(caught, OSError) else caught
        if manner.as_json:
            click.echo(json.dumps(failure_document(error)))
        click.echo("\n".join(report.error_lines(subject, error, manner.address)), err=True)
        return report.exit_code(error)
    if manner.as_json:
        click.echo(json.dumps(documents(listed)))
    else:
        Console().print(shown(listed))
    return report.DONE
