"""A release: all that one model version is made of, before the registry gives it a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.contract import Contract
    from limner_registry.golden import Golden


@dataclass(frozen=True)
class Release:
    """An exported network with everything a version must carry to be trusted."""

    contract: Contract
    """The tensors it answers."""
    network: bytes
    """The ONNX file, normalization inside; or the weights, as safetensors, of what is searched."""
    golden: Golden
    """Inputs and what the network answers to them."""
    scores: Mapping[str, float]
    """Metrics on data the network never saw, in [0, 1], higher better; may be empty."""
    card: str
    """The model card, Markdown: what it is, what data, what scores on what, what it cannot do."""
    license: str
    """SPDX name of the weights' license."""
    data_sha256: str
    """Digest of what it was made from: the training data's, or the imported file's."""
    origin: str
    """Where it comes from: a recipe and its commit, or a package, its version and file."""
