"""Batches for whoever maps heads: people composed into photos, with each pixel's true classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data import hats, makeover, portraits, scene
from limner_models.data.camera import Camera, develop
from limner_models.data.filters import blurred
from limner_models.data.head_crop import face_points, head_crop

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds
    from limner_models.data.scene import Layers

    Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Mix:
    """How often each thing happens, as shares of all samples."""

    nobody: float = 0.03
    """No person at all."""
    neighbors: float = 0.25
    """One or two further people beside or behind."""
    bleached: float = 0.5
    """Hair made lighter, grayer or darker than it was drawn."""
    hats: float = 0.22
    """A hat put on over the hair, beside those that were drawn."""
    relit: float = 0.6
    """The person lit by more or less light, or of another color, than the background."""
    covered: float = 0.25
    """Something that is no hair held before the person."""
    reflected: float = 0.25
    """The photo ends within the crop, and is reflected beyond its edge."""


@dataclass(frozen=True)
class Heads:
    """Composes `image` (NxSxSx3 uint8 sRGB) and `classes` (Nx4xSxS uint8, of 255)."""

    files: tuple[Path, ...]
    """Layered portraits."""
    backgrounds: Backgrounds
    batch: int
    sizes: tuple[int, ...] = (256,)
    """Pixels a side; each batch has one of them. Smaller ones are cheaper to learn from."""
    mix: Mix = Mix()

    def __call__(self, rng: np.random.Generator) -> dict[str, NDArray[np.uint8]]:
        """Return one batch."""
        size = int(rng.choice(self.sizes))
        samples = [self.sample(rng, size) for _ in range(self.batch)]
        return {
            "image": np.stack([image for image, _ in samples]),
            "classes": np.stack([classes for _, classes in samples]),
        }

    def sample(
        self, rng: np.random.Generator, size: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return one photo and its classes, 4xSxS of 255."""
        people = self._people(rng, size)
        light = scene.over(people, self.backgrounds(rng, size))
        classes = people.classes()
        if rng.random() < self.mix.covered:
            light, classes = self._covered(light, classes, rng)
        if rng.random() < self.mix.reflected:
            light, classes = _reflected(light, classes, rng)
        image = develop(light, Camera.draw(rng), rng)
        return image, (classes * 255 + 0.5).astype(np.uint8)

    @cached_property
    def _count(self) -> int:
        return len(self.files)

    def _people(self, rng: np.random.Generator, size: int) -> Layers:
        if rng.random() < self.mix.nobody:
            return scene.empty(size)
        people = self._person(rng, _ahead(rng), size)
        if rng.random() < self.mix.neighbors:
            for _ in range(int(rng.integers(1, 3))):
                behind = self._person(rng, _beside(rng), size)
                if rng.random() < 0.25:
                    behind = makeover.unfocused(behind, float(rng.uniform(0.4, 1.6)))
                # somebody half before the head is rare, but real
                pair = (behind, people) if rng.random() < 0.12 else (people, behind)
                people = scene.stack(*pair)
        return people

    def _person(self, rng: np.random.Generator, place: Place, size: int) -> Layers:
        portrait = portraits.read(self.files[int(rng.integers(self._count))])
        matrix = head_crop(face_points(portrait.points), size, place.scale, place.shift, place.roll)
        if rng.random() < 0.5:
            matrix = np.array([[-1.0, 0, size - 1], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
        whole = scene.layers_of(portrait)
        layers = scene.warp(whole, matrix, size, _border(whole, place.beyond))
        if rng.random() < self.mix.bleached:
            layers = makeover.bleached(layers, rng)
        if rng.random() < self.mix.hats:
            points = cv2.transform(face_points(portrait.points)[None], matrix)[0]
            cloth = hats.knitted(rng, size) if rng.random() < 0.6 else self.backgrounds(rng, size)
            layers = hats.hatted(layers, points, cloth, rng)
        if rng.random() < self.mix.relit:
            layers = makeover.relit(layers, rng)
        return layers

    def _covered(
        self, light: Floats, classes: Floats, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Return both with one to three shapes of another picture laid over: a hand, a cup."""
        size = light.shape[0]
        drawn = np.zeros((size, size), np.float32)
        for _ in range(int(rng.integers(1, 4))):
            center = [float(value) for value in rng.uniform(0, size, 2)]
            axes = [float(value) for value in rng.uniform(0.06, 0.32, 2) * size]
            box = (center, axes, float(rng.uniform(0, 180)))
            if rng.random() < 0.5:
                cv2.ellipse(drawn, box, (1.0,), -1)
            else:
                cv2.fillConvexPoly(drawn, cv2.boxPoints(box).astype(np.int32), (1.0,))
        shape = blurred(drawn, 0.7)
        hiding = self.backgrounds(rng, size)
        light = light + shape[..., None] * (hiding - light)
        shown = classes * (1 - shape)
        shown[0] += shape
        return light, shown


@dataclass(frozen=True)
class Place:
    """Where a head lies in the crop, against where the server would have it."""

    scale: float = 1.0
    """How much more is seen."""
    shift: tuple[float, float] = (0.0, 0.0)
    """In sides of the crop."""
    roll: float = 0.0
    """Radians."""
    beyond: int = cv2.BORDER_REPLICATE
    """What lies where the drawing ends within hair, one of OpenCV's BORDER constants."""


def _border(layers: Layers, otherwise: int) -> int:
    """Return how people go on beyond the picture they were drawn in: drawn out, or otherwise.

    Clothes and falling hair can be drawn out; hair cut off at the top or a side hardly.
    """
    cut = max(
        float(edge.mean()) for edge in (layers.hair[0], layers.hair[:, 0], layers.hair[:, -1])
    )
    return otherwise if cut > 0.02 else cv2.BORDER_REPLICATE


def _ahead(rng: np.random.Generator) -> Place:
    """Return a place near that which the server crops, seldom as far off as it may ever be."""
    scale = float(np.exp(np.clip(rng.normal(0.02, 0.2), np.log(0.7), np.log(1.45))))
    across, down = np.clip(rng.normal(0, 0.05, 2), -0.12, 0.12)
    return Place(
        scale, (float(across), float(down)), float(np.clip(rng.normal(0, 0.1), -0.26, 0.26))
    )


def _beside(rng: np.random.Generator) -> Place:
    """Return a place for somebody else: to the side, somewhat smaller or as large."""
    scale = float(np.exp(rng.uniform(np.log(0.9), np.log(2.2))))
    across = float(rng.choice([-1, 1]) * rng.uniform(0.25, 0.6)) / np.sqrt(scale)
    shift = (across, float(rng.uniform(-0.05, 0.25)))
    return Place(scale, shift, float(rng.uniform(-0.3, 0.3)), cv2.BORDER_CONSTANT)


def _reflected(light: Floats, classes: Floats, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Return both as if the photo ended within the crop: mirrored beyond a line."""
    size = light.shape[0]
    beyond = int(rng.uniform(0.05, 0.3) * size)
    top, bottom, left, right = (int(beyond * (rng.integers(4) == side)) for side in range(4))
    if not top + bottom + left + right:
        bottom = beyond
    rows, columns = slice(top, size - bottom), slice(left, size - right)
    frame = (top, bottom, left, right, cv2.BORDER_REFLECT_101)
    light = np.asarray(cv2.copyMakeBorder(light[rows, columns], *frame), np.float32)
    planes = [cv2.copyMakeBorder(plane[rows, columns], *frame) for plane in classes]
    return light, np.stack(planes)
