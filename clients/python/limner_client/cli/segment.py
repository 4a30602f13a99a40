"""`limner segment`: the person and the faces of photos, drawn and written down."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import Face, Manner, photo_options
from limner_client.cli.outputs import plan_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, SegmentResult
    from limner_client.requests import FaceChoice

ENDINGS = (".overlay.jpg", ".person.png", ".json")


@click.command(
    short_help="Find the person and the faces in photos.",
    epilog="For example: limner segment me.jpg -o me.found.jpg",
)
@photo_options
@click.option(
    "--face",
    type=Face(),
    default="largest",
    show_default=True,
    help="Whose portrait it is: the largest face, one counted from 0 at the left, or at a point.",
)
@click.option("--without-faces", is_flag=True, help="Only the person; do not look for faces.")
@click.pass_context
def segment(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path,
    face: FaceChoice,
    without_faces: bool,  # noqa: FBT001 - click passes options by name
    **manner: Any,
) -> None:
    """Find the person and the faces in photos.

    OUT gets the photo with the person outlined and every face drawn in: its box, its number, its
    oval and its mesh. A folder gets that, the person's mask as PNG, and all that was found as
    JSON, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    async def ask(client: AsyncLimnerClient, photo: Path) -> SegmentResult:
        return await client.segment(
            photo, face=face, classes=["person"], without_faces=without_faces
        )

    planned = plan_outputs(photos, out, ENDINGS, keep=())
    ctx.exit(edit_photos(photos, planned, Edit(ask, _write), Manner(**manner)))


def _write(result: SegmentResult, photo: Path, files: Sequence[Path]) -> None:
    from limner_client.cli.overlay import draw_overlay  # noqa: PLC0415 - Pillow is not for help
    from limner_client.cli.report import result_document  # noqa: PLC0415

    draw_overlay(photo, result, files[0])
    for path in files[1:]:
        if path.suffix == ".json":
            path.write_text(json.dumps(result_document(photo, files, result)))
        else:
            result.masks["person"].save(path)
