"""Measures Stylize: a large photo, seams, and how it does beside other ways to draw."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import peers
import psutil
from contenders import encoded
from photos import Photo, enlarged, held_out
from rich.console import Console
from rich.progress import track
from rich.table import Table
from stack import served

from limner_client import LimnerClient, Output, Progress
from limner_registry.styles import STYLES

LARGE = (6000, 4000)
"""Width and height of a photo of 24 megapixels."""
RAW = Output("raw_rgb8")
PLAIN = 500
"""Edge of a tile of the plain grid."""
POLL_SECONDS = 0.01

screen = Console(width=120)


def tables() -> Iterator[Table]:
    """Yield every table of Stylize's, on a stack of its own."""
    with served() as (client, pid):
        pictures = list(held_out())
        client.stylize(pictures[0], style=STYLES[0].name)
        yield large_photo(client, pid)
        yield tile_sizes(client, pictures)
        yield seams(client, pictures)
        yield from peers.tables(client, pictures)


def drawn(client: LimnerClient, photo: Photo | bytes, **how: Any) -> Photo:
    """Return a photo drawn by the server, to the last bit."""
    told: dict[str, Any] = {"style": STYLES[0].name, "output": RAW} | how
    result = client.stylize(photo, **told)
    return np.asarray(result.image)


def large_photo(client: LimnerClient, pid: int) -> Table:
    """Return what 24 megapixels take: time, the first word, and memory on top of what was held."""
    file = encoded(enlarged(*LARGE))
    rows = []
    for _ in range(3):
        heard = Heard()
        with growth(pid) as grown:
            result = client.stylize(file, style=STYLES[0].name, on_progress=heard.note)
            seconds = time.perf_counter() - heard.started
        network = sum(stage.seconds for stage in result.timings.stages if stage.name == "stylizer")
        silence = max(np.diff(heard.times))
        rows.append((seconds, network, heard.times[0], heard.preview, silence, grown[0] / 2**20))
    seconds, network, first, preview, silence, _ = np.median(rows, axis=0)
    table = Table("24 MP, JPEG to JPEG", "", title_justify="left")
    table.add_row("whole", f"{seconds:.2f} s")
    table.add_row("networks, summed; two tiles are drawn at once", f"{network:.2f} s")
    table.add_row("first progress", f"{1e3 * first:.0f} ms")
    table.add_row("preview", f"{1e3 * preview:.0f} ms")
    table.add_row("longest silence", f"{1e3 * silence:.0f} ms")
    grown_mb = [row[-1] for row in rows]
    table.add_row("growth of server and Triton, first", f"{grown_mb[0]:.0f} MB RSS")
    table.add_row("growth of server and Triton, most", f"{max(grown_mb):.0f} MB RSS")
    return table


@dataclass
class Heard:
    """When progress was heard of, in seconds."""

    started: float = field(default_factory=time.perf_counter)
    times: list[float] = field(default_factory=list)
    preview: float = float("nan")

    def note(self, progress: Progress) -> None:
        """Take one word of progress."""
        self.times.append(time.perf_counter() - self.started)
        if progress.preview is not None:
            self.preview = self.times[-1]


@contextmanager
def growth(pid: int) -> Iterator[list[int]]:
    """Note by how many bytes the memory of the server, Triton and all runners grows meanwhile."""
    server = psutil.Process(pid)
    processes = [server, *server.children(recursive=True)]

    def held() -> int:
        return sum(process.memory_info().rss for process in processes)

    before, grown, over = held(), [0], threading.Event()

    def watch() -> None:
        while not over.wait(POLL_SECONDS):
            grown[0] = max(grown[0], held() - before)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield grown
    finally:
        over.set()
        watching.join()


def tile_sizes(client: LimnerClient, photos: list[Photo]) -> Table:
    """Return by how much pictures of small tiles and of large ones differ, at most."""
    table = Table(
        "tiles of 256 px and of 1024", "pictures", "most any value differs", "values that do"
    )
    cases: list[tuple[Photo | bytes, dict[str, Any]]] = [
        (photo, {"style": style.name}) for photo in photos for style in STYLES
    ]
    cases.append((encoded(enlarged(3000, 2000)), {"style": STYLES[0].name, "line_width": 0.5}))
    most, differing, values = 0, 0, 0
    for photo, how in track(cases, "tile sizes", console=screen, transient=True):
        small, large = (drawn(client, photo, tile_px=edge, **how) for edge in (256, 1024))
        gap = np.abs(small.astype(np.int16) - large)
        most, differing = max(most, int(gap.max())), differing + np.count_nonzero(gap)
        values += gap.size
    table.add_row("", f"{len(cases)}", f"{most}", f"{differing / values:.1e}")
    return table


def seams(client: LimnerClient, photos: list[Photo]) -> Table:
    """Return how much more neighbors differ across tiles' borders than elsewhere, by tiling.

    Pictures have edges there by chance, too: the same places are also measured in a picture that
    was drawn as one tile, and the ratio of both says what the tiling does.
    """
    ways: dict[str, tuple[int, dict[str, Any]]] = {
        "overlapping, 256 px": (256, {"tile_px": 256}),
        "overlapping, 512 px": (512, {"tile_px": 512}),
        "plain grid, 500 px, as the patent": (PLAIN, {"tiling": "plain_grid"}),
    }
    table = Table("seam score", "across tiles", "the same places in one tile", "ratio")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for photo in track(photos, "seams", console=screen, transient=True):
        for style in STYLES:
            whole = drawn(client, photo, style=style.name, tile_px=1024)
            for name, (edge, how) in ways.items():
                if max(photo.shape) <= edge:
                    continue  # one tile
                made = drawn(client, photo, style=style.name, **how)
                found[name].append((seam(made, edge), seam(whole, edge)))
    for name, pairs in found.items():
        tiled, alone = np.mean(pairs, axis=0)
        table.add_row(name, f"{tiled:.3f}", f"{alone:.3f}", f"{tiled / alone:.3f}")
    return table


def seam(picture: Photo, edge: int) -> float:
    """Return the mean difference of neighbors across tiles' borders over that of all others."""
    across, elsewhere = [], []
    for axis in (0, 1):
        steps = np.abs(np.diff(picture.astype(np.int16), axis=axis)).mean(2)
        steps = np.moveaxis(steps, axis, 0)
        borders = np.zeros(len(steps), bool)
        borders[edge - 1 :: edge] = True
        across.append(steps[borders].ravel())
        elsewhere.append(steps[~borders].ravel())
    return float(np.concatenate(across).mean() / np.concatenate(elsewhere).mean())


if __name__ == "__main__":
    for made in tables():
        screen.print(made)
