"""`limner transfer-hair`: people in photos with the hair of others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from limner_client.cli.options import INPUT, Face, Hair, Manner, face_option, photo_options
from limner_client.cli.outputs import make_folder, plan_outputs, with_beside
from limner_client.pictures import SUFFIXES, Output

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from limner_client import (
        AsyncLimnerClient,
        FaceChoice,
        Reference,
        TransferHairResult,
        TransferProgress,
    )

ENDINGS = (".hair.jpg", ".hair.alpha.png")
QUALITY = 95
"""The JPEG quality from which on the color keeps its full resolution: hair is fine."""
OPTIMIZE_SECONDS = 3600.0
"""How long an optimization may take when nothing else is said."""


@click.command(
    "transfer-hair",
    short_help="Give people the hair of others: its shape, its color, or both.",
    epilog="For example: limner transfer-hair me.jpg --shape you.jpg -o hair.jpg",
)
@partial(photo_options, required=False)
@click.option("--shape", type=Hair(), help="Whose hair's shape; without, the person's own.")
@click.option(
    "--look", type=Hair(), help="Whose hair's color and strands; without, those of --shape."
)
@click.option("--list-references", is_flag=True, help="Show the stored references, and no more.")
@click.option("--recommend", is_flag=True, help="Show which of them suit PHOTO, and no more.")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="WORD",
    help="Show only references that have this tag; several narrow it down.",
)
@click.option(
    "--mode",
    type=click.Choice(["fast", "optimize"]),
    default="fast",
    show_default=True,
    help="Fit the hair to the head; or have a generator draw it, for an hour at most.",
)
@click.option(
    "--steps",
    "iterations",
    type=click.IntRange(1, 2000),
    help="How many the generator takes at most.",
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**32 - 1),
    default=0,
    show_default=True,
    help="Decides all that is random.",
)
@face_option
@click.option("--shape-face", type=Face(), default="largest", help="Whose hair, in --shape.")
@click.option("--look-face", type=Face(), default="largest", help="Whose hair, in --look.")
@click.option(
    "--keep-face/--no-keep-face",
    default=True,
    show_default=True,
    help="Keep the face's own pixels, but where new hair falls on it.",
)
@click.option(
    "--preview", type=INPUT, metavar="DIR", help="Write pictures of how it may come to look here."
)
@click.option("--alpha-out", type=INPUT, metavar="FILE", help="Write the hair's alpha, as PNG.")
@click.pass_context
def transfer_hair(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path | None,
    list_references: bool,  # noqa: FBT001 - click passes options by name
    recommend: bool,  # noqa: FBT001
    tags: tuple[str, ...],
    preview: Path | None,
    alpha_out: Path | None,
    **told: Any,
) -> None:
    """Give people in photos the hair of others; beyond old hair and new, no bit changes.

    Hair comes from a photo, or from a reference that is stored with the server. OUT gets the
    photo with it. A folder gets that and the new hair's alpha as a gray PNG, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it
    from limner_client.cli.previews import write_preview  # noqa: PLC0415

    manner = Manner.taken_from(told)
    if list_references:
        from limner_client.cli.references import print_references  # noqa: PLC0415

        ctx.exit(print_references(tags, manner))
    if recommend:
        ctx.exit(_recommend(photos, told["face"], tags, manner))
    told |= _references(told)
    if not photos or out is None or not (told["shape"] or told["look"]):
        raise click.UsageError("give PHOTO..., --shape or --look, and -o OUT, or --list-references")
    if told["mode"] == "optimize" and _unsaid(ctx, "timeout"):
        manner = replace(manner, timeout=OPTIMIZE_SECONDS)
    planned = _planned(photos, out, alpha_out, told)
    stems = {photo: files[0].stem for photo, files in zip(photos, planned, strict=True)}
    told |= {"return_preview": preview is not None, "return_alpha": len(planned[0]) > 1}
    told["output"] = Output(format=SUFFIXES[planned[0][0].suffix.lower()], quality=QUALITY)
    if preview:
        make_folder(preview)

    async def ask(
        client: AsyncLimnerClient, photo: Path, tell: Callable[[float], None]
    ) -> TransferHairResult:
        def hear(progress: TransferProgress) -> None:
            tell(progress.fraction)
            if preview:
                write_preview(preview, stems[photo], progress)

        return await client.transfer_hair(photo, on_progress=hear, **told)

    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), manner))


def _recommend(
    photos: Sequence[Path], face: FaceChoice, tags: Sequence[str], manner: Manner
) -> int:
    from limner_client.cli.references import print_recommended  # noqa: PLC0415

    if len(photos) != 1:
        raise click.UsageError("--recommend wants one PHOTO")
    return print_recommended(photos[0], face, tags, manner)


def _references(told: dict[str, Any]) -> dict[str, Reference | None]:
    """Return the references among all that was told, each with whose hair is meant in it."""
    faces = {part: told.pop(f"{part}_face") for part in ("shape", "look")}
    return {part: told[part] and replace(told[part], face=face) for part, face in faces.items()}


def _unsaid(ctx: click.Context, option: str) -> bool:
    return ctx.get_parameter_source(option) is ParameterSource.DEFAULT


def _planned(
    photos: Sequence[Path], out: Path, alpha_out: Path | None, told: dict[str, Any]
) -> list[tuple[Path, ...]]:
    used = [one.photo for one in (told["shape"], told["look"]) if one and one.photo]
    planned = plan_outputs(photos, out, ENDINGS, used)
    return with_beside(planned, alpha_out, "alpha", [*photos, *used])


def _write(result: TransferHairResult, _photo: Path, files: Sequence[Path]) -> None:
    for picture, path in zip((result.image, result.hair_alpha), files, strict=False):
        if picture:
            picture.save(path)
