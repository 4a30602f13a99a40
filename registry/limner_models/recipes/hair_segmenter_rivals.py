"""The two encoders the hair segmenter was compared with, under the same budget.

Both are the Tiramisu's own way down: one starts from nothing, the other also learns from the
published network, which has seen what ImageNet's photos look like. `limner train` can make both;
neither is published as a starter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import nn

from limner_models import starters
from limner_models.networks.hair_segmenter import HairSegmenter
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.tiramisu import DenseEncoder
from limner_models.recipes.hair_segmenter import (
    EDGE,
    HAIR_SEGMENTER_RECIPE,
    MISSED,
    Segmenting,
    mobile,
    segmenting_losses,
)
from limner_models.train import precision

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

    from limner_models.recipes.recipe import Material, Recipe

BELIEVED = 0.5
"""The teacher's share in what the student is held to; the rest is the truth."""
HINTED = (2, 3, 4)
"""Which of the encoder's features the student is to make like the teacher's: strides 8 to 32."""
HINT = 0.3
"""Weight of the features' difference."""


class Distilling(Segmenting):
    """Trains the dense network on truth and teacher alike, and its features on the teacher's.

    Source: Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015. Theirs first fits the
        hints, then the answers; ours both at once.
    """

    def __init__(
        self, network: HairSegmenter, teacher: HairSegmenter, device: torch.device
    ) -> None:
        """Take the student and a teacher that is trained already."""
        super().__init__(network, device)
        self._teacher = teacher.to(device, memory_format=torch.channels_last).eval()
        widths = zip(DenseEncoder().channels, MobileNetEncoder.channels, strict=True)
        pairs = [pair for index, pair in enumerate(widths) if index in HINTED]
        self._likening = nn.ModuleList(nn.Conv2d(*pair, 1) for pair in pairs).to(device)
        self.modules["likening"] = self._likening
        self.optimizers["likening"] = torch.optim.AdamW(self._likening.parameters())

    def step(self, batch: Mapping[str, Tensor], step: int) -> Mapping[str, float]:
        """Take one step towards what is true and what the teacher thinks."""
        shares = batch["classes"].float() / 255
        with precision(self.device):
            maps, taps = self.network.features(batch["image"])
            logits = self.network.decoder(maps, taps)
            with torch.no_grad():
                seen, taught = self._teacher.features(batch["image"])
                thought = torch.softmax(self._teacher.decoder(seen, taught).float(), 1)
            hints = self._hints([taps[index] for index in HINTED], taught)
        losses = segmenting_losses(logits, (1 - BELIEVED) * shares + BELIEVED * thought)
        losses["hints"] = HINT * hints
        return self.descend(losses)

    def _hints(self, mine: list[Tensor], taught: list[Tensor]) -> Tensor:
        """Return how far the features are apart, each scaled to the teacher's own spread."""
        apart = []
        for index, likening, features in zip(HINTED, self._likening, mine, strict=True):
            wanted = taught[index].float()
            spread = wanted.std().clamp_min(1e-3)
            apart.append(((likening(features).float() - wanted) / spread).square().mean())
        return torch.stack(apart).mean()


def dense() -> HairSegmenter:
    """Return the untrained FC-DenseNet, both halves dense."""
    return HairSegmenter(DenseEncoder())


def segmenting_anew(_recipe: Recipe, _material: Material, device: torch.device) -> Segmenting:
    """Return the task of the dense network, from nothing."""
    return Segmenting(dense(), device, slower=1.0)


def distilling(_recipe: Recipe, _material: Material, device: torch.device) -> Distilling:
    """Return the task of the dense network, with the published one as its teacher."""
    teacher = mobile()
    starters.load_weights(teacher, starters.weights_file(HAIR_SEGMENTER_RECIPE))
    return Distilling(dense(), teacher, device)


def distilled_from(_recipe: Recipe, _material: Material) -> tuple[Path, ...]:
    """Return the weights of the published network."""
    return (starters.weights_file(HAIR_SEGMENTER_RECIPE),)


HAIR_SEGMENTER_DENSE = replace(
    HAIR_SEGMENTER_RECIPE,
    name="hair_segmenter_dense",
    network=dense,
    task=segmenting_anew,
    notices=(),
    license="Apache-2.0",
    facts={"missed": f"{MISSED}", "edge": f"{EDGE}"},
)

HAIR_SEGMENTER_DISTILLED = replace(
    HAIR_SEGMENTER_DENSE,
    name="hair_segmenter_distilled",
    task=distilling,
    teachers=distilled_from,
    notices=HAIR_SEGMENTER_RECIPE.notices,
    license=HAIR_SEGMENTER_RECIPE.license,
    facts={"believed": f"{BELIEVED}", "hint": f"{HINT}", **HAIR_SEGMENTER_DENSE.facts},
)
