"""`limner studio`: drawing portraits of people who do not exist."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from limner_models.studio.backgrounds import Photos
    from limner_models.studio.store import Beside

MOST = 1_000_000
"""Portraits that one call draws."""

FILES = """\b
Files of portrait NUMBER, whose seed that is:
  NUMBER.png         the photo; NUMBER_b.png the same before another background
  NUMBER_alpha.png   hair, 0 to 255, exact; brows, lashes and beards are not hair
  NUMBER_label.png   classes, by the names that NUMBER.json lists
  NUMBER.json        landmarks, and all parameters that draw it again
  NUMBER_color, NUMBER_style, NUMBER_bald, NUMBER_bg (--variants) and NUMBER_cat, NUMBER_dog,
  NUMBER_fox, NUMBER_bear (--animals): the same four files each
  NUMBER.npz         instead of all these, with --layers; with --animals as well, it holds the
                     person made lively, and two animals aligned as animalizers are taught;
                     with --beneath, the person without a hat, and the same head bald
  sheet.jpg          the first 64 at a glance

\b
--json: {"folder": str, "portraits": int, "first_seed": int, "size": int, "sheet": str | null,
         "photos_sha256": str | null, "dataset_sha256": str}

Exit codes: 0 done, 2 the request is at fault, 1 a portrait could not be drawn, 130 interrupted.
"""


@click.group()
def studio() -> None:
    """Draw synthetic portraits with exact hair, labels and landmarks."""


@studio.command("draw", epilog=FILES)
@click.option("--n", "count", type=click.IntRange(1, MOST), default=8, show_default=True)
@click.option(
    "--size",
    type=click.IntRange(16, 2048),
    default=256,
    show_default=True,
    help="Pixels of each side.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the files; made where missing.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="The first one.")
@click.option("--variants", is_flag=True, help="Also other color, other style, bald, elsewhere.")
@click.option("--animals", is_flag=True, help="Also as cat, dog, fox and bear.")
@click.option("--layers", is_flag=True, help="Layers to train on instead of pictures.")
@click.option("--beneath", is_flag=True, help="With --layers: also what is beneath the hair.")
@click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: os.cpu_count() or 1,
    help="Processes; else one for each processor.",
)
@click.option(
    "--backgrounds",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of photos; else Debian's wallpapers where installed, else drawn ones.",
)
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON, for programs.")
def draw(
    count: int,
    size: int,
    out: Path,
    seed: int,
    workers: int,
    backgrounds: Path | None,
    *,
    as_json: bool,
    **kinds: bool,
) -> None:
    """Draw portraits SEED, SEED + 1 and so on; the same seed gives the same files.

    Photographic backgrounds are chosen by the seed among the photos found, so that the same files
    need the same photos.
    """
    beside = _beside(kinds)
    # --help need not wait for the compiler
    from limner_models.studio.layers import dataset_digest
    from limner_models.studio.workers import DrawingFailed

    try:
        if kinds["layers"]:
            sheet, photos = None, None
            _draw_layers((seed, count, size, out), workers, beside)
        else:
            photos = _photos(backgrounds)
            sheet = _draw_pictures((seed, count, size, out), workers, photos, kinds)
    except DrawingFailed as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.UsageError(f"{error.filename or out}: {error.strerror}") from error
    if as_json:
        answer = {
            "folder": str(out),
            "portraits": count,
            "first_seed": seed,
            "size": size,
            "sheet": str(sheet) if sheet else None,
            "photos_sha256": photos.digest() if photos else None,
            "dataset_sha256": dataset_digest(seed, count, size, (beside,) if beside else ()),
        }
        click.echo(json.dumps(answer, indent=2))
    else:
        Console().print(f"{count} portraits in {out}" + (f", at a glance {sheet}" if sheet else ""))


def _beside(kinds: dict[str, bool]) -> Beside | None:
    """Return what layers hold beside the portrait.

    Raises:
        UsageError: Layers do not hold what was asked for, or were not asked for.
    """
    if kinds["layers"] and kinds["variants"]:
        raise click.UsageError("--layers holds no variants")
    if kinds["beneath"] and (kinds["animals"] or not kinds["layers"]):
        raise click.UsageError("--beneath takes --layers, and no --animals")
    if kinds["layers"] and kinds["animals"]:
        return "animals"
    return "beneath" if kinds["beneath"] else None


def _photos(folder: Path | None) -> Photos | None:
    """List the folder of backgrounds that was named, or that is installed."""
    from limner_models.studio.backgrounds import Photos, debian_photos

    folder = folder or debian_photos()
    photos = Photos.listed(folder) if folder else None
    return photos if photos and photos.names else None


def _draw_layers(what: tuple[int, int, int, Path], workers: int, beside: Beside | None) -> None:
    from limner_models.studio.store import draw_many

    with _progress(what[1]) as done:
        draw_many(*what, workers, progress=done, beside=beside)


def _draw_pictures(
    what: tuple[int, int, int, Path], workers: int, photos: Photos | None, kinds: dict[str, bool]
) -> Path:
    """Draw the pictures; return the sheet that shows the first of them."""
    from limner_models.studio.sheet import contact_sheet
    from limner_models.studio.store import Pictures, draw_pictures

    seed, count, size, out = what
    order = Pictures(size, out, photos, kinds["variants"], kinds["animals"])
    seeds = range(seed, seed + count)
    with _progress(count) as done:
        draw_pictures(order, seeds, workers, done)
    sheet = out / "sheet.jpg"
    contact_sheet([order.photos_of(number) for number in seeds[:64]], sheet)
    return sheet


@contextmanager
def _progress(count: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal; the function given moves it on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as bar:
        task = bar.add_task("drawing", total=count)
        yield lambda _: bar.advance(task)
