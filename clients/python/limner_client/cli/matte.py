"""`limner matte`: subjects cut out of photos."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import INPUT, Manner, face_option, photo_options
from limner_client.cli.outputs import plan_outputs
from limner_client.pictures import Output

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, MatteResult
    from limner_client.requests import EngineName

ENDINGS = (".cutout.png", ".cutout.alpha.png")
ENGINES: dict[str, EngineName] = {"network": "network", "closed-form": "closed_form"}


@click.command(
    short_help="Cut the person, or the hair, out of photos, hair by hair.",
    epilog="For example: limner matte me.jpg -o cutout.png",
)
@photo_options
@click.option(
    "--subject",
    type=click.Choice(["person", "hair"]),
    default="person",
    show_default=True,
    help="What to cut out, unless --map or --trimap says it.",
)
@face_option
@click.option(
    "--map", "map_", type=INPUT, metavar="FILE", help="A PNG, white where the subject is."
)
@click.option(
    "--trimap", type=INPUT, metavar="FILE", help="A PNG: white inside, black outside, 128 unsure."
)
@click.option(
    "--band",
    "band_px",
    type=click.IntRange(1, 256),
    metavar="PX",
    help="Width of the unsure band along the subject's edge; 2 % of the photo if not said.",
)
@click.option(
    "--engine",
    type=click.Choice(["network", "closed-form"]),
    help="What solves the edge; the network, which knows hair only, if hair is cut out.",
)
@click.pass_context
def matte(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path,
    map_: Path | None,
    trimap: Path | None,
    engine: str | None,
    **told: Any,
) -> None:
    """Cut the person, or the hair alone, out of photos, hair by hair.

    OUT gets the cut-out with a clear background, as PNG or WebP. A folder gets that and the alpha
    as a gray PNG, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    _check(photos, out, map_, trimap)
    manner = Manner.taken_from(told)
    output = Output(format="webp" if out.suffix.lower() == ".webp" else "png")
    solver = ENGINES[engine] if engine else None

    async def ask(client: AsyncLimnerClient, photo: Path, _: object) -> MatteResult:
        return await client.matte(
            photo, map=map_, trimap=trimap, engine=solver, foreground=True, output=output, **told
        )

    keep = [path for path in (map_, trimap) if path]
    planned = plan_outputs(photos, out, ENDINGS, keep)
    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), manner))


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
