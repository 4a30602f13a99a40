"""`limner stylize --list-styles`: every style there is, for people or for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from limner_client.cli.listing import print_list

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_client import LimnerClient, Style
    from limner_client.cli.options import Manner


def print_styles(manner: Manner) -> int:
    """Print the styles the server knows, one a line; return the code."""

    def ask(client: LimnerClient) -> Sequence[Style]:
        return client.list_styles(previews=False)

    return print_list("styles", ask, _documents, _table, manner)


def _documents(styles: Sequence[Style]) -> list[dict[str, Any]]:
    return [{"name": one.name, "title": one.title, "colors": one.colors} for one in styles]


def _table(styles: Sequence[Style]) -> Table:
    table = Table("style", "colors", "what it is", box=None)
    for one in styles:
        table.add_row(Text(one.name), str(one.colors), Text(one.title))
    return table
