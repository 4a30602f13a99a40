"""A search small enough for tests: a generator of 32 pixels, an eye, and portraits of noise."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import nn

from limner_models.loho.parsing import Parsed
from limner_models.loho.perception import Seen
from limner_models.loho.search import Head, Subjects, Tools
from limner_models.networks.style_generator import StyleGenerator

SIDE = 32


class Look(nn.Module):
    """An eye of five convolutions, never taught."""

    def __init__(self):
        super().__init__()
        sizes = (3, 6, 6, 8, 8, 8)
        self.layers = nn.ModuleList(
            nn.Conv2d(taken, given, 3, 1 + index % 2, 1)
            for index, (taken, given) in enumerate(pairwise(sizes))
        )
        self.weights = [torch.full((count,), 1 / count) for count in sizes[1:]]

    def forward(self, planes, *, raw=False):
        levels = []
        seen = planes if raw else (planes + 0.1) / 0.5
        for layer in self.layers:
            seen = torch.relu(layer(seen))
            levels.append(seen)
        return Seen(levels[0], levels)


class Light:
    """Calls dark pixels hair, and light ones face."""

    def __call__(self, picture):
        light = picture.mean(1, keepdim=True)
        return Parsed((light < 0).float(), (light > 0).float())

    def shares(self, picture):
        return self(picture)


def tools(seed=0):
    torch.manual_seed(seed)
    generator = StyleGenerator(SIDE, mapping_layers=2, channel_multiplier=0.03, widest=16, width=12)
    for layer in generator.layers:  # untrained, it leaves noise out
        nn.init.constant_(layer.strength, 0.1)
    return Tools.of(generator.requires_grad_(False), Look().requires_grad_(False), Light())


def head(seed, side=SIDE):
    """Return a portrait of noise with a square of hair above a square of face."""
    chance = torch.Generator().manual_seed(seed)
    picture = torch.rand(1, 3, side, side, generator=chance) * 2 - 1
    hair, face = torch.zeros(1, 1, side, side), torch.zeros(1, 1, side, side)
    hair[..., 4:14, 4:-4] = 1
    face[..., 14:-4, 8:-8] = 1
    return Head(picture, hair, face)


def subjects():
    return Subjects(head(1), head(2), head(3))
