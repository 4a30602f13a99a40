"""`limner animalize --list-animals`: animals, coats and stickers, for people or for programs."""

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


def print_animals(manner: Manner) -> int:
    """Print what the server can turn people into, and what that can wear; return the code."""
    try:
        with LimnerClient(manner.address, timeout=manner.timeout) as client:
            listed = client.list_animals(previews=False)
    except LimnerError as error:
        click.echo("\n".join(report.error_lines("animals", error, manner.address)), err=True)
        return report.exit_code(error)
    if manner.as_json:
        document = {
            "animals": {name: list(coats) for name, coats in listed.animals.items()},
            "stickers": {one.name: one.anchor for one in listed.stickers},
            "anchors": list(listed.anchors),
        }
        click.echo(json.dumps(document))
        return report.DONE
    animals = Table("animal", "coats", box=None)
    for name, coats in listed.animals.items():
        animals.add_row(name, ", ".join(coats))
    stickers = Table("sticker", "is held by", box=None)
    for one in listed.stickers:
        stickers.add_row(one.name, one.anchor)
    screen = Console()
    for part in (animals, "", stickers, "", f"what can hold one: {', '.join(listed.anchors)}"):
        screen.print(part)
    return report.DONE
