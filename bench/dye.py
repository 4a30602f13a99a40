"""Measures Dye: time beside its networks, a 24 megapixel photo, and colors against the truth."""

from __future__ import annotations

import io
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from rich.table import Table
from skimage import data
from stack import LIMNER

from limner_client import Lab, LimnerClient, Output
from limner_registry.color import ciede2000, srgb_to_lab
from limner_registry.contracts import CONTRACTS
from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging import codec
from limner_server.imaging.color_grid import GridFit
from limner_server.imaging.conversion import Conversion, look_at
from limner_server.imaging.dyeing import Canvas
from limner_server.imaging.foreground import layers_of
from limner_server.imaging.hair_color import find_color
from limner_server.pipelines.dye import LAYER_PIXELS, LOOK_PX

MODELS = {contract.model for contract in CONTRACTS}
ROUNDS = 7
LARGE_PX = 4899
"""Edge of a square photo of 24 megapixels."""
HEADS, FIRST_SEED = 12, 7_700_000
"""Portraits that are drawn in two colors, with seeds that nothing was trained on."""
SURE = 243
"""Alpha from which a pixel is nothing but hair."""

Photo = np.ndarray[Any, np.dtype[np.uint8]]


def tables(client: LimnerClient, pid: int) -> Iterator[Table]:
    """Yield every table of Dye's; `pid` is the server's process."""
    yield beside_the_networks(client)
    yield large_photo(client, pid)
    yield against_the_truth(client)


def beside_the_networks(client: LimnerClient) -> Table:
    """Return what a dye costs over the sum of its networks' times."""
    photo = portrait(1024)
    client.dye(photo, shade="auburn")
    rows = []
    for _ in range(ROUNDS):
        timings = client.dye(photo, shade="auburn").timings
        networks = sum(stage.seconds for stage in timings.stages if stage.name in MODELS)
        rows.append((networks, timings.total_seconds - networks))
    networks, rest = np.median(rows, axis=0)
    table = Table("dye, 1024 x 1024", "networks ms", "all else ms", "ratio")
    table.add_row("", f"{networks * 1e3:.0f}", f"{rest * 1e3:.0f}", f"{rest / networks:.2f}")
    return table


def large_photo(client: LimnerClient, pid: int) -> Table:
    """Return the time of 24 megapixels over that of its JPEG alone, and the server's memory."""
    photo = portrait(LARGE_PX)
    noise = np.random.default_rng(0).integers(-4, 5, photo.shape, np.int8)  # as a sensor's
    photo = np.clip(photo.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    file = codec.encode(photo, "jpeg", codec.DEFAULT_QUALITY)
    rows = []
    for _ in range(3):
        started = time.perf_counter()
        codec.encode(codec.decode(file), "jpeg", codec.DEFAULT_QUALITY)
        decoded = time.perf_counter()
        timings = client.dye(file, shade="auburn").timings
        networks = sum(stage.seconds for stage in timings.stages if stage.name in MODELS)
        rows.append((decoded - started, timings.total_seconds, networks))
    jpeg, dye, networks = np.median(rows, axis=0)
    table = Table("dye, 24 MP", "JPEG s", "dye s", "of it networks s", "ratio", "peak server MB")
    table.add_row(
        "",
        f"{jpeg:.2f}",
        f"{dye:.2f}",
        f"{networks:.2f}",
        f"{dye / jpeg:.2f}",
        f"{peak_megabytes(pid):.0f}",
    )
    return table


def against_the_truth(client: LimnerClient) -> Table:
    """Return how near a dye comes to the same head drawn in the wanted color.

    The baseline is the closed-form recoloring, laid on the same way; both get the true alpha.
    """
    with tempfile.TemporaryDirectory() as folder:
        pairs = list(drawn_pairs(Path(folder)))
    rows, made_by = [], set()
    for pair in pairs:
        reply = client.dye(
            pair.before, color=Lab(*pair.wanted), alpha=pair.alpha, output=Output("raw_rgb8")
        )
        made_by.add(reply.generator)
        results = (pair.before, by_closed_form(pair), np.asarray(reply.image))
        rows.append([pair.off(result) for result in results])
    before, baseline, served = np.mean(rows, axis=0)
    ratios = np.array(rows)[:, 2] / np.array(rows)[:, 1]
    table = Table(
        f"{len(rows)} drawn heads, CIEDE2000 from the truth",
        "undyed",
        "closed form",
        f"served ({', '.join(sorted(made_by))})",
        "served over closed form",
    )
    ratio = f"{np.median(ratios):.2f}, nearer on {np.mean(ratios < 1):.0%}"
    table.add_row("", f"{before:.1f}", f"{baseline:.2f}", f"{served:.2f}", ratio)
    return table


@dataclass(frozen=True)
class Pair:
    """One head, photographed alike in two colors."""

    before: Photo
    after: Photo
    alpha: Photo

    @property
    def wanted(self) -> tuple[float, float, float]:
        return find_color(self.after, self.alpha, HAIR_COLORS).lab

    def off(self, dyed: Photo) -> float:
        """Return the mean difference from the truth where all is hair."""
        hair = self.alpha >= SURE
        return float(ciede2000(srgb_to_lab(dyed[hair]), srgb_to_lab(self.after[hair])).mean())


def drawn_pairs(folder: Path) -> Iterator[Pair]:
    """Draw heads, and yield those that show enough hair."""
    numbers = ("--n", str(HEADS), "--seed", str(FIRST_SEED), "--size", "512")
    subprocess.run([LIMNER, "studio", "draw", *numbers, "--variants", "--out", folder], check=True)
    for seed in range(FIRST_SEED, FIRST_SEED + HEADS):
        names = (f"{seed:06d}.png", f"{seed:06d}_color.png", f"{seed:06d}_alpha.png")
        pictures = [np.asarray(Image.open(folder / name)) for name in names]
        if np.count_nonzero(pictures[2] >= SURE) > 500:
            yield Pair(*(np.ascontiguousarray(picture) for picture in pictures))


def by_closed_form(pair: Pair) -> Photo:
    """Return the head dyed by the closed form alone."""
    found = find_color(pair.before, pair.alpha, HAIR_COLORS).lab
    look = look_at(pair.before, pair.alpha, LOOK_PX)
    made = Conversion(look, found, pair.wanted).unhelped(keep_highlights=True)
    grid = GridFit(look.picture.astype(np.float32) / 255, look.weight).grid(made)
    layers = layers_of(pair.before, pair.alpha, LAYER_PIXELS)
    return Canvas(pair.before, pair.alpha, layers).dyed(grid, look.square, 1.0)


def portrait(edge: int) -> Photo:
    """Return the astronaut at a size."""
    picture = Image.fromarray(data.astronaut()).resize((edge, edge), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def peak_megabytes(pid: int) -> float:
    """Return the most memory that a process ever held."""
    for line in io.StringIO(Path(f"/proc/{pid}/status").read_text()):
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} does not say")
