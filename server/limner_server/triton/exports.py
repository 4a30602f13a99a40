"""A placed version as it is handed out: its network's file, and what whoever runs it must know."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from limner.v1.reasons import ModelVersionUnknown
from limner_registry.animals import ANCHORS, ANIMALS, HEAD, TOLD
from limner_registry.contract import triton_name
from limner_registry.contracts import (
    ANIMALIZER,
    BACKGROUND_BLENDER,
    COLOR_CORRECTOR,
    COMPOSER,
    FACE_EXTRACTOR,
    contract_of,
)
from limner_registry.face_template import ON_MESH, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from limner_registry.contract import Contract

NETWORK: Final = "model.onnx"
ABOUT: Final = "about.json"
FIVE: Final = {"points": "mediapipe_478", "five": ON_MESH}
"""The points that faces are aligned by, each the mean of some of the mesh's."""
ON_ANIMALS: Final = {
    **FIVE,
    "head": HEAD,
    "told": TOLD,
    "anchors": ANCHORS,
    "animals": {name: asdict(animal) for name, animal in ANIMALS.items()},
}
ON_FACES: Final = {**FIVE, "template": TEMPLATE.tolist()}
ALIGNMENTS: Final[Mapping[str, dict[str, Any]]] = MappingProxyType(
    {
        ANIMALIZER.model: ON_ANIMALS,
        **{
            contract.model: ON_FACES
            for contract in (COMPOSER, FACE_EXTRACTOR, COLOR_CORRECTOR, BACKGROUND_BLENDER)
        },
    }
)
"""Where points lie in the crops that models see: shares of a side, the image's left ones first."""


@dataclass(frozen=True)
class Export:
    """A version that lies where it is served from."""

    license: str
    """Of the weights, as SPDX names it."""
    sha256: str
    """Of the network's file, as it was published; placing has proven the file."""
    size: int
    """Bytes of it."""
    document: str
    """All of this as JSON, and more; see ModelManifest."""
    network: Path


def contract_named(model: str) -> Contract:
    """Return the contract of a model that a caller has named.

    Raises:
        ModelVersionUnknown: There is no such model; the message lists those there are.
    """
    try:
        contract = contract_of(model)
    except KeyError as error:
        raise ModelVersionUnknown(str(error.args[0])) from error
    if contract.backend != "onnx":
        raise ModelVersionUnknown(f"{model} is no network that runs by itself")
    return contract


def read_export(models: Path, contract: Contract, version: int) -> Export:
    """Return a placed version as it is handed out.

    Args:
        models: Triton's model folder.
        contract: Its model's.
        version: Its number, from 1.

    Raises:
        ModelVersionUnknown: The model has no such version here.
    """
    model = contract.model
    folder = models / triton_name(model, version)
    network = folder / str(version) / NETWORK
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        size = network.stat().st_size
    except OSError as error:
        said = f"{model} has no version {version} on this server, placed by this release"
        raise ModelVersionUnknown(said) from error
    if about["contract"] != contract.id:
        said = f"{model} version {version} keeps contract {about['contract']}, not {contract.id}"
        raise ModelVersionUnknown(said)
    document = {
        "model": model,
        "version": version,
        "contract": {**asdict(contract), "id": contract.id},
        "network": {"file": NETWORK, "sha256": about["network_sha256"], "bytes": size},
        "license": about["license"],
        "origin": about["origin"],
        "alignment": ALIGNMENTS.get(model),
    }
    text = json.dumps(document, indent=2, default=dict)
    sha256: str = about["network_sha256"]
    return Export(about["license"], sha256, size, text, network)
