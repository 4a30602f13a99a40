"""StyleGAN2 generators by rosinality's and by NVIDIA's names, as generators of ours."""

from __future__ import annotations

import math
import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

import torch

from limner_models.errors import WeightsRefused
from limner_models.importers.placing import matched
from limner_models.networks.style_generator import BASE, SIZES, StyleGenerator
from limner_models.networks.style_layers import TAPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_models.importers.files import Found
    from limner_models.importers.persisted import Settings

WIDEST: Final = 2048
"""Channels at most, and numbers of a style; a generator with more is refused."""
DEEPEST: Final = 16
"""Layers of a mapping at most."""
SAME: Final = {"weight": "weight", "bias": "bias"}
ROSINALITY: Final = {
    "conv.weight": "convolution.weight",
    "conv.modulation.weight": "convolution.affine.weight",
    "conv.modulation.bias": "convolution.affine.bias",
    "noise.weight": "strength",
    "activate.bias": "bias",
    "bias": "bias",
}
NVIDIA: Final = {
    "weight": "convolution.weight",
    "affine.weight": "convolution.affine.weight",
    "affine.bias": "convolution.affine.bias",
    "noise_strength": "strength",
    "bias": "bias",
}
"""Names of a layer's weights, theirs and ours."""
FILTER: Final = torch.outer(torch.tensor(TAPS), torch.tensor(TAPS)) / sum(TAPS) ** 2


@dataclass(frozen=True)
class Built:
    """What a generator is built with; the arguments of `StyleGenerator`."""

    size: int
    mapping_layers: int
    channel_multiplier: float
    widest: int
    width: int
    clamp: float | None
    """None where features are not clamped."""

    def network(self) -> StyleGenerator:
        """Return the generator, untrained."""
        arguments = asdict(self)
        size, clamp = arguments.pop("size"), arguments.pop("clamp")
        return StyleGenerator(size, clamp=math.inf if clamp is None else clamp, **arguments)


def generator(found: Found) -> tuple[Built, StyleGenerator]:
    """Return the generator that a file holds, and what it is built with.

    Noise that old files lack is drawn; a mean style that they lack is measured.

    Raises:
        WeightsRefused: It holds no StyleGAN2, one of another kind, or one that lacks weights.
    """
    ours = renamed(found.tensors)
    built = built_as(ours, _clamp(found.settings))
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in built.network().state_dict().items()}
    optional = {name for name in shapes if name.startswith("noise_") or name == "mean"}
    weights = matched(ours, shapes, optional)
    torch.manual_seed(0)
    network = built.network()
    network.load_state_dict(network.state_dict() | weights)
    network.eval().requires_grad_(requires_grad=False)
    if "mean" not in weights:
        network.mean.copy_(network.mean_style()[0])
    return built, network


