"""Which networks can be imported, how each is built, and what it is asked as a probe."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import torch

from limner_models.importers.stylegan2 import Built
from limner_models.networks.bisenet import BiSeNet
from limner_models.networks.vgg import LEVELS, LpipsWeights, Vgg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Generator, Tensor, nn


@dataclass(frozen=True)
class Architecture:
    """One kind of network."""

    build: Callable[..., nn.Module]
    """Builds it untrained from a manifest's arguments; ValueError or TypeError if there is none."""
    example: Callable[[Any, Generator], Tensor]
    """Draws an input for a network of the kind."""


def _stylegan2(**arguments: Any) -> nn.Module:
    return Built(**arguments).network()


def _latent(network: Any, generator: Generator) -> Tensor:
    return torch.randn(1, network.width, generator=generator)


def _planes(_network: Any, generator: Generator) -> Tensor:
    return torch.randn(1, 3, 64, 64, generator=generator)


def _differences(_network: Any, generator: Generator) -> Tensor:
    return torch.rand(4, sum(LEVELS), generator=generator)


ARCHITECTURES: Final[Mapping[str, Architecture]] = MappingProxyType(
    {
        "stylegan2": Architecture(_stylegan2, _latent),
        "bisenet": Architecture(BiSeNet, _planes),
        "vgg": Architecture(Vgg, _planes),
        "lpips": Architecture(LpipsWeights, _differences),
    }
)
