"""A person and two animals in its place, each drawn large, aligned to where animalizers see it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_models.studio.animals import build_animal
from limner_models.studio.assets import CENTER, EYE
from limner_models.studio.exposure import expose, oversampling
from limner_models.studio.layers import layer_file, save_layers
from limner_models.studio.portrait import landmarks_of, to_bytes
from limner_models.studio.sampling import sample
from limner_models.studio.scene import build
from limner_models.studio.variants import as_animal, lively
from limner_registry.animals import ANIMALS, onto
from limner_registry.face_template import TEMPLATE, five_of_studio, similarity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_models.studio.arrays import F32, F64, Array
    from limner_models.studio.exposure import Crop, Exposure
    from limner_models.studio.params import Params

KINDS: Final = tuple(
    (animal, ANIMALS[animal].coats[place])
    for place in range(max(len(animal.coats) for animal in ANIMALS.values()))
    for animal in ANIMALS
    if place < len(ANIMALS[animal].coats)
)
"""Every animal in every coat; neighbors differ in the animal where they can."""
EACH: Final = 2
"""Animals drawn beside a person."""

PERSON: Final = 0.75
"""Side of the person's picture, in sides of the animals'."""
ROOM: Final = 1.65
"""Side of the person's picture, in sides of a face aligned to its template."""
EXEMPLAR: Final = 4
"""The seed of the one head and fur that each animal always has."""
REST: Final = 4
"""Pixels of an animal's side to one of the map of where on its head they lie."""


def kinds_of(seed: int) -> tuple[tuple[str, str], ...]:
    """Return the animals and coats drawn beside a person; over ten seeds, all of them."""
    return tuple(KINDS[(EACH * seed + k) % len(KINDS)] for k in range(EACH))


def draw_counterparts(seed: int, size: int, folder: Path) -> None:
    """Write one person and its animals; the file appears under its name only once it is whole.

    The file holds, for n = size and m = n * PERSON: person_light float16 (m, m, 3) in linear
    light, premultiplied, in [0, 6]; person_coverage uint8 (m, m); person_points float32 (44, 2),
    indices of its pixels, in the order of LANDMARKS; for k = 0, 1 the same of an animal, light_k
    (n, n, 3), coverage_k, points_k (NaN where an animal has no such landmark), and rest_k float16
    (n/4, n/4, 3), where on the head at rest a pixel lies, NaN where on none; animals, a JSON list
    of pairs of animal and coat; params, a JSON string.

    Animals lie as `limner_registry.animals.onto` brings their own points, the person as
    `aligned` does, with ROOM. All are lit and exposed as the person is.

    Args:
        seed: Which portrait; it is made lively.
        size: Pixels a side of an animal.
        folder: An existing folder.
    """
    params = lively(sample(seed))
    side = round(size * PERSON)
    person = expose(params, side, build(params, side), _person_crop(side))
    arrays = {f"person_{name}": array for name, array in _layers(person, person.gain).items()}
    for k, (animal, coat) in enumerate(kinds_of(seed)):
        drawn = _animal(params, animal, coat, size)
        layers = _layers(drawn, person.gain) | {"rest": _rest(drawn)}
        arrays |= {f"{name}_{k}": array for name, array in layers.items()}
    arrays["animals"] = np.array(json.dumps(kinds_of(seed)))
    arrays["params"] = np.array(json.dumps(params.to_json()))
    save_layers(layer_file(folder, seed), arrays)


def _person_crop(side: int) -> Crop:
    def crop(points: Mapping[str, tuple[float, float]]) -> F64:
        inner = side / ROOM
        matrix = similarity(five_of_studio(points), TEMPLATE * inner - 0.5)
        matrix[:, 2] += (side - inner) / 2
        return matrix

    return crop


def _animal(params: Params, animal: str, coat: str, size: int) -> Exposure:
    """Return an animal in a person's place: always the same one, whoever that is."""
    own = replace(params.face, identity=EXEMPLAR, detail=1.0)
    hair = replace(params.hair, seed=EXEMPLAR)
    posed = replace(as_animal(params, animal), face=own, hair=hair)

    def crop(points: Mapping[str, tuple[float, float]]) -> F64:
        # a long muzzle would pull the whole head aside when it turns
        flat = {**points, "nose_tip": points["nose_mid"]}
        return onto(five_of_studio(flat), ANIMALS[animal], size, head=1)

    return expose(posed, size, build_animal(posed, size, coat), crop)


def _layers(exposure: Exposure, gain: float) -> dict[str, Array]:
    light, coverage, _, _ = exposure.layers()
    return {
        "light": np.clip(light * (gain / exposure.gain), 0, 6).astype(np.float16),
        "coverage": to_bytes(coverage),
        # a point's distance from the edge is half a pixel more than its index
        "points": landmarks_of(exposure) - np.float32(0.5),
    }


def _rest(exposure: Exposure) -> Array:
    """Return where on the head at rest pixels lie, from the middle of its skull."""
    step = oversampling(exposure.size) * REST
    middle = slice(step // 2, None, step)
    canvas, piece = exposure.visible.canvas, exposure.scene.surface
    triangle, weights = canvas.triangle[middle, middle], canvas.weights[middle, middle]
    shares = np.concatenate([weights, 1 - weights.sum(-1, keepdims=True)], -1)
    corners: F32 = piece.rest[piece.triangles[triangle]]
    rest = (corners * shares[..., None]).sum(-2) - CENTER
    rest[(triangle < 0) | (piece.materials[triangle] == EYE)] = np.nan
    seen: Array = rest.astype(np.float16)
    return seen
