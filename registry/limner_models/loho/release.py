"""The searches' release: a generator of portraits with what else a search needs, in one file."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_models import starters
from limner_models.cards import card
from limner_models.data.drawn import draw_head
from limner_models.loho.answering import Answering
from limner_models.loho.weights import packed
from limner_models.networks.portrait_generator import (
    MAPPING_LAYERS,
    MULTIPLIER,
    SIDE,
    WIDEST,
    WIDTH,
    PortraitGenerator,
)
from limner_models.recipes.hair_segmenter import HAIR_SEGMENTER_RECIPE
from limner_models.recipes.portrait_generator import PORTRAIT_GENERATOR_RECIPE
from limner_registry.contracts import HAIR_OPTIMIZER
from limner_registry.golden import Golden
from limner_registry.release import Release

if TYPE_CHECKING:
    from limner_models.cards import Facts
    from limner_models.recipes.recipe import Arrays

BUILT: Final = {
    "size": SIDE,
    "mapping_layers": MAPPING_LAYERS,
    "channel_multiplier": MULTIPLIER,
    "widest": WIDEST,
    "width": WIDTH,
}
"""How the generator of PortraitGenerator is built."""
TOLERANCE: Final = 0.03
"""Of golden answers: maps change faster than pictures do where another processor rounds."""


def release(weights: Path, facts: Facts, folder: Path = starters.WEIGHTS) -> Release:
    """Return a training of the generator of portraits as a release of the searches.

    Args:
        weights: Of PortraitGenerator.
        facts: What is known of them.
        folder: Where the segmenter's weights are.

    Raises:
        CheckpointDamaged: A file cannot be read, or is of another network.
    """
    network = pack(weights, folder)
    return Release(
        contract=HAIR_OPTIMIZER,
        network=network,
        golden=golden(network),
        scores=facts.scores,
        card=card(PORTRAIT_GENERATOR_RECIPE, facts),
        license=facts.license,
        data_sha256=facts.data_sha256,
        origin=f"limner train {PORTRAIT_GENERATOR_RECIPE.name}, commit {facts.commit}",
    )


def pack(weights: Path, folder: Path = starters.WEIGHTS) -> bytes:
    """Return weights of PortraitGenerator with the segmenter's, as searches take them.

    Raises:
        CheckpointDamaged: A file cannot be read, or is of another network.
    """
    portraits = PortraitGenerator()
    starters.load_weights(portraits, weights)
    segmenter = HAIR_SEGMENTER_RECIPE.network()
    starters.load_weights(segmenter, starters.weights_file(HAIR_SEGMENTER_RECIPE, folder))
    return packed(portraits.generator, BUILT, segmenter, encoder=portraits.encoder)


def golden(network: bytes) -> Golden:
    """Return what a file of networks begins a search with, as golden answers."""
    with tempfile.TemporaryDirectory(prefix="limner-") as scratch:
        file = Path(scratch, "model.safetensors")
        file.write_bytes(network)
        inputs = _asked()
        (answer,) = Answering(file, "cpu", 1).answers(inputs, lambda: None)
    return Golden(inputs, answer, TOLERANCE)


def _asked() -> Arrays:
    """Return a search of no steps, of three drawn heads."""
    heads = [draw_head(SIDE, scale) for scale in (1.6, 1.5, 1.4)]
    maps = np.zeros((1, 3, SIDE, SIDE, 2), np.uint8)
    maps[:, :, : SIDE // 3, :, 0] = maps[:, :, SIDE // 3 :, :, 1] = 255
    return {
        "photos": np.stack(heads)[None],
        "maps": maps,
        "steps": np.zeros((1, 2), np.int16),
        "seed": np.zeros((1, 4), np.uint8),
    }
