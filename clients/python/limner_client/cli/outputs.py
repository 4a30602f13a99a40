"""Where the files that come of photos go, settled and checked before any work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from limner_client.pictures import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

UNWRITTEN: Final = (".avif", ".bmp", ".gif", ".heic", ".heif", ".jfif", ".jp2", ".tif", ".tiff")
"""Endings of pictures that are not written; nobody means a folder by them."""


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
        click.UsageError: Several photos for one file, a format that is not written, a file to be
            overwritten that is an input, or no folder could be made.
    """
    if out.suffix.lower() in UNWRITTEN and not out.is_dir():
        known = ", ".join(SUFFIXES)
        raise click.UsageError(
            f"{out.suffix} is not written: end {out} in {known}, or name a folder"
        )
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


def with_beside(
    planned: list[tuple[Path, ...]],
    beside: Path | None,
    name: str,
    inputs: Sequence[Path],
    suffix: str = ".png",
) -> list[tuple[Path, ...]]:
    """Return what is planned for one photo, and the file beside it, if one is named.

    Args:
        planned: As `plan_outputs` returned it.
        beside: The file; None for none. The folder it goes to is made.
        name: What it gets, such as mask; its option is `--mask-out`.
        inputs: What must not be written over.
        suffix: What it has to end in.

    Raises:
        click.UsageError: A folder gets it already, it ends otherwise, is an input, or is the
            photo's own file.
    """
    if beside is None:
        return planned
    (files,) = planned
    if len(files) > 1:
        folder = files[0].parent
        raise click.UsageError(
            f"the folder {folder} gets the {name} already: leave out --{name}-out"
        )
    if beside.suffix.lower() != suffix:
        raise click.UsageError(f"{beside} is to be {suffix[1:].upper()}: end it in {suffix}")
    if beside.resolve() == files[0].resolve():
        raise click.UsageError(f"{beside} gets the photo: name another for --{name}-out")
    refuse_overwriting([(beside,)], inputs)
    make_folder(beside.parent)
    return [(*files, beside)]


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
