"""`limner matte`: subjects cut out of photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import INPUT, Manner, photo_options
from limner_client.cli.outputs import plan_outputs
from limner_client.pictures import Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, MatteResult
    from limner_client.requests import SubjectName

ENDINGS = (".cutout.png", ".alpha.png")


@click.command(
    short_help="Cut the person out of photos, hair by hair.",
    epilog="For example: limner matte me.jpg -o cutout.png",
)
@photo_options
@click.option(
    "--subject",
    type=click.Choice(["person"]),
    default="person",
    show_default=True,
    help="What to cut out, unless --map or --trimap says it.",
)
@click.option(
    "--map", "map_", type=INPUT, metavar="FILE", help="A PNG, white where the subject is."
)
@click.option(
    "--trimap", type=INPUT, metavar="FILE", help="A PNG: white inside, black outside, 128 unsure."
)
@click.option(
    "--band",
    type=click.IntRange(1, 256),
    metavar="PX",
    help="Width of the unsure band along the subject's edge; 2 % of the photo if not said.",
)
@click.pass_context
def matte(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path,
    subject: SubjectName,
    map_: Path | None,
    trimap: Path | None,
    band: int | None,
    **manner: Any,
) -> None:
    """Cut the person out of photos, hair by hair.

    OUT gets the cut-out with a clear background, as PNG or WebP. A folder gets that and the alpha
    as a gray PNG, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    _check(photos, out, map_, trimap)
    output = Output(format="webp" if out.suffix.lower() == ".webp" else "png")

    async def ask(client: AsyncLimnerClient, photo: Path) -> MatteResult:
        return await client.matte(
            photo,
            subject=subject,
            map=map_,
            trimap=trimap,
            band_px=band,
            foreground=True,
            output=output,
        )

    keep = [path for path in (map_, trimap) if path]
    planned = plan_outputs(photos, out, ENDINGS, keep)
    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), Manner(**manner)))


def _check(photos: Sequence[Path], out: Path, map_: Path | None, trimap: Path | None) -> None:
    if map_ and trimap:
        raise click.UsageError("--map and --trimap say the same thing: give one")
    if (map_ or trimap) and len(photos) > 1:
        raise click.UsageError("a map or trimap belongs to one photo: give one photo")
    if out.suffix.lower() in (".jpg", ".jpeg") and not out.is_dir():
        raise click.UsageError(f"{out} would lose the clear background: end it in .png or .webp")


def _write(result: MatteResult, _photo: Path, files: Sequence[Path]) -> None:
    pictures = (result.foreground, result.alpha)
    for picture, path in zip(pictures, files, strict=False):
        if picture:
            picture.save(path)
