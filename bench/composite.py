"""Measures Composite: what one network computes and takes, and how near it comes to the truth.

The peers are the conventional chain, one trained network for each of its four steps, and two
classical ways. All get the same pairs at the same size.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import composite_peers as classical
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from skimage import data
from stack import STATE, interval, limner, served
from torch import nn

from limner_client import LimnerClient, Output
from limner_client.requests import ComposerName
from limner_models.multiplications import multiplications
from limner_models.recipes import RECIPES
from limner_models.recipes.composite_scores import (
    SIZE,
    composed,
    conventional,
    held_out_pairs,
    measured,
    pasted_as_it_is,
)
from limner_models.recipes.recipe import Material
from limner_models.starters import load_weights, weights_file
from limner_models.studio.backgrounds import debian_photos

ROUNDS = 40
RAW = Output("raw_rgb8")
ENGINES: dict[ComposerName, tuple[str, ...]] = {
    "network": ("composer",),
    "conventional": ("face_extractor", "color_corrector", "background_blender"),
}
"""And their networks."""

Photo = np.ndarray[Any, np.dtype[np.uint8]]

screen = Console(width=120)


def tables() -> Iterator[Table]:
    """Yield every table of Composite's."""
    yield computed()
    with served() as (client, _):
        yield taken(client)
    yield quality()


def computed() -> Table:
    """Return how many multiply-accumulates either takes for a pair of crops."""
    photo = torch.zeros(1, SIZE, SIZE, 3, dtype=torch.uint8)
    share = photo[..., 0]
    composer, extractor, corrector, blender = (
        network(name) for name in itertools.chain.from_iterable(ENGINES.values())
    )
    one = multiplications(composer, photo, photo, share)
    steps = {
        "two faces extracted": multiplications(extractor, torch.cat((photo, photo))),
        "colors corrected": multiplications(corrector, photo, share, photo, share),
        "background blended": multiplications(blender, photo, share, photo, share),
    }
    chain = sum(steps.values())
    table = Table(f"{SIZE} x {SIZE} pixels", "multiply-accumulates", "of the chain's")
    for name, count in {"composer": one, **steps, "chain": chain}.items():
        table.add_row(name, f"{count / 1e9:.2f} G", f"{count / chain:.3f}")
    return table


def taken(client: LimnerClient) -> Table:
    """Return what either engine takes as it is served, the two asked in turn."""
    photo = data.astronaut()
    relit = (photo * np.array([0.85, 0.7, 0.55]) + (30, 15, 5)).astype(np.uint8)
    rows = []
    for _ in track(range(ROUNDS + 3), "engines", console=screen, transient=True):
        seconds = []
        for engine, names in ENGINES.items():
            stages = client.composite(photo, relit, engine=engine, output=RAW).timings.stages
            networks = sum(stage.seconds for stage in stages if stage.name in names)
            rest = sum(stage.seconds for stage in stages if stage.name in ("align", "lay_on"))
            seconds += [networks, networks + rest]
        rows.append(seconds)
    times = np.array(rows[3:])  # the first ones warm up
    table = Table("served, batch 1, warm", "composer ms", "chain ms", "ratio", "95 % of ratio")
    for place, name in enumerate(("networks", "with aligning and laying on")):
        one, chain = times[:, place], times[:, place + 2]
        low, high = interval(one / chain)
        table.add_row(
            name,
            f"{np.median(one) * 1e3:.1f}",
            f"{np.median(chain) * 1e3:.1f}",
            f"{np.median(one / chain):.3f}",
            f"{low:.3f}-{high:.3f}",
        )
    return table


def quality() -> Table:
    """Return how near each way comes to the truth, on heads that no network was trained on."""
    recipe = RECIPES["composer"]
    pairs = list(held_out_pairs(recipe, drawn_material()))
    ways: Mapping[str, Callable[[Mapping[str, Any]], Photo]] = {
        "composer": composed(network("composer")),
        "conventional chain": conventional(*(network(name) for name in ENGINES["conventional"])),
        "matched, seamlessClone": classical.matched_and_cloned,
        "matched, feathered": classical.matched_and_feathered,
        "feathered": classical.feathered,
        "pasted": pasted_as_it_is,
    }
    table = Table(
        f"{len(pairs)} held-out pairs",
        "PSNR in the face, dB",
        "SSIM in the face",
        "skin, CIEDE2000",
        "border, steps of 255",
        "background changed",
    )
    for name, way in track(ways.items(), "quality", console=screen, transient=True):
        found = measured(way, pairs)
        table.add_row(
            name,
            f"{found.psnr:.2f}",
            f"{found.ssim:.4f}",
            f"{found.skin:.2f}",
            f"{found.border:.3f}",
            f"{found.changed:.1%}",
        )
    return table


def network(name: str) -> nn.Module:
    """Return a network with the weights it is served with."""
    recipe = RECIPES[name]
    made = recipe.network()
    load_weights(made, weights_file(recipe))
    return made


def drawn_material() -> Material:
    """Return where the held-out heads lie, drawing those that are missing."""
    drawings = RECIPES["composer"].data
    folder = STATE / "portraits" / str(drawings.size)
    numbers = ("--n", drawings.held_out, "--seed", drawings.first, "--size", drawings.size)
    limner("studio", "draw", "--layers", *numbers, "--out", folder)
    behind = os.environ.get("LIMNER_BACKGROUNDS")
    return Material(folder, Path(behind) if behind else debian_photos())


if __name__ == "__main__":
    for made in tables():
        screen.print(made)
