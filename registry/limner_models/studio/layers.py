"""Portraits as training reads them: foreground, coverage, hair and labels, without a background."""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from limner_models.studio.portrait import landmarks_of, sit, to_bytes
from limner_models.studio.sampling import sample
from limner_models.studio.variants import as_animal, bald, bareheaded, in_class

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from limner_models.studio.arrays import Array
    from limner_models.studio.exposure import Exposure

HERE = Path(__file__).parent


def layer_file(folder: Path, seed: int) -> Path:
    """Return where the layers of a seed lie."""
    return folder / f"{seed:06d}.npz"


def draw_layers(
    seed: int,
    size: int,
    folder: Path,
    shades: Sequence[str] = (),
    species: str = "human",
    *,
    beneath: bool = False,
) -> None:
    """Write one portrait's layers; the file appears under its name only once it is whole.

    The file holds, for n = size: foreground float16 (n, n, 3) in linear light, premultiplied, in
    [0, 6]; coverage, hair uint8 (n, n); labels uint8 (n, n); landmarks float32 (44, 2) pixels, in
    the order of LANDMARKS, NaN where an animal has none; params, a JSON string; and for each
    shade foreground_SHADE, with `recolored`, a JSON object of the hair in each.

    Args:
        seed: Which portrait.
        size: Pixels of its side.
        folder: An existing folder.
        shades: Classes of color to draw the same head in, such as blond.
        species: human, cat, dog, fox or bear.
        beneath: Whether a person is drawn without a hat, and as `beneath_hair` has it beside.
    """
    params = sample(seed)
    if beneath:
        params = bareheaded(params)
    if species != "human":
        params = as_animal(params, species)
    exposure = sit(params, size)
    foreground, coverage, hair, labels = exposure.layers()
    arrays: dict[str, Array] = {
        "foreground": foreground.astype(np.float16),
        "coverage": to_bytes(coverage),
        "hair": to_bytes(hair),
        "labels": labels,
        "landmarks": landmarks_of(exposure),
        "params": np.array(json.dumps(params.to_json())),
    }
    if beneath:
        arrays |= beneath_hair(exposure)
    dyed = {}
    for shade in shades:
        hair_in_shade = in_class(params, shade)
        dyed[shade] = {"shade": hair_in_shade.shade, "albedo": hair_in_shade.albedo}
        light = exposure.recolored(hair_in_shade).layers()[0]
        arrays[f"foreground_{shade}"] = light.astype(np.float16)
    if shades:
        arrays["recolored"] = np.array(json.dumps(dyed))
    save_layers(layer_file(folder, seed), arrays)


def beneath_hair(exposure: Exposure) -> dict[str, Array]:
    """Return the layers of the same head bald, in the same light and as exposed as it was.

    Returns:
        bald_foreground, bald_coverage and bald_labels, each as the portrait's own is.
    """
    without = sit(bald(exposure.params), exposure.size)
    foreground, coverage, _, labels = without.layers(exposure.gain)
    return {
        "bald_foreground": foreground.astype(np.float16),
        "bald_coverage": to_bytes(coverage),
        "bald_labels": labels,
    }


def save_layers(file: Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays under a file's name only once they are all there."""
    unfinished = file.with_name(f".{file.name}.part")
    with unfinished.open("wb") as out:
        np.savez(out, **arrays)
    unfinished.rename(file)


@functools.cache
def studio_version() -> str:
    """Return a sha256 over the studio's sources and assets: what pictures depend on."""
    digest = hashlib.sha256()
    for file in sorted([*HERE.rglob("*.py"), HERE / "assets.npz"]):
        digest.update(file.relative_to(HERE).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def dataset_digest(first_seed: int, count: int, size: int, shades: Sequence[str] = ()) -> str:
    """Return a sha256 of a set of layers by what makes it: seeds, size, shades and the studio.

    Two machines' pictures of one digest may differ in last bits, as their processors round.
    """
    what = struct.pack("<QQQ", first_seed, count, size) + ",".join(shades).encode()
    return hashlib.sha256(what + studio_version().encode()).hexdigest()
