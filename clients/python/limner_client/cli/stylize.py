"""`limner stylize`: photos drawn as illustrations."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import INPUT, Manner, photo_options
from limner_client.cli.outputs import plan_outputs, with_beside
from limner_client.pictures import SUFFIXES, Output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, StylizeResult

ENDING, ENDING_EXACT = ".jpg", ".png"
"""Of a drawing in a folder; PNG keeps a few colors as they are."""
QUALITY = 95
"""The JPEG quality from which on the color keeps its full resolution: here edges are all."""


@click.command(
    short_help="Draw photos as illustrations: flat colors, lines of ink.",
    epilog="For example: limner stylize me.jpg --style ink-and-wash -o drawn.jpg",
)
@partial(photo_options, required=False)
@click.option(
    "--style",
    default="illustration",
    show_default=True,
    metavar="NAME",
    help="What to draw in; --list-styles shows them.",
)
@click.option("--list-styles", is_flag=True, help="Show the styles there are, and no more.")
@click.option(
    "--colors",
    type=click.IntRange(2, 64),
    help="Use exactly so many colors; PNG keeps them, JPEG nearly.",
)
@click.option("--palette-out", type=INPUT, metavar="FILE", help="Write the colors here, as JSON.")
@click.option(
    "--strength", type=click.FloatRange(0, 1), help="How much of the drawing is laid on. [1]"
)
@click.option(
    "--line-width",
    type=click.FloatRange(0.25, 4),
    help="Of lines and of the details that are kept. [1]",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides all that is random.",
)
@click.pass_context
def stylize(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path | None,
    list_styles: bool,  # noqa: FBT001 - click passes options by name
    palette_out: Path | None,
    **told: Any,
) -> None:
    """Draw photos of any size as illustrations: flat colors, and lines of ink.

    OUT gets the photo, drawn. A folder gets that, and the colors as JSON, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    manner = Manner.taken_from(told)
    if list_styles:
        from limner_client.cli.styles import print_styles  # noqa: PLC0415

        ctx.exit(print_styles(manner))
    if not photos or out is None:
        raise click.UsageError("give PHOTO... and -o OUT, or --list-styles")
    if not told["style"].replace("-", "").isalnum():  # it becomes part of files' names
        raise click.UsageError(f"{told['style']!r} is no style's name; --list-styles shows them")
    planned = _planned(photos, out, palette_out, told)
    output = Output(format=SUFFIXES[planned[0][0].suffix.lower()], quality=QUALITY)

    async def ask(
        client: AsyncLimnerClient, photo: Path, tell: Callable[[float], None]
    ) -> StylizeResult:
        return await client.stylize(
            photo, on_progress=lambda progress: tell(progress.fraction), output=output, **told
        )

    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), manner))


def _planned(
    photos: Sequence[Path], out: Path, palette_out: Path | None, told: dict[str, Any]
) -> list[tuple[Path, ...]]:
    ending = ENDING_EXACT if told["colors"] else ENDING
    endings = (f".{told['style']}{ending}", f".{told['style']}.palette.json")
    planned = plan_outputs(photos, out, endings, ())
    return with_beside(planned, palette_out, "palette", photos, ".json")


def _write(result: StylizeResult, _photo: Path, files: Sequence[Path]) -> None:
    from limner_client.cli.documents import palette_document  # noqa: PLC0415 - help needs none of it

    result.image.save(files[0])
    for path in files[1:]:
        path.write_text(json.dumps(palette_document(result)))
