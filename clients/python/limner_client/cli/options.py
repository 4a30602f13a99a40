"""The options that several subcommands take, and the types of their values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from limner_client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from limner_client.requests import FaceChoice

Function = TypeVar("Function", bound="Callable[..., Any]")

INPUT = click.Path(path_type=Path)
"""A file to read; whether it is there is found out photo by photo."""


@dataclass(frozen=True)
class Manner:
    """How a command goes about its photos."""

    address: str
    timeout: float
    """Seconds for each photo."""
    as_json: bool
    quiet: bool


class Face(click.ParamType[Any]):
    """`largest`, a place counted from 0 at the image's left, or a point such as 640,480."""

    name = "face"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "largest|INDEX|X,Y"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> FaceChoice:
        if value == "largest" or isinstance(value, int | tuple):
            return value  # type: ignore[no-any-return]
        try:
            if "," not in value:
                return int(value)
            x, y = value.split(",")
            return float(x), float(y)
        except ValueError:
            self.fail(f"{value!r} is not `largest`, a number or a point X,Y", param, ctx)


def photo_options(command: Function) -> Function:
    """Add what every command that edits photos takes."""
    options = (
        click.argument("photos", nargs=-1, required=True, type=INPUT, metavar="PHOTO..."),
        click.option(
            "-o",
            "--output",
            "out",
            required=True,
            type=INPUT,
            metavar="OUT",
            help="A file, if it ends like a picture; else a folder, made if need be.",
        ),
        click.option(
            "--address",
            envvar="LIMNER_ADDRESS",
            default=DEFAULT_ADDRESS,
            show_default=True,
            metavar="HOST:PORT",
            help="Where the server is; LIMNER_ADDRESS says it too.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=DEFAULT_TIMEOUT,
            show_default=True,
            metavar="SECONDS",
            help="How long one photo may take.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON array, for scripts."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors."),
    )
    for option in reversed(options):
        command = option(command)
    return command
