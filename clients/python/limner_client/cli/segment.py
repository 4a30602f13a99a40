"""`limner segment`: the person, the hair and the faces of photos, drawn and written down."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from limner_client.cli.options import Manner, face_option, photo_options
from limner_client.cli.outputs import plan_outputs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from limner_client import AsyncLimnerClient, SegmentResult
    from limner_client.request_parts import FaceChoice
    from limner_client.requests import ClassName

CLASSES: dict[str, ClassName] = {
    "hair": "hair",
    "face": "face_skin",
    "body": "body_and_clothes",
    "person": "person",
    "background": "background",
}
"""What the command calls each class, for short."""
SHORT = {name: short for short, name in CLASSES.items()}
"""Whoever knows them by the client's names may say those."""


class Classes(click.ParamType[Any]):
    """Names of classes, commas between them."""

    name = "classes"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "NAME,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        names = [SHORT.get(name.strip(), name.strip()) for name in value.split(",")]
        strange = [name for name in names if name not in CLASSES]
        if strange:
            self.fail(f"{strange[0]!r} is none of {', '.join(CLASSES)}", param, ctx)
        return tuple(dict.fromkeys(names))


@click.command(
    short_help="Find the person, the hair and the faces in photos.",
    epilog="For example: limner segment me.jpg --classes hair,face -o me.found.jpg",
)
@photo_options
@click.option(
    "--classes",
    type=Classes(),
    default="person",
    show_default=True,
    help=f"What to outline and to write masks of: {', '.join(CLASSES)}.",
)
@face_option
@click.option("--without-faces", is_flag=True, help="Only the person; do not look for faces.")
@click.pass_context
def segment(
    ctx: click.Context,
    /,
    photos: tuple[Path, ...],
    out: Path,
    classes: tuple[str, ...],
    face: FaceChoice,
    without_faces: bool,  # noqa: FBT001 - click passes options by name
    **manner: Any,
) -> None:
    """Find the person, the hair and the faces in photos.

    OUT gets the photo with the classes drawn in, the person outlined, and every face: its box, its
    number, its oval and its mesh. A folder gets that, a mask as PNG for each class, and all that
    was found as JSON, for each photo.
    """
    from limner_client.cli.batch import Edit, edit_photos  # noqa: PLC0415 - help needs none of it

    async def ask(client: AsyncLimnerClient, photo: Path, _: object) -> SegmentResult:
        return await client.segment(
            photo,
            face=face,
            classes=[CLASSES[name] for name in classes],
            without_faces=without_faces,
        )

    masks = [f".{name}.png" for name in classes]
    planned = plan_outputs(photos, out, (".overlay.jpg", *masks, ".json"), keep=())
    write = partial(_write, classes)
    ctx.exit(edit_photos(photos, planned, Edit(ask, write), Manner(**manner)))


def _write(
    classes: Sequence[str], result: SegmentResult, photo: Path, files: Sequence[Path]
) -> None:
    from limner_client.cli.documents import result_document  # noqa: PLC0415
    from limner_client.cli.overlay import draw_overlay  # noqa: PLC0415 - Pillow is not for help

    draw_overlay(photo, result, files[0])
    for name, path in zip(classes, files[1:], strict=False):
        result.masks[CLASSES[name]].save(path)
    if len(files) > 1:
        files[-1].write_text(json.dumps(result_document(photo, files, result)))
