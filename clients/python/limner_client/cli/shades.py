"""`limner dye --list-shades`: every shade that has a name, for people or for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from limner.errors import LimnerError
from limner_client import LimnerClient
from limner_client.cli import report

if TYPE_CHECKING:
    from limner_client import Shade
    from limner_client.cli.options import Manner


def print_shades(manner: Manner) -> int:
    """Print the shades the server knows, one a line with a chip of its color; return the code."""
    try:
        with LimnerClient(manner.address, timeout=manner.timeout) as client:
            shades = client.list_shades(previews=False)
    except LimnerError as error:
        click.echo("\n".join(report.error_lines("shades", error, manner.address)), err=True)
        return report.exit_code(error)
    if manner.as_json:
        click.echo(json.dumps([_document(shade) for shade in shades]))
    else:
        Console().print(_table(shades))
    return report.DONE


def _table(shades: tuple[Shade, ...]) -> Table:
    table = Table("", "shade", "color", "CIELAB", "family", box=None)
    for shade in shades:
        chip = Text("      ", style=f"on {shade.color.hex}")
        lab = "{:4.0f} {:4.0f} {:4.0f}".format(*shade.color.lab)
        table.add_row(chip, shade.name, shade.color.hex, lab, shade.family or "")
    return table


def _document(shade: Shade) -> dict[str, Any]:
    lab = [round(value, 2) for value in shade.color.lab]
    return {"name": shade.name, "hex": shade.color.hex, "lab": lab, "family": shade.family}
