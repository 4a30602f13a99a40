"""Drawn heads aligned to the face template, as good cameras take them, out of focus behind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_models.data import faces
from limner_models.data.camera import Camera, develop
from limner_models.data.faces import Move
from limner_models.data.filters import blurred

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds
    from limner_models.data.faces import Face

    Photo = NDArray[np.uint8]

OFF: Final = 1.5
"""How far off the template heads are; see `Move`."""


@dataclass(frozen=True)
class Aligned:
    """Composes `image`, NxSxSx3 uint8 sRGB, half of them mirrored."""

    files: tuple[Path, ...]
    """Layered portraits."""
    backgrounds: Backgrounds
    batch: int
    size: int
    """Pixels a side, a multiple of 4."""

    def __call__(self, rng: np.random.Generator) -> dict[str, Photo]:
        """Return one batch."""
        chosen = rng.integers(len(self.files), size=self.batch)
        return {"image": np.stack([self.sample(int(each), rng) for each in chosen])}

    def sample(self, number: int, rng: np.random.Generator) -> Photo:
        """Return the head of a file, SxSx3, as chance has it."""
        move = Move.draw(rng, OFF, mirrored=bool(rng.random() < 0.5))
        head = faces.seen(self._face(number), self.size, move)
        behind = blurred(self.backgrounds(rng, self.size), self.size / 24)
        light = head.light + (1 - head.coverage[..., None]) * behind
        return develop(light, _good(Camera.draw(rng)), rng)

    def _face(self, number: int) -> Face:
        """Return the head of a file, kept in memory once read."""
        if number not in self._faces:
            # clothes and falling hair go on where their drawing ends
            self._faces[number] = faces.read_face(self.files[number], cv2.BORDER_REPLICATE)
        return self._faces[number]

    @cached_property
    def _faces(self) -> dict[int, Face]:
        return {}


def _good(camera: Camera) -> Camera:
    """Return the camera without what nobody wants to see drawn again."""
    return replace(
        camera,
        saturation=max(camera.saturation, 0.7),
        shrunk=1.0,
        blur=min(camera.blur, 0.4),
        noise=min(camera.noise, 2.0),
        quality=max(camera.quality, 92),
    )
