"""Hair of two classes of color, unpaired, for whoever learns to turn one into the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from limner_models.data.hair_color import color_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from limner_models.data.recolored import Head, Recolored

    Sample = dict[str, NDArray[Any]]

TRIES = 60
"""Photos taken of heads before a class is given up on for the moment."""


@dataclass(frozen=True)
class Classed:
    """Composes two sets of photos whose hair the server would call two classes.

    `pair`: which of `pairs`, one number; for both sides, under the prefix `one` or `other`:
    `_before` and `_alpha` as `Recolored` gives them, and `_after`, the same head as if its hair
    had always been of the other class. No head is on both sides but by chance.
    """

    recolored: Recolored
    pairs: tuple[tuple[str, str], ...]
    """Classes of HAIR_COLORS, both ways of a pair in one entry."""

    def __call__(self, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
        """Return one batch, all of one pair."""
        while True:
            index = int(rng.integers(len(self.pairs)))
            one, other = self.pairs[index]
            sides = {"one": self._side(one, other, rng), "other": self._side(other, one, rng)}
            if all(len(samples) == self.recolored.batch for samples in sides.values()):
                break
        batch: dict[str, NDArray[Any]] = {"pair": np.array([index])}
        for side, samples in sides.items():
            for name in ("before", "after", "alpha"):
                batch[f"{side}_{name}"] = np.stack([sample[name] for sample in samples])
        return batch

    def _side(self, found: str, wanted: str, rng: np.random.Generator) -> list[Sample]:
        """Return a batch of heads of one class, with what they look like in another."""
        samples: list[Sample] = []
        for _ in range(TRIES * self.recolored.batch):
            if len(samples) == self.recolored.batch:
                break
            head = self.recolored.head(int(rng.integers(len(self.recolored.files))))
            sample = head and self._sample(head, found, wanted, rng)
            if sample:
                samples.append(sample)
        return samples

    def _sample(
        self, head: Head, found: str, wanted: str, rng: np.random.Generator
    ) -> Sample | None:
        """Return a head in both classes, or None where a camera would see other classes."""
        if found not in head.looks or wanted not in head.looks:
            return None
        sample = self.recolored.photographed(head, (found, wanted), rng)
        if sample is None:
            return None
        seen = color_class(sample["found"]), color_class(sample["wanted"])
        return sample if seen == (found, wanted) else None
