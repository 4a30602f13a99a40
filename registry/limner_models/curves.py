"""A training's curves: means over some steps, for whoever records them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EVERY = 20
"""Steps that become one point of a curve."""


class Means:
    """Gathers what each step has to show and hands on its means, a point every few steps."""

    def __init__(
        self, record: Callable[[int, Mapping[str, float]], None], every: int = EVERY
    ) -> None:
        """Hand points to `record`, one for `every` steps."""
        self._record = record
        self._every = every
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Take a step's values; a value may be missing from some steps."""
        for name, value in values.items():
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        if step % self._every == 0:
            self.flush(step)

    def flush(self, step: int) -> None:
        """Hand on what is left, as the training ends between two points."""
        if self._sums:
            means = {name: total / self._counts[name] for name, total in self._sums.items()}
            self._record(step, means)
        self._sums, self._counts = {}, {}
