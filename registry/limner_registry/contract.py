"""What a contract is: the tensors that a model takes and gives, whichever version answers.

It outlives versions: every version of a model answers the same tensors, so that any two can
stand in for each other. A change of tensors is a new revision, and revisions never mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from limner_registry.tensors import Tensor

Backend = Literal["onnx", "loho"]
"""Which of `backends` runs a model, and with it what its network's file is."""


@dataclass(frozen=True)
class Contract:
    """What a model takes and gives; the batch axis comes first in every tensor."""

    model: str
    """Name in the registry, such as `face_detector`."""
    revision: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    max_batch: int
    """The largest batch one call may carry, in [1, 64]."""
    runners: int = 1
    """How many calls of a version are answered side by side, each by a process of its own."""
    backend: Backend = "onnx"

    @property
    def id(self) -> str:
        """Name and revision, as versions are tagged: `face_detector/1`."""
        return f"{self.model}/{self.revision}"

    @property
    def streams(self) -> bool:
        """Whether a call has many answers, the last of which counts; else it has one."""
        return self.backend == "loho"


def triton_name(model: str, version: int) -> str:
    """Return the name Triton knows a version by: `face_detector.v7`.

    A name for each version lets it be loaded, healed and unloaded without touching another.
    """
    return f"{model}.v{version}"
