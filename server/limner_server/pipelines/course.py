"""How far a long call is, told at any moment: parts one after the other, each with its share."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from limner_server.imaging.arrays import Photo

TELLING: Final = 0.02
"""Share of the work from which the time that is left can be told."""


@dataclass(frozen=True)
class Standing:
    """How far a call is at one moment."""

    stage: str
    fraction: float
    """In [0, 1]; never less than at a moment before."""
    remaining: float | None
    """Seconds, at least 0; None while they cannot be told."""


class Course:
    """What a call has before it, and how far it is."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with nothing planned; `clock` tells seconds."""
        self._clock = clock
        self._began = self._step_began = clock()
        self._shares: dict[str, float] = {}
        self._done = 0.0
        self._step = 0.0
        self._highest = 0.0
        self._stage = ""
        self._steps = (0, 0)
        self.preview: Photo | None = None
        """What the picture may come to look like, once that is known."""
        self.measures: Mapping[str, float] = {}
        """What was measured at the last step, by name, where anything is."""

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Expect parts, by name in their order, to take so long; only their ratios count."""
        whole = sum(seconds.values())
        self._shares = {name: share / whole for name, share in seconds.items()}

    def begin(self, stage: str, steps: int = 1) -> None:
        """Go on to a part that takes so many steps; those before it are done."""
        before = list(self._shares)[: list(self._shares).index(stage)]
        self._stage = stage
        self._done = sum(self._shares[name] for name in before)
        self._step = self._shares[stage] / steps
        self._steps = (0, steps)
        self._step_began = self._clock()

    def advance(self) -> None:
        """Note that one step of the part is done."""
        self._done += self._step
        done, steps = self._steps
        self._steps = (done + 1, steps)
        self._step_began = self._clock()

    @property
    def steps(self) -> tuple[int, int]:
        """How many steps of the part are done, and how many it takes."""
        return self._steps

    def standing(self) -> Standing:
        """Return how far the call is; within a step, as far as its length lets expect."""
        now = self._clock()
        elapsed, since = now - self._began, now - self._step_began
        if self._done > TELLING and self._step > 0:
            pace = (self._step_began - self._began) / self._done
            within = 1 - math.exp(-since / max(self._step * pace, 1e-6))
        else:
            within = 1 - math.exp(-since)
        self._highest = min(1.0, max(self._highest, self._done + self._step * within))
        fraction = self._highest
        remaining = elapsed * (1 - fraction) / fraction if fraction > TELLING else None
        return Standing(self._stage, fraction, remaining)
