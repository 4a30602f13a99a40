"""`limner dye --list-shades`: every shade that has a name, for people or for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from limner_client.cli.listing import print_list

if TYPE_CHECKING:
    from limner_client import LimnerClient, Shade
    from limner_client.cli.options import Manner


def print_shades(manner: Manner) -> int:
    """Print the shades the server knows, one a line with a chip of its color; return the code."""

    def ask(client: LimnerClient) -> tuple[Shade, ...]:
        return client.list_shades(previews=False)

    return print_list("shades", ask, _documents, _table, manner)


def _table(shades: tuple[Shade, ...]) -> Table:
    table = Table("", "shade", "color", "CIELAB", "family", box=None)
    for shade in shades:
        chip = Text("      ", style=f"on {shade.color.hex}")
        lab = "{:4.0f} {:4.0f} {:4.0f}".format(*shade.color.lab)
        table.add_row(chip, Text(shade.name), shade.color.hex, lab, shade.family or "")
    return table


def _documents(shades: tuple[Shade, ...]) -> list[dict[str, Any]]:
    return [_document(shade) for shade in shades]


def _document(shade: Shade) -> dict[str, Any]:
    lab = [round(value, 2) for value in shade.color.lab]
    return {"name": shade.name, "hex": shade.color.hex, "lab": lab, "family": shade.family}
