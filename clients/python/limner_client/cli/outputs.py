"""Where the files that come of photos go, settled and checked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from limner_client.pictures import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def plan_outputs(
    photos: Sequence[Path], out: Path, endings: Sequence[str], keep: Sequence[Path]
) -> list[tuple[Path, ...]]:
    """Return the files to write for each photo; make the folder they go to.

    Args:
        photos: What is edited, in order.
        out: One file if it ends like a picture and is no folder; else a folder.
        endings: What follows a photo's stem in a folder, one for each file; the first is also
            what goes to a single file.
        keep: Files besides the photos that must not be written over.

    Raises:
        click.UsageError: Several photos for one file, a file to be overwritten that is an input,
            or no folder could be made.
    """
    if out.suffix.lower() in SUFFIXES and not out.is_dir():
        if len(photos) > 1:
            raise click.UsageError(f"{len(photos)} photos do not fit in {out}: name a folder")
        planned: list[tuple[Path, ...]] = [(out,)]
        folder = out.parent
    else:
        planned = [tuple(out / f"{stem}{end}" for end in endings) for stem in _stems(photos)]
        folder = out
    refuse_overwriting(planned, [*photos, *keep])
    make_folder(folder)
    return planned


def make_folder(folder: Path) -> None:
    """Make a folder to write to, unless it is there.

    Raises:
        click.UsageError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"cannot make the folder {folder}: {error.strerror}") from error


def with_plane(
    planned: list[tuple[Path, ...]], plane: Path | None, name: str, inputs: Sequence[Path]
) -> list[tuple[Path, ...]]:
    """Return what is planned for one photo, and the file its plane is to go to, if one is named.

    Args:
        planned: As `plan_outputs` returned it.
        plane: The file; None for none.
        name: What the plane is, such as mask; its option is `--mask-out`.
        inputs: What must not be written over.

    Raises:
        click.UsageError: A folder gets the plane already, it is no PNG, or an input.
    """
    if plane is None:
        return planned
    if len(planned[0]) > 1:
        folder = planned[0][0].parent
        raise click.UsageError(
            f"the folder {folder} gets the {name} already: leave out --{name}-out"
        )
    if plane.suffix.lower() != ".png":
        raise click.UsageError(f"{plane} is to be a PNG: end it in .png")
    refuse_overwriting([(plane,)], inputs)
    return [(*planned[0], plane)]


def _stems(photos: Sequence[Path]) -> list[str]:
    """Return each photo's stem, numbered from the second of a kind on; case makes no difference."""
    stems: list[str] = []
    taken: set[str] = set()
    for photo in photos:
        stem, count = photo.stem, 1
        while stem.casefold() in taken:
            count += 1
            stem = f"{photo.stem}-{count}"
        taken.add(stem.casefold())
        stems.append(stem)
    return stems


def refuse_overwriting(planned: Sequence[tuple[Path, ...]], inputs: Sequence[Path]) -> None:
    """Go on only if nothing that is planned to be written is read as well.

    Raises:
        click.UsageError: Something is.
    """
    present = [path for path in inputs if path.exists()]
    for output in (path for paths in planned for path in paths if path.exists()):
        if any(output.samefile(path) for path in present):
            raise click.UsageError(f"{output} is an input and would be overwritten: name another")