def renamed(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a file's weights by our names, in our shapes.

    Raises:
        WeightsRefused: Some have no place in a StyleGAN2, or it has other filters.
    """
    if "synthesis.input.freqs" in tensors:
        raise WeightsRefused("it is a StyleGAN3, which has another architecture; StyleGAN2 is read")
    if any(name.startswith("mapping.embed.") for name in tensors):
        raise WeightsRefused("it is told classes; only generators without are read")
    if "synthesis.b4.const" in tensors:
        places = nvidia_names(_count(tensors, ".torgb.bias"), _count(tensors, "mapping.fc"))
    elif "input.input" in tensors and "style.1.weight" in tensors:
        places = rosinality_names(1 + _count(tensors, "to_rgbs."), _count(tensors, "style."))
    else:
        raise WeightsRefused("it is no StyleGAN2 generator by rosinality's or NVIDIA's names")
    ours = {}
    for name, tensor in tensors.items():
        if name.endswith((".kernel", "resample_filter")):
            _check_filter(name, tensor)
        elif name in places:
            ours[places[name]] = _shaped(places[name], tensor)
        else:
            raise WeightsRefused(f"{name} has no place in a StyleGAN2")
    return ours


def rosinality_names(sizes: int, mapping: int) -> dict[str, str]:
    """Return our name for each of rosinality's.

    Args:
        sizes: How many there are, from 4 pixels a side.
        mapping: Layers of the mapping.
    """
    names = {"latent_avg": "mean", "input.input": "start"}
    names |= _paired([f"style.{1 + index}" for index in range(mapping)], "mapping", SAME)
    layers = ["conv1", *(f"convs.{index}" for index in range(2 * sizes - 2))]
    colors = ["to_rgb1", *(f"to_rgbs.{index}" for index in range(sizes - 1))]
    names |= {f"noises.noise_{index}": f"noise_{index}" for index in range(len(layers))}
    return names | _paired(layers, "layers", ROSINALITY) | _paired(colors, "colors", ROSINALITY)


def nvidia_names(sizes: int, mapping: int) -> dict[str, str]:
    """Return our name for each of NVIDIA's.

    Args:
        sizes: How many there are, from 4 pixels a side.
        mapping: Layers of the mapping.
    """
    names = {"mapping.w_avg": "mean", "synthesis.b4.const": "start"}
    names |= _paired([f"mapping.fc{index}" for index in range(mapping)], "mapping", SAME)
    blocks = [f"synthesis.b{4 << index}" for index in range(sizes)]
    layers = [f"{block}.conv{which}" for block in blocks for which in (0, 1)][1:]
    colors = [f"{block}.torgb" for block in blocks]
    names |= {f"{layer}.noise_const": f"noise_{index}" for index, layer in enumerate(layers)}
    return names | _paired(layers, "layers", NVIDIA) | _paired(colors, "colors", NVIDIA)


def _paired(theirs: list[str], ours: str, parts: Mapping[str, str]) -> dict[str, str]:
    """Return our name for each part of modules that are numbered here."""
    return {
        f"{module}.{part}": f"{ours}.{index}.{place}"
        for index, module in enumerate(theirs)
        for part, place in parts.items()
    }


def _count(tensors: Mapping[str, torch.Tensor], part: str) -> int:
    """Return how many biases have that in their names, at most `DEEPEST` and one."""
    found = sum(
        part in name and name.endswith(".bias") and "modulation" not in name for name in tensors
    )
    return min(found, DEEPEST + 1)


def built_as(ours: Mapping[str, torch.Tensor], clamp: float | None) -> Built:
    """Return what a generator with these weights, by our names, is built with.

    Raises:
        WeightsRefused: Its size, its width or its depth is none that a StyleGAN2 has.
    """
    colors = sum(re.fullmatch(r"colors\.\d+\.bias", name) is not None for name in ours)
    mapping = sum(re.fullmatch(r"mapping\.\d+\.bias", name) is not None for name in ours)
    size = 2 << min(colors, DEEPEST)
    first, last = ours.get("start"), ours.get(f"layers.{2 * colors - 2}.bias")
    latent = ours.get("mapping.0.weight")
    if size not in SIZES or first is None or last is None or latent is None:
        raise WeightsRefused(f"it draws none of {', '.join(map(str, SIZES))} pixels a side")
    width, widest = latent.shape[-1], first.shape[1]
    if max(width, widest) > WIDEST or not 1 <= mapping <= DEEPEST:
        raise WeightsRefused(f"it is wider than {WIDEST} or maps in over {DEEPEST} layers")
    return Built(size, mapping, len(last) * size / BASE, widest, width, clamp)


def _check_filter(name: str, tensor: torch.Tensor) -> None:
    """Refuse another low-pass than ours, at whatever gain."""
    if tensor.shape != FILTER.shape or not torch.allclose(tensor / tensor.sum(), FILTER, atol=1e-4):
        raise WeightsRefused(f"{name} is another filter than the usual one of 1, 3, 3, 1")


def _shaped(place: str, tensor: torch.Tensor) -> torch.Tensor:
    """Return a weight without the axes of length 1 that either layout puts before it."""
    if place == "mean":  # encoders keep one for each row, all the same
        return tensor.reshape(-1, tensor.shape[-1]).mean(0)
    if place == "start" or place.startswith("noise_") or place.endswith("convolution.weight"):
        axes = 4
    elif place.endswith((".bias", ".strength")):
        axes = 1 if place.endswith(".bias") else 0
    else:
        return tensor
    lengths = list(tensor.shape)
    while len(lengths) > axes and 1 in (lengths[0], lengths[-1]):
        lengths.pop(0 if lengths[0] == 1 else -1)
    return tensor.reshape([1] * (axes - len(lengths)) + lengths)


def _clamp(settings: Mapping[str, Settings]) -> float | None:
    """Return how far features are clamped.

    Raises:
        WeightsRefused: The modules are of another kind, or not all of one.
    """
    clamps = {said["conv_clamp"] for said in settings.values() if "conv_clamp" in said}
    for name, said in settings.items():
        bent = "linear" if name.endswith(".affine") else "lrelu"
        if said.get("architecture", "skip") != "skip" or said.get("activation", bent) != bent:
            raise WeightsRefused("it is not of skip connections and leaky rectifiers")
    if len(clamps) > 1:
        raise WeightsRefused("its layers are clamped differently")
    value = clamps.pop() if clamps else None
    if value is not None and (not isinstance(value, int | float) or not value > 0):
        raise WeightsRefused("its layers are clamped by what is no number")
    return None if value is None else float(value)
