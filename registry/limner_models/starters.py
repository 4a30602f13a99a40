"""Starter weights: committed with their cards, turned into releases without any training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from limner_models.cards import Facts, card
from limner_models.errors import CheckpointDamaged
from limner_models.export import release_of
from limner_registry.contracts import CONTRACTS, HAIR_OPTIMIZER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from limner_models.recipes.recipe import Recipe
    from limner_registry.release import Release

WEIGHTS = Path(__file__).parent / "weights"
SEARCHED = "portrait_generator"
"""The recipe whose network is searched rather than asked; it is released with what that takes."""


def releases(said: Callable[[str], None], folder: Path = WEIGHTS) -> Iterator[Release]:
    """Give a release for each recipe that has committed weights, exported on the spot.

    Networks that only others are taught by have weights, too, but nothing to serve.

    Args:
        said: Called with one sentence before each long step.
        folder: Where the weights are.

    Raises:
        CheckpointDamaged: Weights and recipe do not fit each other.
        ParityMissed: A network cannot be exported faithfully.
    """
    from limner_models.recipes import RECIPES  # noqa: PLC0415 (recipes commit starters, too)

    for recipe in RECIPES.values():
        if not weights_file(recipe, folder).exists():
            continue
        if recipe.contract in CONTRACTS:
            said(f"exporting {recipe.name}")
            yield release(recipe, folder)
        elif recipe.name == SEARCHED:
            from limner_models.loho import release as loho  # noqa: PLC0415 (it takes starters, too)

            said(f"packing {HAIR_OPTIMIZER.model}")
            yield loho.release(weights_file(recipe, folder), read_facts(recipe, folder), folder)


def release(recipe: Recipe, folder: Path = WEIGHTS) -> Release:
    """Return one recipe's committed weights as a release.

    Raises:
        CheckpointDamaged: The files cannot be read or do not fit the recipe.
        ParityMissed: The network cannot be exported faithfully.
    """
    return release_from(recipe, weights_file(recipe, folder), read_facts(recipe, folder))


def release_from(recipe: Recipe, weights: Path, facts: Facts) -> Release:
    """Return a training's outcome as a release, with its golden answers and its card.

    Raises:
        CheckpointDamaged: The weights cannot be read or do not fit the recipe.
        ParityMissed: The network cannot be exported faithfully.
    """
    network = recipe.network()
    load_weights(network, weights)
    said = {
        "card": card(recipe, facts),
        "license": facts.license,
        "data_sha256": facts.data_sha256,
        "origin": f"limner train {recipe.name}, commit {facts.commit}",
    }
    return release_of(network, recipe.contract, recipe.examples(), facts.scores, said)


def commit(recipe: Recipe, weights: Path, facts: Facts, folder: Path = WEIGHTS) -> Path:
    """Write a training's weights as a starter: half precision, its facts beside them.

    Returns:
        The weights' new file.
    """
    small = {
        name: tensor.half() if tensor.is_floating_point() else tensor
        for name, tensor in load_file(weights).items()
    }
    file = weights_file(recipe, folder)
    save_file(small, file)
    file.chmod(0o644)  # it is written for its owner alone
    text = json.dumps(facts.to_json(), indent=2, ensure_ascii=False)
    file.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
    file.with_suffix(".md").write_text(card(recipe, facts), encoding="utf-8")
    return file


def load_weights(network: nn.Module, file: Path) -> None:
    """Bring saved weights into a network, rounded as a starter keeps them, ready to be asked.

    What is measured and exported is thereby what is committed: of half precision, with the norms
    that were learned and not those of a batch.

    Raises:
        CheckpointDamaged: The file cannot be read, or belongs to another network.
    """
    load_state(network, file)
    network.eval()


def load_state(network: nn.Module, file: Path) -> None:
    """Bring saved weights into a network, rounded as a starter keeps them.

    Raises:
        CheckpointDamaged: The file cannot be read, or belongs to another network.
    """
    try:
        state = {
            name: tensor.half().float() if tensor.is_floating_point() else tensor
            for name, tensor in load_file(file).items()
        }
        network.load_state_dict(state)
    except (OSError, SafetensorError, RuntimeError) as error:
        raise CheckpointDamaged(f"{file} does not fit its network: {error}") from error


def read_facts(recipe: Recipe, folder: Path = WEIGHTS) -> Facts:
    """Return what is known about a recipe's committed weights.

    Raises:
        CheckpointDamaged: The file is missing or not what `commit` writes.
    """
    file = weights_file(recipe, folder).with_suffix(".json")
    try:
        return Facts.from_json(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise CheckpointDamaged(f"{file} holds no facts: {error}") from error


def weights_file(recipe: Recipe, folder: Path = WEIGHTS) -> Path:
    """Return where a recipe's committed weights are, or would be."""
    return folder / f"{recipe.name}.safetensors"
