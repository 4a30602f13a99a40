"""`list` and `show`: looking, changing nothing."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.markdown import Markdown
from rich.table import Table

from limner_registry import manifest, metadata
from limner_registry.commands.screen import EMPTY, RegistryCommand, Screen, plain, screened
from limner_registry.contracts import contract_of
from limner_registry.placed import numbers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_registry.store import Registry, Version


LIST_JSON = """\b
--json: {"registry": str, "models": [{"model": str, "contract": str,
         "stable": int or null, "versions": [int], "placed": [int]}]}
"""


@click.command("list", cls=RegistryCommand, epilog=LIST_JSON)
@screened
def list_models(screen: Screen) -> None:
    """List the models, their versions and which one serves."""
    registry = screen.open()
    rows = [
        {
            "model": model,
            "contract": contract_of(model).id,
            "stable": stable,
            "versions": [version.number for version in registry.versions(model)],
            "placed": numbers_of(screen.models, model),
        }
        for model, stable in registry.models().items()
    ]
    document = {"registry": registry.uri, "models": rows}
    screen.answer(document, _table(rows) if rows else EMPTY)


SHOW_JSON = """\b
--json: {"model": str, "version": int, "stable": bool, "placed": bool, "created": str,
         "tags": {str: str}, "signature": {...}, "scores": {str: float},
         "card": str or null}
"""


@click.command("show", cls=RegistryCommand, epilog=SHOW_JSON)
@click.argument("model")
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--card", is_flag=True, help="Print the model card too.")
@screened
def show_version(screen: Screen, model: str, version: int | None, *, card: bool) -> None:
    """Show what a version of MODEL is and where it comes from.

    Without VERSION, the stable one.
    """
    registry = screen.open()
    shown = registry.version(model, version) if version else registry.stable(model)
    text = _card(registry, shown) if card else None
    tags = {key: value for key, value in sorted(shown.tags.items()) if key != metadata.SIGNATURE}
    document = {
        "model": shown.model,
        "version": shown.number,
        "stable": registry.models().get(model) == shown.number,
        "placed": shown.number in numbers_of(screen.models, model),
        "created": shown.created.isoformat(timespec="seconds"),
        "tags": tags,
        "signature": json.loads(shown.tags.get(metadata.SIGNATURE, "{}")),
        "scores": metadata.scores_of(shown.tags),
        "card": text,
    }
    screen.answer(document, _facts(document), *([Markdown(text)] if text else []))


def _card(registry: Registry, version: Version) -> str:
    with tempfile.TemporaryDirectory(prefix="limner-") as scratch:
        files = registry.fetch(version, Path(scratch))
        manifest.verify(files, version.manifest_sha256)
        return (files / manifest.CARD).read_text(encoding="utf-8")


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table("model", "stable", "versions", "placed")
    for row in rows:
        numbers = _list(row["versions"]), _list(row["placed"])
        table.add_row(*plain(row["model"], row["stable"] or "-", *numbers))
    return table


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers) or "-"


def _facts(document: dict[str, Any]) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    state = ["stable" if document["stable"] else "not stable"]
    state.append("placed" if document["placed"] else "not placed")
    title = f"{document['model']} {document['version']} ({', '.join(state)})"
    table.add_row(*plain("version", title))
    table.add_row(*plain("created", document["created"]))
    for side in ("inputs", "outputs"):
        for tensor in document["signature"].get(side, ()):
            sizes = ", ".join(str(size) for size in tensor["shape"])
            text = f"{tensor['name']}: {tensor['dtype']}[batch, {sizes}]"
            table.add_row(*plain(side[:-1], text))
    for key, value in document["tags"].items():
        table.add_row(*plain(key.removeprefix("limner."), value))
    return table
