"""`limner composite`: a converted face laid into its original photo."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import INPUT, Face, Manner, photo_options
from limner_client.cli.outputs import plan_outputs, with_beside
from limner_client.pictures import SUFFIXES, Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, CompositeResult

ENDINGS = (".composite.jpg", ".composite.mask.png")
QUALITY = 95
"""The JPEG quality from which on the color keeps its full resolution."""


@click.command(
    short_help="Lay a converted face into its original photo.",
    epilog="For example: limner composite me.jpg relit.jpg -o both.jpg",
)
@partial(photo_options, named=("original", "converted"))
@click.option(
    "--engine",
    type=click.Choice(["network", "conventional"]),
    default="network",
    show_default=True,
    help="One network, or the chain of four steps that it replaces.",
)
@click.option(
    "--original-face",
    type=Face(),
    default="largest",
    show_default=True,
    help="Which face is replaced: the largest, one counted from 0 at the left, or a point.",
)
@click.option(
    "--converted-face",
    type=Face(),
    default="largest",
    show_default=True,
    help="Which face is taken.",
)
@click.option("--mask-out", type=INPUT, metavar="FILE", help="Write the mask here, as PNG.")
@click.pass_context
def composite(
    ctx: click.Context,
    /,
    original: Path,
    converted: Path,
    out: Path,
    mask_out: Path | None,
    **told: Any,
) -> None:
    """Lay the face of CONVERTED into ORIGINAL, in its light; outside the face no bit changes.

    OUT gets the photo. A folder gets that, and as a gray PNG how much of each pixel is not the
    original's.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    manner = Manner.taken_from(told)
    inputs = (original, converted)
    planned = plan_outputs([original], out, ENDINGS, inputs)
    planned = with_beside(planned, mask_out, "mask", inputs)
    return_mask = len(planned[0]) > 1
    output = Output(format=SUFFIXES[planned[0][0].suffix.lower()], quality=QUALITY)

    async def ask(client: AsyncLimnerClient, photo: Path, _: object) -> CompositeResult:
        return await client.composite(
            photo, converted, return_mask=return_mask, output=output, **told
        )

    ctx.exit(edit_photos([original], planned, Edit(ask, _write), manner))


def _write(result: CompositeResult, _photo: Path, files: Sequence[Path]) -> None:
    for picture, path in zip((result.image, result.mask), files, strict=False):
        if picture:
            picture.save(path)
