"""Golden answers: inputs a version must answer as it did when it was published.

They travel inside the version, so that whoever loads it can prove it before routing to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Array = npt.NDArray[Any]

FILE = "golden.npz"


@dataclass(frozen=True)
class Golden:
    """One batch of inputs and the outputs they must give."""

    inputs: Mapping[str, Array]
    """Arrays by tensor name, batch axis first."""
    outputs: Mapping[str, Array]
    tolerance: float
    """Largest difference allowed, as a share of the output's own range; at least 0."""

    def write(self, folder: Path) -> None:
        """Write the golden answers into `folder`."""
        arrays = {f"input.{name}": array for name, array in self.inputs.items()}
        arrays |= {f"output.{name}": array for name, array in self.outputs.items()}
        np.savez_compressed(folder / FILE, tolerance=np.float64(self.tolerance), **arrays)

    @classmethod
    def read(cls, folder: Path) -> Golden:
        """Return the golden answers in `folder`; nothing in the file is unpickled.

        Raises:
            FileNotFoundError: The folder holds none.
            ValueError: The file is not a golden file.
        """
        with np.load(folder / FILE, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if "tolerance" not in arrays:
            raise ValueError(f"{folder / FILE} holds no golden answers")
        tolerance = float(arrays.pop("tolerance"))
        return cls(_side(arrays, "input."), _side(arrays, "output."), tolerance)

    def difference(self, answers: Mapping[str, Array]) -> str | None:
        """Return what is wrong with `answers` as one sentence, or None when nothing is."""
        for name, expected in self.outputs.items():
            answer = answers.get(name)
            if answer is None:
                return f"output {name} is missing"
            if answer.shape != expected.shape or answer.dtype != expected.dtype:
                return (
                    f"output {name} is {answer.dtype}{list(answer.shape)}, "
                    f"not {expected.dtype}{list(expected.shape)}"
                )
            gap = float(np.abs(np.subtract(answer, expected, dtype=np.float64)).max())
            allowed = self.tolerance * max(float(np.ptp(expected)), 1e-6)
            if not gap <= allowed:  # a NaN is no answer either
                return f"output {name} is off by {gap:.3g}, allowed are {allowed:.3g}"
        return None


def _side(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
