"""`limner animalize`: people in photos as animals."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import INPUT, Faces, Manner, Worn, photo_options
from limner_client.cli.outputs import plan_outputs, with_beside
from limner_client.pictures import SUFFIXES, Output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from limner_client import AnimalizeResult, AsyncLimnerClient

ENDINGS = (".{animal}.jpg", ".{animal}.mask.png")
QUALITY = 95
"""The JPEG quality from which on the color keeps its full resolution: fur is fine."""


@click.command(
    short_help="Turn people's heads into a cat's, a dog's, a fox's or a bear's.",
    epilog="For example: limner animalize me.jpg --animal fox --sticker hat -o fox.jpg",
)
@partial(photo_options, required=False)
@click.option("--animal", metavar="NAME", help="Which one; --list-animals shows them.")
@click.option("--coat", metavar="NAME", help="Its fur; without, the one most like the hair.")
@click.option("--list-animals", is_flag=True, help="Show animals, coats and stickers, no more.")
@click.option(
    "--face",
    type=Faces(),
    default="largest",
    show_default=True,
    help="Whose head: the largest face's, all, one counted from 0 at the left, or a point's.",
)
@click.option(
    "--sticker",
    "stickers",
    type=Worn(),
    multiple=True,
    help="What it wears: a sticker's name or a PNG; what holds it, such as nose; how large.",
)
@click.option("--keep-hair", is_flag=True, help="Leave the person's own hair beside the animal.")
@click.option("--mask-out", type=INPUT, metavar="FILE", help="Write the mask here, as PNG.")
@click.pass_context
def animalize(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path | None,
    list_animals: bool,  # noqa: FBT001 - click passes options by name
    mask_out: Path | None,
    **told: Any,
) -> None:
    """Turn people's heads into animals', in the same pose and expression; beyond, no bit changes.

    OUT gets the photo. A folder gets that, and as a gray PNG how much of each pixel is not the
    photo's, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    manner = Manner.taken_from(told)
    if list_animals:
        from limner_client.cli.animals import print_animals  # noqa: PLC0415

        ctx.exit(print_animals(manner))
    if not photos or out is None or not told["animal"]:
        raise click.UsageError("give PHOTO..., --animal NAME and -o OUT, or --list-animals")
    if not told["animal"].replace("-", "").isalnum():  # it becomes part of files' names
        raise click.UsageError(f"{told['animal']!r} is no animal; --list-animals shows them")
    keep = [one.picture for one in told["stickers"] if isinstance(one.picture, Path)]
    endings = [ending.format(animal=told["animal"]) for ending in ENDINGS]
    planned = plan_outputs(photos, out, endings, keep)
    planned = with_beside(planned, mask_out, "mask", [*photos, *keep])
    return_mask = len(planned[0]) > 1
    output = Output(format=SUFFIXES[planned[0][0].suffix.lower()], quality=QUALITY)

    async def ask(client: AsyncLimnerClient, photo: Path, _: object) -> AnimalizeResult:
        return await client.animalize(photo, return_mask=return_mask, output=output, **told)

    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), manner))


def _write(result: AnimalizeResult, _photo: Path, files: Sequence[Path]) -> None:
    for picture, path in zip((result.image, result.mask), files, strict=False):
        if picture:
            picture.save(path)
