"""The animalizer: one network for every animal, taught by people and animals drawn side by side."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import ASTRAY, Counterparts
from limner_models.data.drawn import draw_head
from limner_models.data.poses import poses
from limner_models.networks.animalizer import Animalizer
from limner_models.networks.eyes import MobileEye
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.animal_faces import DATA, finished, pairs, weights_of
from limner_models.recipes.animal_generator import ANIMAL_GENERATOR_RECIPE, Generated
from limner_models.recipes.animal_keypoints import ANIMAL_KEYPOINTS_RECIPE
from limner_models.recipes.animal_scores import held_out_scores, scored_animals
from limner_models.recipes.animal_segmenter import ANIMAL_SEGMENTER_RECIPE
from limner_models.recipes.animalizing import (
    ALONE,
    ANCHORS,
    CONTENT,
    EVERY,
    FOCUS,
    JUDGED,
    LIDS,
    OUTLINE,
    PIXELS,
    PLACE,
    POINTS,
    POSES,
    SEEN,
    SLOWER,
    STEPS,
    STYLE,
    Animalizing,
    Lookers,
)
from limner_models.recipes.recipe import Rate, Recipe, composed_portraits
from limner_registry.animals import ANIMALS, onto
from limner_registry.contracts import ANIMALIZER
from limner_registry.face_template import TEMPLATE, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from limner_models.recipes.recipe import Arrays, Material

GENERATED: Final = "generated"
"""Fact of a recipe: the share of steps that learn from generated pairs, in [0, 1]."""

FACE: Final = (
    *((0.320, 0.469), (0.433, 0.469), (0.377, 0.449), (0.377, 0.488)),
    *((0.566, 0.469), (0.679, 0.469), (0.623, 0.449), (0.623, 0.489)),
    *((0.377, 0.469), (0.623, 0.469), (0.438, 0.395), (0.291, 0.407)),
    *((0.561, 0.395), (0.709, 0.408), (0.500, 0.469), (0.501, 0.613)),
    *((0.464, 0.626), (0.538, 0.626), (0.393, 0.725), (0.612, 0.725)),
    *((0.502, 0.701), (0.502, 0.762), (0.502, 0.873)),
)
"""About where the points of TOLD lie in a face aligned to its template, shares of the side."""


def animalizing(recipe: Recipe, material: Material, device: torch.device) -> Animalizing:
    """Return the task, from scratch.

    Raises:
        MaterialMissing: Key points, or for generated pairs generator and segmenter, are not
            trained yet.
        PretrainedMissing: The loss network cannot be had.
    """
    lookers = Lookers(
        MobileEye(state_of(MOBILENET, material.downloads)),
        finished(ANIMAL_KEYPOINTS_RECIPE, material, device),
    )
    known = poses(portraits.files(material.portraits, recipe.data.trained))
    told = {name: torch.from_numpy(array) for name, array in known.items()}
    network, generated = Animalizer(), None
    share = float(recipe.facts[GENERATED])
    if share > 0:
        generator, segmenter = (
            finished(each, material, device)
            for each in (ANIMAL_GENERATOR_RECIPE, ANIMAL_SEGMENTER_RECIPE)
        )
        generated = share, Generated(generator, segmenter, network.shape.side)
    return Animalizing(network, lookers, told, recipe.steps, device, generated)


def taught_by(recipe: Recipe, material: Material) -> tuple[Path, ...]:
    """Return the weights of key points, and for generated pairs of generator and segmenter.

    Raises:
        MaterialMissing: One of them is not trained yet.
    """
    teachers = [ANIMAL_KEYPOINTS_RECIPE]
    if float(recipe.facts[GENERATED]) > 0:
        teachers += [ANIMAL_GENERATOR_RECIPE, ANIMAL_SEGMENTER_RECIPE]
    return tuple(weights_of(each, material) for each in teachers)


def cats(recipe: Recipe, material: Material) -> Counterparts:
    """Return what composes people and cats alone."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Counterparts(files, Backgrounds(material.backgrounds), recipe.batch, ("cat",))


