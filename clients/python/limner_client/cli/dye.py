"""`limner dye`: the hair of photos in another color."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import INPUT, HexColor, Manner, face_option, photo_options
from limner_client.cli.outputs import plan_outputs, with_beside
from limner_client.pictures import SUFFIXES, Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, DyeResult

ENDINGS = (".{color}.jpg", ".{color}.alpha.png")
QUALITY = 95
"""The JPEG quality from which on the color keeps its full resolution: here color is all."""


@click.command(
    short_help="Dye the hair in photos: a color, a shade, or like another photo's.",
    epilog="For example: limner dye me.jpg --color '#7a1f3d' -o dyed.jpg",
)
@partial(photo_options, required=False)
@click.option("--color", type=HexColor(), help="The color wanted.")
@click.option("--shade", metavar="NAME", help="A shade wanted; --list-shades shows them.")
@click.option("--like", type=INPUT, metavar="REFERENCE", help="A photo whose hair has the color.")
@click.option("--list-shades", is_flag=True, help="Show the shades that have names, and no more.")
@click.option(
    "--strength",
    type=click.FloatRange(0, 1),
    default=1.0,
    show_default=True,
    help="How much of the change is laid on.",
)
@click.option(
    "--keep-highlights/--no-keep-highlights",
    default=True,
    show_default=True,
    help="Let what gleams keep its own color.",
)
@click.option(
    "--blend",
    type=click.Choice(["delta", "patent"]),
    default="delta",
    show_default=True,
    help="Add the change of color, or blend the dyed picture in.",
)
@face_option
@click.option("--alpha", type=INPUT, metavar="FILE", help="A PNG, white where the hair is.")
@click.option("--alpha-out", type=INPUT, metavar="FILE", help="Write the alpha here, as PNG.")
@click.pass_context
def dye(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path | None,
    list_shades: bool,  # noqa: FBT001 - click passes options by name
    alpha_out: Path | None,
    **told: Any,
) -> None:
    """Dye the hair in photos; where there is no hair, they stay as they are.

    OUT gets the photo, dyed. A folder gets that and the alpha that was used as a gray PNG, for
    each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    manner = Manner.taken_from(told)
    if list_shades:
        from limner_client.cli.shades import print_shades  # noqa: PLC0415

        ctx.exit(print_shades(manner))
    if not photos or out is None:
        raise click.UsageError("give PHOTO... and -o OUT, or --list-shades")
    _check(photos, told)
    planned = _planned(photos, out, alpha_out, told)
    return_alpha = len(planned[0]) > 1
    output = Output(format=SUFFIXES[planned[0][0].suffix.lower()], quality=QUALITY)

    async def ask(client: AsyncLimnerClient, photo: Path, _: object) -> DyeResult:
        return await client.dye(photo, return_alpha=return_alpha, output=output, **told)

    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), manner))


def _check(photos: Sequence[Path], told: dict[str, Any]) -> None:
    if [told["color"], told["shade"], told["like"]].count(None) != 2:
        raise click.UsageError("say the color once: --color, --shade or --like")
    if told["alpha"] and len(photos) > 1:
        raise click.UsageError("an alpha belongs to one photo: give one photo")


def _planned(
    photos: Sequence[Path], out: Path, alpha_out: Path | None, told: dict[str, Any]
) -> list[tuple[Path, ...]]:
    keep = [path for path in (told["like"], told["alpha"]) if path]
    endings = [ending.format(color=_name_of_color(told)) for ending in ENDINGS]
    planned = plan_outputs(photos, out, endings, keep)
    return with_beside(planned, alpha_out, "alpha", [*photos, *keep])


def _name_of_color(told: dict[str, Any]) -> str:
    """Return what a dyed photo is named after, so that other colors do not take its place."""
    if told["color"]:
        return bytes(told["color"]).hex()
    return re.sub(r"[^\w-]+", "-", told["shade"] or told["like"].stem)


def _write(result: DyeResult, _photo: Path, files: Sequence[Path]) -> None:
    for picture, path in zip((result.image, result.alpha), files, strict=False):
        if picture:
            picture.save(path)
