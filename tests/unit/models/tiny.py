"""A recipe small enough to train in a test: it learns to double its input."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from limner_models.recipes.recipe import Drawings, Rate, Recipe
from limner_registry.contract import Contract
from limner_registry.tensors import Tensor
from tests.unit.models.noise import Noise

CONTRACT = Contract(
    "doubler",
    1,
    (Tensor("image", "uint8", (4, 4, 3), "anything"),),
    (Tensor("twice", "float32", (3,), "twice its mean"),),
    4,
)


class Doubler(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(3, 3)
        self.register_buffer("seen", torch.zeros((), dtype=torch.int64))

    def forward(self, image):
        return self.linear(image.float().mean((1, 2)) / 255)


class Doubling:
    """Two optimizers and chance of its own, as adversarial training has."""

    def __init__(self):
        self.network, self.judge = Doubler(), nn.Linear(3, 1)
        self.modules = {"network": self.network, "judge": self.judge}
        self.optimizers = {
            "network": torch.optim.Adam(self.network.parameters()),
            "judge": torch.optim.SGD(
                [{"params": [*self.judge.parameters()], "share": 0.5}], momentum=0.9
            ),
        }

    def step(self, batch, step):
        wanted = 2 * batch["image"].float().mean((1, 2)) / 255
        found = self.network(batch["image"]) + 0.01 * torch.randn(len(wanted), 3)
        loss = (found - wanted).square().mean() + self.judge(found.detach()).square().mean()
        for optimizer in self.optimizers.values():
            optimizer.zero_grad()
        loss.backward()
        for optimizer in self.optimizers.values():
            optimizer.step()
        self.network.seen += 1
        return {"loss": float(loss.detach())}


def scores(_network, _recipe, _material):
    return {"doubled": 1.0}


def examples():
    return {"image": np.arange(96, dtype=np.uint8).reshape(2, 4, 4, 3)}


def doubling(_recipe, _material, _device):
    return Doubling()


def noise(recipe, _material):
    return Noise(recipe.batch)


TINY = Recipe(
    name="doubler",
    contract=CONTRACT,
    title="Doubler: twice what it is given",
    data=Drawings(count=10, held_out=2, size=64),
    steps=12,
    batch=2,
    rate=Rate(peak=0.05, warmup=2),
    network=Doubler,
    task=doubling,
    sampler=noise,
    scores=scores,
    examples=examples,
    average=0.9,
    limits=("It doubles nothing but means.",),
)
