"""`limner stylize --list-styles`: every style there is, for people or for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from limner.errors import LimnerError
from limner_client import LimnerClient
from limner_client.cli import report

if TYPE_CHECKING:
    from limner_client.cli.options import Manner


def print_styles(manner: Manner) -> int:
    """Print the styles the server knows, one a line; return the code."""
    try:
        with LimnerClient(manner.address, timeout=manner.timeout) as client:
            styles = client.list_styles(previews=False)
    except LimnerError as error:
        click.echo("\n".join(report.error_lines("styles", error, manner.address)), err=True)
        return report.exit_code(error)
    if manner.as_json:
        listed = [{"name": one.name, "title": one.title, "colors": one.colors} for one in styles]
        click.echo(json.dumps(listed))
        return report.DONE
    table = Table("style", "colors", "what it is", box=None)
    for one in styles:
        table.add_row(one.name, str(one.colors), one.title)
    Console().print(table)
    return report.DONE
