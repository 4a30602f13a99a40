"""Many portraits on disk: layers to train on, or pictures to look at."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from limner_models.studio import variants
from limner_models.studio.counterparts import draw_counterparts
from limner_models.studio.layers import draw_layers, layer_file
from limner_models.studio.palette import shades_of
from limner_models.studio.portrait import LARGEST, SMALLEST, draw, finish, save_png, sit
from limner_models.studio.sampling import sample
from limner_models.studio.workers import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from limner_models.studio.backgrounds import Photos
    from limner_models.studio.params import Params

Beside = Literal["animals", "beneath"]


def _nothing(_seed: int) -> None:
    return None


def draw_many(
    first_seed: int,
    count: int,
    size: int,
    folder: Path,
    workers: int = 1,
    shades: Sequence[str] = (),
    progress: Callable[[int], None] = _nothing,
    *,
    beside: Beside | None = None,
) -> list[Path]:
    """Write the layers of portraits first_seed to first_seed + count - 1 that are not there yet.

    Args:
        first_seed: At least 0.
        count: How many.
        size: Pixels of their sides, in [16, 2048].
        folder: Made where missing; files are named by their seeds.
        workers: Processes.
        shades: Classes of color to draw each head in as well; see `draw_layers`.
        progress: Called with each seed as its file is there, at once for those found.
        beside: What each portrait's file holds as well: `animals`, see `draw_counterparts`, or
            `beneath`, the same head bald, see `draw_layers`.

    Returns:
        All files, in the order of their seeds.

    Raises:
        ValueError: The size, the seed or a shade is not one of the studio's.
        DrawingFailed: A portrait could not be drawn.
    """
    _check(first_seed, size)
    for shade in shades:
        shades_of(shade)
    folder.mkdir(parents=True, exist_ok=True)
    seeds = range(first_seed, first_seed + count)
    missing = []
    for seed in seeds:
        if layer_file(folder, seed).exists():
            progress(seed)
        else:
            missing.append(seed)
    job: Callable[[int], None]
    if beside == "animals":
        job = functools.partial(draw_counterparts, size=size, folder=folder)
    else:
        beneath = beside == "beneath"
        job = functools.partial(
            draw_layers, size=size, folder=folder, shades=tuple(shades), beneath=beneath
        )
    run(job, missing, workers, progress)
    return [layer_file(folder, seed) for seed in seeds]


def _check(first_seed: int, size: int) -> None:
    if first_seed < 0:
        raise ValueError(f"seed {first_seed} is negative")
    if not SMALLEST <= size <= LARGEST:
        raise ValueError(f"size {size} is not in [{SMALLEST}, {LARGEST}]")


@dataclass(frozen=True)
class Pictures:
    """How portraits are drawn to be looked at."""

    size: int
    folder: Path
    photos: Photos | None = None
    """Where photographic backgrounds come from; None draws all of them."""
    variants: bool = False
    """Also with another color, another style, bald and elsewhere."""
    animals: bool = False
    """Also as every animal."""

    def stem(self, number: int) -> Path:
        """Return the path of a portrait's files without their endings."""
        return self.folder / f"{number:06d}"

    def photos_of(self, number: int) -> list[Path]:
        """Return the photos that a portrait's drawing writes, the portrait itself first."""
        names = [""]
        names += ["_color", "_style", "_bald", "_bg"] if self.variants else []
        names += [f"_{species}" for species in variants.SPECIES] if self.animals else []
        return [self.folder / f"{number:06d}{name}.png" for name in names]


def draw_pictures(
    order: Pictures,
    seeds: Sequence[int],
    workers: int = 1,
    progress: Callable[[int], None] = _nothing,
) -> None:
    """Write portraits as PNG and JSON: NUMBER.png, NUMBER_b.png, NUMBER_alpha.png and so on.

    Raises:
        ValueError: The size or a seed is out of range.
        DrawingFailed: A portrait could not be drawn.
    """
    for seed in seeds:
        _check(seed, order.size)
    order.folder.mkdir(parents=True, exist_ok=True)
    run(functools.partial(_draw_pictures, order), seeds, workers, progress)


def _draw_pictures(order: Pictures, seed: int) -> None:
    """Write one portrait and what was ordered beside it."""
    photos = order.photos

    def placed(params: Params) -> Params:
        return photos.assign(params) if photos else params

    folder = photos.folder if photos else None
    params, stem = placed(sample(seed)), order.stem(seed)
    exposure = sit(params, order.size)
    finish(exposure, folder).save(stem)
    again = finish(exposure, folder, placed(variants.another_shot(params)))
    save_png(again.photo, stem.with_name(f"{stem.name}_b.png"))

    def beside(name: str) -> Path:
        return stem.with_name(f"{stem.name}_{name}")

    if order.variants:
        dyed = exposure.recolored(variants.other_color(params).hair)
        finish(dyed, folder).save(beside("color"))
        draw(variants.other_style(params), order.size, folder).save(beside("style"))
        draw(variants.bald(params), order.size, folder).save(beside("bald"))
        moved = placed(variants.elsewhere(params))
        finish(replace(exposure, params=moved), folder).save(beside("bg"))
    if order.animals:
        for species in variants.SPECIES:
            draw(variants.as_animal(params, species), order.size, folder).save(beside(species))
