"""`limner animalize --list-animals`: animals, coats and stickers, for people or for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.table import Table

from limner_client.cli.listing import print_list

if TYPE_CHECKING:
    from limner_client import AnimalList, LimnerClient
    from limner_client.cli.options import Manner


def print_animals(manner: Manner) -> int:
    """Print what the server can turn people into, and what that can wear; return the code."""

    def ask(client: LimnerClient) -> AnimalList:
        return client.list_animals(previews=False)

    return print_list("animals", ask, _document, _tables, manner)


def _document(listed: AnimalList) -> dict[str, Any]:
    return {
        "animals": {name: list(coats) for name, coats in listed.animals.items()},
        "stickers": {one.name: one.anchor for one in listed.stickers},
        "anchors": list(listed.anchors),
    }


def _tables(listed: AnimalList) -> Group:
    animals = Table("animal", "coats", box=None)
    for name, coats in listed.animals.items():
        animals.add_row(name, ", ".join(coats))
    stickers = Table("sticker", "is held by", box=None)
    for one in listed.stickers:
        stickers.add_row(one.name, one.anchor)
    return Group(animals, "", stickers, "", f"what can hold one: {', '.join(listed.anchors)}")
