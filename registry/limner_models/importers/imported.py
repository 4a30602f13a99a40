"""Imported networks as they are kept: safetensors, and beside it what must be known of them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import torch
from safetensors.torch import save_file

from limner_models.errors import WeightsRefused
from limner_models.importers import files
from limner_models.importers.architectures import ARCHITECTURES
from limner_models.importers.placing import matched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import nn

SEED: Final = 0
"""Of a probe's input."""
NEAR: Final = 1e-3
"""By which a probe's answer may be off, as a share of its deviation."""
SUFFIX: Final = ".safetensors"


@dataclass(frozen=True)
class Probe:
    """What a network answers to an input drawn by a seed."""

    seed: int
    mean: float
    std: float


@dataclass(frozen=True)
class Manifest:
    """What must be known of imported weights to use them."""

    arch: str
    """One of `ARCHITECTURES`."""
    arch_args: Mapping[str, Any]
    """What the network is built with."""
    source_sha256: str
    """Of the file that they came in."""
    license: str
    """Of the weights, as whoever imported them says."""
    range: tuple[float, float]
    """Least and largest value of a picture's channel, as the network takes or draws it."""
    mean: tuple[float, float, float] | None = None
    """Taken from pictures of `range`, RGB; None where nothing is."""
    std: tuple[float, float, float] | None = None
    """By which they are then divided."""
    labels: tuple[str, ...] = ()
    """Classes by their numbers."""
    probe: Probe = Probe(SEED, 0.0, 0.0)


def save(network: nn.Module, manifest: Manifest, out: Path) -> Manifest:
    """Write a network's weights to `out`, and its manifest beside it as .json.

    Returns:
        The manifest with what the network answers to the probe.

    Raises:
        WeightsRefused: The file has another suffix, or the network answers no numbers.
    """
    if out.suffix != SUFFIX:
        raise WeightsRefused(f"{out} must end in {SUFFIX}")
    known = replace(manifest, probe=probed(network, manifest.arch))
    out.parent.mkdir(parents=True, exist_ok=True)
    weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    partial = out.with_name(f"{out.name}.partial")
    save_file(weights, partial)
    partial.chmod(0o644)  # it is written for its owner alone
    partial.replace(out)
    out.with_suffix(".json").write_text(f"{json.dumps(asdict(known), indent=2)}\n", "utf-8")
    return known


def load(file: Path) -> tuple[nn.Module, Manifest]:
    """Return an imported network, ready to be asked, and what is known of it.

    Raises:
        WeightsRefused: The files are damaged, do not go together, or answer otherwise than when
            they were imported.
    """
    manifest = _manifest(file.with_suffix(".json"))
    architecture = ARCHITECTURES[manifest.arch]
    try:
        with torch.device("meta"):
            built = architecture.build(**manifest.arch_args).state_dict()
        shapes = {name: tensor.shape for name, tensor in built.items()}
        network = architecture.build(**manifest.arch_args)
    except (TypeError, ValueError) as error:
        raise WeightsRefused(f"{file} cannot be built: {error}") from error
    network.load_state_dict(matched(files.read(file).tensors, shapes))
    network.eval().requires_grad_(requires_grad=False)
    found, known = probed(network, manifest.arch), manifest.probe
    if not max(abs(found.mean - known.mean), abs(found.std - known.std)) <= NEAR * known.std:
        raise WeightsRefused(f"{file} does not answer as it did when it was imported")
    return network, manifest


def probed(network: nn.Module, arch: str) -> Probe:
    """Return what a network answers to an input drawn by the seed.

    Raises:
        WeightsRefused: Its answer is infinite or no number.
    """
    generator = torch.Generator().manual_seed(SEED)
    with torch.inference_mode():
        answer = network(ARCHITECTURES[arch].example(network, generator)).double()
    mean, std = float(answer.mean()), float(answer.std())
    if not (torch.isfinite(answer).all() and std > 0):
        raise WeightsRefused("its network answers no numbers")
    return Probe(SEED, mean, std)


def _manifest(file: Path) -> Manifest:
    try:
        said = json.loads(file.read_text("utf-8"))
        said["probe"] = Probe(**said["probe"])
        for name in ("range", "mean", "std", "labels"):
            said[name] = None if said[name] is None else tuple(said[name])
        manifest = Manifest(**said)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise WeightsRefused(f"{file} is no manifest of imported weights: {error}") from error
    if manifest.arch not in ARCHITECTURES:
        raise WeightsRefused(f"{file} is of an architecture that is not known: {manifest.arch}")
    return manifest
