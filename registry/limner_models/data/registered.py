"""Faces of people and of animals in their place, registered alike, for whoever generates both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data.backgrounds import clouds, linear
from limner_models.data.camera import Camera, develop
from limner_models.data.counterparts import read
from limner_models.data.filters import blurred, warped
from limner_models.data.mesh_points import told_of
from limner_registry.animals import ANIMALS, index_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.counterparts import Beast, Person, Sample

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

EACH = 2
"""Animals beside a person."""


@dataclass(frozen=True)
class Registered:
    """Composes a person and one of its animals, each before something plain of its own.

    person: N int64, its place among the files; human, beast NxSxSx3 uint8 sRGB; points Nx23x2
    float32, the person's, shares of the side; animal, coat Nx1 uint8. A file's pictures are
    always the same.
    """

    files: tuple[Path, ...]
    batch: int
    side: int

    def __call__(self, rng: np.random.Generator) -> Sample:
        """Return one batch."""
        chosen = rng.integers(len(self.files), size=self.batch)
        samples = [self.sample(int(place), int(rng.integers(EACH))) for place in chosen]
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def sample(self, place: int, which: int) -> Sample:
        """Return one person with one animal, without a batch axis."""
        person, beast = read(self.files[place], which)
        kind = ANIMALS[beast.animal]
        matrix, told = told_of(person.points, kind, self.side)
        return {
            "person": np.array(place),
            "human": self._human(person, matrix, np.random.default_rng((place, 0))),
            "beast": self._beast(beast, np.random.default_rng((place, 1))),
            "points": told.astype(np.float32),
            "animal": np.array([index_of(beast.animal)], np.uint8),
            "coat": np.array([kind.coats.index(beast.coat)], np.uint8),
        }

    def _human(
        self, person: Person, matrix: NDArray[np.float64], rng: np.random.Generator
    ) -> Photo:
        layers = np.dstack([person.light, person.coverage])
        # of twice the pixels, or strands would come and go
        matrix = np.column_stack([2 * matrix[:, :2], 2 * matrix[:, 2] + 0.5])
        return self._taken(warped(layers, matrix, 2 * self.side, cv2.BORDER_REPLICATE), rng)

    def _beast(self, beast: Beast, rng: np.random.Generator) -> Photo:
        return self._taken(np.dstack([beast.light, beast.coverage]), rng)

    def _taken(self, layers: Floats, rng: np.random.Generator) -> Photo:
        """Return a photo of light and coverage before something plain."""
        small = cv2.resize(layers, (self.side, self.side), interpolation=cv2.INTER_AREA)
        behind = linear(blurred(clouds(rng, self.side), self.side / 16))
        light = small[..., :3] + (1 - small[..., 3:]) * behind
        return develop(np.asarray(light, np.float32), Camera(), rng)
