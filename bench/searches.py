"""Measures searches for hair: how well its shape is met, with orthogonal gradients and without.

    python bench/searches.py FILE --portraits FOLDER --triples 12 --steps 60 120

FILE holds the weights of a portrait generator, as `limner train portrait_generator` makes them, or
all that a search needs (`model.safetensors` of a version). FOLDER holds layered portraits (`limner
studio draw --layers`), whose masks are exact: of them those that no generator is trained on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table
from safetensors import safe_open

from limner_models.data import portraits, scene
from limner_models.loho.answering import bytes_of
from limner_models.loho.masks import overlap
from limner_models.loho.parsing import resized
from limner_models.loho.release import pack
from limner_models.loho.search import Head, Search, Subjects
from limner_models.loho.settings import Settings
from limner_models.loho.weights import Networks, unpacked
from limner_models.recipes.portrait_generator import PORTRAIT_GENERATOR_RECIPE
from limner_registry.color import linear_to_srgb
from limner_registry.face_template import aligned, five_of_studio, misfit

SIDE = 256
WALL = 0.25
"""Linear light of what is behind the heads."""
LEAST_HAIR = 0.18
"""Share of a portrait that hair covers at least, as LOHO chose its own."""
MOST_MISFIT = 0.2
"""Between the faces of two, of the distance of the eyes."""


def main() -> None:
    """Search for some triples, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--portraits", type=Path, required=True)
    parser.add_argument("--triples", type=int, default=12)
    parser.add_argument("--steps", type=int, nargs=2, default=(60, 120))
    parser.add_argument("--mask", type=float, help="the mask loss's weight; the patent has none")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--pictures", type=Path, help="a folder for what was found")
    given = parser.parse_args()
    torch.set_num_threads(1)
    networks = networks_in(given.file, torch.device(given.device))
    first, second = given.steps
    weights = networks.weights
    if given.mask is not None:
        weights = replace(weights, mask=given.mask)
    settings = Settings(first=first, second=second, weights=weights, least_change=0.0)
    rows = []
    for number, triple in enumerate(islice(triples(given.portraits), given.triples)):
        rows.append(
            [
                searched(networks, triple, replace(settings, orthogonal=kept, seed=number))
                for kept in (False, True)
            ]
        )
        if given.pictures is not None:
            given.pictures.mkdir(parents=True, exist_ok=True)
            shown = [head.picture for head in triple] + [found for *_, found in rows[-1]]
            sheet = np.concatenate([bytes_of(resized(planes, SIDE)) for planes in shown], 1)
            Image.fromarray(sheet).save(given.pictures / f"{number:03d}.png")
    Console().print(table([[row[:-1] for row in pair] for pair in rows]))


def table(rows: list[list[tuple[float, ...]]]) -> Table:
    """Return the medians of some triples, each searched for in both ways."""
    values = np.array(rows)
    shown = Table(
        "gradients", "hair IoU", "by exact mask", "to the look", "to the shape", "s", "cosine"
    )
    for name, ways in zip(("as they are", "orthogonal"), values.transpose(1, 2, 0), strict=True):
        shown.add_row(name, *(f"{np.median(way):.3g}" for way in ways))
    shown.caption = (
        f"Medians of {len(rows)} triples; orthogonal gradients meet the shape better in "
        f"{int((values[:, 1, 1] > values[:, 0, 1]).sum())}"
    )
    return shown


def searched(
    networks: Networks, triple: Subjects, settings: Settings
) -> tuple[float, float, float, float, float, float, torch.Tensor]:
    """Return what a search came to.

    Returns:
        IoU of the hair that the parser sees in the found and in the shape; of the found with the
        shape's exact mask; how far the found's strands are from the look's, and from the shape's
        own; seconds; the mean cosine that was there before; the picture.
    """
    began = time.perf_counter()
    search = Search(networks.tools, triple, settings, networks.start(triple))
    steps = list(search)
    seconds = time.perf_counter() - began
    found = search.drawn()
    hair = networks.tools.parser(found).hair
    exact = (resized(triple.shape.hair, found.shape[-1]) > 0.5).float()
    seen = networks.tools.parser(resized(triple.shape.picture, found.shape[-1])).hair
    angles = [step.cosines[0] for step in steps if step.cosines]
    last = steps[-1].losses
    measured = (overlap(hair, seen), overlap(hair, exact), last["style"], last["shape_style"])
    return *measured, seconds, float(np.mean(angles)), found


def triples(folder: Path) -> Iterator[Subjects]:
    """Yield portraits by three, whose first two look the same way and have hair enough.

    Each pair comes twice, either one's hair for the other.
    """
    kept: list[tuple[Head, NDArray[np.float64]]] = []
    for path in portraits.files(folder, PORTRAIT_GENERATOR_RECIPE.data.measured):
        portrait = portraits.read(path)
        points = five_of_studio(portrait.points)
        head = head_of(portrait, points)
        if float(head.hair.mean()) < LEAST_HAIR:
            continue
        kept.append((head, points))
        if len(kept) == 3:
            (person, one), (shape, other), (look, _) = kept
            if misfit(one, other) <= MOST_MISFIT:
                yield Subjects(person, shape, look)
                yield Subjects(shape, person, look)
                kept = []
            else:
                kept.pop(1)


def head_of(portrait: portraits.Portrait, points: NDArray[np.float64]) -> Head:
    """Return a drawn portrait, aligned, before a plain wall, with its exact masks."""
    border = cv2.BORDER_REPLICATE
    layers = scene.warp(scene.layers_of(portrait), aligned(points, SIDE), SIDE, border)
    light = layers.light + WALL * (1 - layers.coverage[..., None])
    picture = linear_to_srgb(np.clip(light, 0, 1).astype(np.float32))
    planes = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None] * 2 - 1
    masks = (
        torch.from_numpy((share > 0.5).astype(np.float32))[None, None]
        for share in (layers.hair, layers.face)
    )
    return Head(planes.float(), *masks)


def networks_in(file: Path, device: torch.device) -> Networks:
    """Return what a search needs, from a version's file or from a generator's weights."""
    with safe_open(file, "pt") as opened:
        if "limner" in (opened.metadata() or {}):
            return unpacked(file, device)
    with tempfile.TemporaryDirectory() as scratch:
        whole = Path(scratch, "model.safetensors")
        whole.write_bytes(pack(file))
        return unpacked(whole, device)


if __name__ == "__main__":
    main()
