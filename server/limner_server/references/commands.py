"""`limner references`: the photos whose hair people can be given, as the operator stores them."""

from __future__ import annotations

import functools
import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from limner_server.references.files import read_bounded
from limner_server.references.reference import (
    MOST_PHOTO_BYTES,
    Description,
    Product,
    Source,
    Unusable,
)
from limner_server.references.shelf import NameTaken, NameUnknown, Shelf
from limner_server.references.store import SHIPPED
from limner_server.stack.commands import json_option, people, state_option

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner_server.references.reference import Reference

CODES = """
Exit codes: 0 done, 2 the request is at fault, 1 the folder cannot be written.
"""


def in_folder(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the folder that its options name, as `folder`."""

    @click.option(
        "--folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="LIMNER_REFERENCES",
        show_envvar=True,
        show_default="references in the state folder",
        help="Where they are stored; LIMNER_REFERENCES tells the server, too.",
    )
    @state_option
    @functools.wraps(command)
    def run(*, folder: Path | None, state: Path, **rest: Any) -> None:
        command(folder=(folder or state / "references").expanduser(), **rest)

    return run


@click.group()
def references() -> None:
    """Store photos whose hair people can be given.

    A server that runs sees every change at its next request.
    """


@references.command("add", epilog=CODES)
@click.argument(
    "photos",
    nargs=-1,
    required=True,
    metavar="PHOTO...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option("--name", required=True, help="What requests call it: a-z, 0-9 and -.")
@click.option("--title", default="", help="One line for people.")
@click.option("--tag", "tags", multiple=True, help="A word to find it by; may be repeated.")
@click.option(
    "--product",
    "products",
    multiple=True,
    metavar="TITLE=URL",
    help="What such hair needs, and where it can be had: an https address; may be repeated.",
)
@click.option("--license", "license_name", default="", help="The photo's, as SPDX names it.")
@in_folder
@json_option
def add(
    photos: tuple[Path, ...],
    name: str,
    title: str,
    tags: tuple[str, ...],
    products: tuple[str, ...],
    license_name: str,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Store PHOTO, a JPEG, PNG or WebP of at most 8 MiB, under a new name.

    Others beside it show the same hair on heads that are turned otherwise: whoever wants that
    hair gets it from the one that is turned most like them.
    """

    def store() -> Reference:
        links = tuple(map(_product, products))
        told = Description(title, tags, license_name, links).to_json()
        data = [read_bounded(photo, MOST_PHOTO_BYTES) for photo in photos]
        return _shelf(folder).add(name, data, Description.from_json(told))

    stored = _done(store)
    _answer(_as_json(stored), f"{name} is stored in {folder}.", as_json=as_json)


@references.command("list", epilog=CODES)
@in_folder
@json_option
def list_(folder: Path, *, as_json: bool) -> None:
    """List the references, the server's own among them, and what is wrong with any."""
    logging.getLogger("limner_server.references").addHandler(logging.NullHandler())
    shelf = _shelf(folder)
    every = Shelf(SHIPPED, Source.STUDIO).references() | shelf.references()
    rows = [every[name] for name in sorted(every)]
    skipped = shelf.faults()
    if as_json:
        answer = {
            "folder": str(folder),
            "references": [_as_json(row) for row in rows],
            "skipped": skipped,
        }
        click.echo(json.dumps(answer, indent=2))
        return
    table = Table("name", "title", "tags", "stored by", "views", "products", box=None)
    for row in rows:
        said = row.described
        by, links = row.source.name.lower(), str(len(said.products) or "")
        views = str(len(row.views))
        table.add_row(row.name, escape(said.title), " ".join(said.tags), by, views, links)
    Console().print(table)
    for name, fault in skipped.items():
        people.print(f"[yellow]{escape(name)} is skipped: {escape(fault)}[/]", highlight=False)


@references.command("remove", epilog=CODES)
@click.argument("name")
@in_folder
@json_option
def remove(name: str, folder: Path, *, as_json: bool) -> None:
    """Take the operator's reference NAME away; the server's own stay."""
    _done(lambda: _shelf(folder).remove(name))
    _answer({"removed": name}, f"{name} is no longer in {folder}.", as_json=as_json)


def _shelf(folder: Path) -> Shelf:
    return Shelf(folder, Source.OPERATOR)


def _product(told: str) -> Product:
    title, sign, url = told.partition("=")
    if not sign:
        raise click.UsageError(f"--product is TITLE=URL, not {told!r}")
    return Product(title.strip(), url.strip())


def _done(work: Callable[[], Any]) -> Any:
    """Return what some work returns; end the command where it cannot be done."""
    try:
        return work()
    except (Unusable, NameTaken, NameUnknown) as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        people.print(f"[red]{escape(str(error))}[/]", highlight=False)
        sys.exit(1)


def _as_json(reference: Reference) -> dict[str, Any]:
    source, views = reference.source.name.lower(), len(reference.views)
    said = reference.described.to_json()
    return {"name": reference.name, "source": source, "views": views, **said}


def _answer(answer: dict[str, Any], text: str, *, as_json: bool) -> None:
    click.echo(json.dumps(answer, indent=2) if as_json else text)
