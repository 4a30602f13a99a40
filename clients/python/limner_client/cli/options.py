"""The options that several subcommands take, and the types of their values."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import click

from limner_client.channel import DEFAULT_ADDRESS, DEFAULT_TIMEOUT
from limner_client.colors import rgb_of_hex
from limner_client.pictures import SUFFIXES
from limner_client.values import AnchorName, Reference, Sticker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from limner_client.request_parts import FaceChoice

Function = TypeVar("Function", bound="Callable[..., Any]")

INPUT = click.Path(path_type=Path)
"""A file to read; whether it is there is found out photo by photo."""


ANCHORS: tuple[str, ...] = get_args(AnchorName)
WORN = re.compile(r"(?P<what>[^@].*?)(@(?P<anchor>\w+))?(:(?P<scale>\d*\.?\d+))?")
"""How a sticker is said; what follows an `@` within a file's name is no anchor."""
MOST_FACES = 64
"""That the server tells apart."""
STORED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""How the names of stored references are spelled."""


@dataclass(frozen=True)
class Manner:
    """How a command goes about its photos."""

    address: str
    timeout: float
    """Seconds for each photo."""
    as_json: bool
    quiet: bool

    @classmethod
    def taken_from(cls, told: dict[str, Any]) -> Manner:
        """Return the manner among all that a command was told, and leave the rest."""
        return cls(**{field.name: told.pop(field.name) for field in fields(cls)})


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
                return self._place(int(value), param, ctx)
            x, y = value.split(",")
            return float(x), float(y)
        except ValueError:
            self.fail(f"{value!r} is not `largest`, a number or a point X,Y", param, ctx)

    def _place(self, index: int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not 0 <= index < MOST_FACES:
            self.fail(f"{index}: faces are counted from 0 to {MOST_FACES - 1}", param, ctx)
        return index


class Faces(Face):
    """The same, or `all`."""

    name = "faces"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "largest|all|INDEX|X,Y"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return "all" if value == "all" else super().convert(value, param, ctx)


class Worn(click.ParamType[Any]):
    """A sticker's name or file, what holds it and how large it is, such as `hat.png@forehead:1.5`.

    What ends like a picture is a file.
    """

    name = "sticker"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME|FILE[@ANCHOR][:SCALE]"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Sticker:
        if isinstance(value, Sticker):
            return value
        parts = WORN.fullmatch(value)
        if parts is None:
            self.fail(f"{value!r} is not a name or file, @ what holds it, : its scale", param, ctx)
        what, scale = parts["what"], float(parts["scale"] or 1)
        anchor: AnchorName | None = None
        if parts["anchor"] in ANCHORS:
            anchor = parts["anchor"]  # type: ignore[assignment] # it is one of them
        elif parts["anchor"] is not None:
            known = ", ".join(ANCHORS)
            self.fail(f"{parts['anchor']!r} holds nothing; there are {known}", param, ctx)
        if Path(what).suffix.lower() in SUFFIXES:
            return Sticker(picture=Path(what), anchor=anchor, scale=scale)
        return Sticker(what, anchor=anchor, scale=scale)


class Hair(click.ParamType[Any]):
    """A photo with hair in it, or the name of a stored reference, such as `bob-3`.

    What is spelled like a name is one: `./you` is the file.
    """

    name = "hair"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "FILE|NAME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Reference:
        if STORED.fullmatch(value):
            return Reference(value)
        photo = Path(value)
        if not photo.suffix and not photo.exists():
            spelled = "nor spelled like a stored reference, such as bob-3; --list-references"
            self.fail(f"{value!r} is no file, {spelled} shows them", param, ctx)
        return Reference(photo=photo)


class HexColor(click.ParamType[Any]):
    """A color on a screen, such as `#7a1f3d`."""

    name = "color"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "#RRGGBB"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int]:
        try:
            return rgb_of_hex(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def face_option(command: Function) -> Function:
    """Add the choice of whose face, or whose hair, is meant."""
    option = click.option(
        "--face",
        type=Face(),
        default="largest",
        show_default=True,
        help="Whose portrait it is: the largest face, one counted from 0 at the left, or a point.",
    )
    return option(command)


def photo_options(
    command: Function, *, required: bool = True, named: Sequence[str] = ()
) -> Function:
    """Add what every command that edits photos takes; not `required` where it has other uses.

    Of any number of photos, unless it takes those `named` and no others.
    """
    photos = [click.argument(name, type=INPUT) for name in named] or [
        click.argument("photos", nargs=-1, required=required, type=INPUT, metavar="PHOTO...")
    ]
    options = (
        *photos,
        click.option(
            "-o",
            "--output",
            "out",
            required=required,
            type=INPUT,
            metavar="OUT",
            help="A file, if it ends like a picture; else a folder, made if need be.",
        ),
        click.option(
            "--address",
            envvar="LIMNER_ADDRESS",
            show_envvar=True,
            default=DEFAULT_ADDRESS,
            show_default=True,
            metavar="HOST:PORT",
            help="Where the server is.",
        ),
        click.option(
            "--timeout",
            type=click.FloatRange(min=0, min_open=True),
            default=DEFAULT_TIMEOUT,
            show_default=True,
            metavar="SECONDS",
            help="How long one photo may take.",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print JSON, for scripts."),
        click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors."),
    )
    for option in reversed(options):
        command = option(command)
    return command
