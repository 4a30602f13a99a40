"""Imported generators of portraits as releases of the searches, which draw with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from limner_models import starters
from limner_models.errors import WeightsRefused
from limner_models.importers import imported
from limner_models.loho.release import golden
from limner_models.loho.weights import packed
from limner_models.recipes.hair_segmenter import HAIR_SEGMENTER_RECIPE
from limner_registry.contracts import HAIR_OPTIMIZER
from limner_registry.release import Release

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from limner_models.importers.imported import Manifest


def release(file: Path, folder: Path = starters.WEIGHTS) -> Release:
    """Return an imported StyleGAN2 as a release of the searches.

    Our hair segmenter parses what it draws. Searches begin with its mean style, as no encoder was
    trained beside it.

    Args:
        file: Where `imported.save` wrote it.
        folder: Where the segmenter's weights are.

    Raises:
        WeightsRefused: The files are damaged, hold no generator, or one that half precision
            cannot hold.
        CheckpointDamaged: The segmenter's weights cannot be read.
    """
    network, manifest = imported.load(file)
    if manifest.arch != "stylegan2":
        raise WeightsRefused(f"{file} holds no generator of portraits, but {manifest.arch}")
    weights = pack(network, manifest, folder)
    license_ = starters.read_facts(HAIR_SEGMENTER_RECIPE, folder).license
    return Release(
        contract=HAIR_OPTIMIZER,
        network=weights,
        golden=golden(weights),
        scores={},
        card=card(manifest),
        license=" AND ".join(dict.fromkeys((manifest.license, license_))),
        data_sha256=manifest.source_sha256,
        origin=f"limner models import stylegan2, {file.name}",
    )


def pack(network: nn.Module, manifest: Manifest, folder: Path = starters.WEIGHTS) -> bytes:
    """Return a generator with our segmenter, as searches take them.

    Raises:
        WeightsRefused: Half precision cannot hold its weights.
        CheckpointDamaged: The segmenter's weights cannot be read.
    """
    for name, tensor in network.state_dict().items():
        if not tensor.half().isfinite().all():
            raise WeightsRefused(f"{name} is too large for half precision, in which searches read")
    segmenter = HAIR_SEGMENTER_RECIPE.network()
    starters.load_weights(segmenter, starters.weights_file(HAIR_SEGMENTER_RECIPE, folder))
    built = {name: value for name, value in manifest.arch_args.items() if value is not None}
    return packed(network, built, segmenter)


def card(manifest: Manifest) -> str:
    """Return an imported generator's model card, Markdown."""
    side = manifest.arch_args["size"]
    return f"""# Imported generator of portraits: a StyleGAN2 that searches draw with

Answers `{HAIR_OPTIMIZER.id}`. Brought in by `limner models import stylegan2`.

## Trained on

Only who trained it knows. It draws {side} pixels a side, and came in a file.

- Digest of the file: `{manifest.source_sha256}`
- License of the generator: {manifest.license}

What it draws is parsed by our hair segmenter, of which a copy is in this version.

## Scores

It was not measured.

## What it cannot do

- It has no encoder: searches begin with its mean style, and take more steps than with one.
- Heads are shown to it as FFHQ aligns them; one that draws them otherwise finds no likeness.

It is no means to identify, rate or judge a person.
"""