def trained_on(recipe: Recipe, material: Material) -> str:
    """Return for a card how much drawn and generated pairs gave."""
    share = float(recipe.facts[GENERATED])
    source = (
        f"{1 - share:.0%} of the steps learned from exact pairs: people made lively and two "
        "animals each in their place, in the same pose, expression and light"
    )
    if share > 0:
        source += (
            f"; {share:.0%} from pairs of people who do not exist, made by `animal_generator`, "
            "their backgrounds replaced through `animal_segmenter`"
        )
    return f"{composed_portraits(recipe, material)} {source}."


def drawn_people() -> Arrays:
    """Return two heads to become a cat and a bear, as golden inputs."""
    five = TEMPLATE * 256 - 0.5
    told = np.array(FACE) * 256 - 0.5
    heads, points = [], []
    for animal, scale in (("cat", 1.5), ("bear", 1.4)):
        matrix = onto(five, ANIMALS[animal], 256)
        heads.append(draw_head(256, scale))
        points.append((mapped(told, matrix) + 0.5) / 256)
    return {
        "image": np.stack(heads),
        "points": np.array(points, np.float32),
        "animal": np.array([[0], [3]], np.uint8),
        "coat": np.array([[2], [3]], np.uint8),
    }


ANIMALIZER_RECIPE = Recipe(
    name="animalizer",
    contract=ANIMALIZER,
    title="Animalizer: a person's head as a cat's, dog's, fox's or bear's",
    data=DATA,
    steps=4500,
    batch=8,
    rate=Rate(peak=1.5e-3, warmup=200, hold=0.4, last=0.02),
    network=Animalizer,
    task=animalizing,
    sampler=pairs,
    scores=held_out_scores,
    examples=drawn_people,
    average=0.999,
    limits=(
        "It draws one head of each animal, in its coats; whose head it replaces does not show.",
        "Hands and hats before or beside the face stay as they are, or are covered.",
        "Hair beside it stays, too: that is for the server to take away.",
        "Eyes close; lids are a little blurred on the way.",
        "Dark dogs turned far aside and up, and foxes that look down, may be without a nose.",
        "A grin is an open mouth without teeth; a pout and clenched teeth do not come over.",
        "Pose, light, open mouths and shut eyes came over on 13 real people, looked at as each.",
        "A black-and-white dog turned by 40 degrees had hardly a nose; two bears had purple rims.",
        "Behind hands in the hair, and where it lay on a dark shoulder, a light cloud remained.",
        "Fur is softer than the studio's, most of all on light coats and at the rim.",
        "It was taught by drawn heads turned up to 42 degrees; farther ones it draws wrongly.",
    ),
    trained_on=trained_on,
    scored_on=scored_animals,
    teachers=taught_by,
    facts={
        GENERATED: "0",
        "losses": f"{(PIXELS, OUTLINE, STEPS, PLACE, ANCHORS, CONTENT, STYLE, POINTS, JUDGED)}",
        "judge": f"{(ALONE, EVERY, SLOWER, SEEN)}",
        "seen": f"{(FOCUS, LIDS, POSES, ASTRAY)}",
    },
)

ANIMALIZER_GENERATED = replace(
    ANIMALIZER_RECIPE,
    name="animalizer_generated",
    title="Animalizer taught by generated pairs, too, to compare exact ones alone with",
    facts={**ANIMALIZER_RECIPE.facts, GENERATED: "0.25"},
)
"""It needs generator and segmenter; it is published as no starter."""

ANIMALIZER_CAT = replace(
    ANIMALIZER_RECIPE,
    name="animalizer_cat",
    title="Animalizer of cats alone, to compare one network for every animal with",
    sampler=cats,
)
"""It is published as no starter."""
