"""A training's record in MLflow: its curves, which a registry that is away does not end."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Protocol

from limner_models.curves import Means
from limner_registry.errors import RegistryUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PAUSE_SECONDS = 60.0
"""After which a registry that did not answer is asked again: asking may take as long as that."""


class Curves(Protocol):
    """Where curves are recorded, as `Registry` does it."""

    def log(self, run_id: str, step: int, values: Mapping[str, float]) -> None:
        """Record what curves have reached; RegistryUnavailable if they could not be."""

    def end_run(self, run_id: str, *, done: bool) -> None:
        """Close a run, as done or as interrupted."""


class Record:
    """Takes the steps of one training, and gives the registry their means.

    What the registry does not take is kept, and given again with the next; it is told once.
    """

    def __init__(
        self,
        curves: Curves,
        run_id: str,
        said: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Go on with a run of MLflow's.

        Args:
            curves: Where to.
            run_id: Which.
            said: Called with one sentence when something is not recorded.
            clock: Tells seconds.
        """
        self._curves, self._run_id = curves, run_id
        self._said, self._clock = said, clock
        self._means = Means(self._point)
        self._waiting: list[tuple[int, Mapping[str, float]]] = []
        self._reached = 0
        self._away_until: float | None = None

    def __call__(self, step: int, values: Mapping[str, float]) -> None:
        """Take what a step has to show."""
        self._reached = step
        self._means(step, values)

    def close(self, *, done: bool) -> None:
        """Record what is left and close the run; tell what could not be."""
        self._away_until = math.inf  # what is left is kept, and sent below with the rest
        self._means.flush(self._reached)
        try:
            self._send()
            self._curves.end_run(self._run_id, done=done)
        except RegistryUnavailable as error:
            self._said(
                f"{error}; MLflow lacks the last {len(self._waiting)} points of the curves, "
                "and shows the training as running"
            )

    def _point(self, step: int, values: Mapping[str, float]) -> None:
        self._waiting.append((step, values))
        if self._away_until is not None and self._clock() < self._away_until:
            return
        try:
            self._send()
            self._away_until = None
        except RegistryUnavailable as error:
            if self._away_until is None:
                self._said(f"{error}; the training goes on, its curves are recorded later")
            self._away_until = self._clock() + PAUSE_SECONDS

    def _send(self) -> None:
        while self._waiting:
            self._curves.log(self._run_id, *self._waiting[0])
            del self._waiting[0]
