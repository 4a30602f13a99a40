"""Heads with a hole where their hair is, and what is truly beneath it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from limner_models.data import makeover, portraits, scene
from limner_models.data.camera import Camera, develop
from limner_models.data.filters import blurred, resized
from limner_models.data.head_crop import face_points, head_crop

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds
    from limner_models.data.portraits import Bald

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]
    Sample = dict[str, NDArray[Any]]

TYPICAL: Final = 1.15
"""Side of a crop in those of `head_crop`: between the widest look and the farther one."""
SPREAD: Final = 0.22
"""Deviation of its logarithm."""
SHADED: Final = (64.0, 24.0, 4.0)
"""Sigmas, in pixels of 256, over which what hair keeps in the shade is measured."""
COARSE: Final = 4
"""Pixels to one where it is measured."""
LIT: Final = (0.15, 4.0)
"""Least and most factor on the light of a bald head, so that it goes on as the face is lit."""
OFF, AWAY = 0.025, 0.015
"""Deviations of how broad and how high a skull is thought to be, as logarithms, and of where, in
roots of its area: what a server knows is that far off on drawn heads."""
FEWEST: Final = 0.004
"""Share of a crop that a hole covers at least; a smaller one gets shapes added."""


@dataclass(frozen=True)
class Mix:
    """How often each thing happens, as shares of all samples."""

    bleached: float = 0.5
    """Hair made lighter, grayer or darker than it was drawn."""
    relit: float = 0.6
    """The person lit by other light than the background."""
    torn: float = 0.4
    """The hole has further parts, such as where hands or hats were."""
    rough: float = 0.5
    """The hole's edge is off here and there, as a segmenter's is."""


@dataclass(frozen=True)
class Beneath:
    """Composes batches of heads with what their hair hides.

    `image`: NxSxSx3 uint8 sRGB, with hair. `truth`: NxSxSx3 uint8 sRGB, the same head bald before
    the same background, by the same camera without its noise. `hole`: NxSxS uint8, 255 where it
    is to be painted, else 0. `head`: NxSxS uint8 of 255, the share of the bald person. `skull`:
    NxSxS uint8 of 255, where skull and face are thought to be.
    """

    files: tuple[Path, ...]
    """Portraits drawn with what is beneath their hair."""
    backgrounds: Backgrounds
    batch: int
    size: int = 256
    """Pixels a side."""
    mix: Mix = Mix()

    def __call__(self, rng: np.random.Generator) -> Sample:
        """Return one batch."""
        samples = [self.sample(rng) for _ in range(self.batch)]
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def sample(self, rng: np.random.Generator) -> Sample:
        """Return one head as chance has it."""
        return self.pair(int(rng.integers(len(self.files))), rng)

    def pair(self, number: int, rng: np.random.Generator) -> Sample:
        """Return the head in one of the files."""
        person, bald = self._layers(self.files[number], rng)
        bald = replace(bald, light=shaded_alike(bald, person, self.size))
        behind = self.backgrounds(rng, self.size)
        camera = Camera.draw(rng)
        calm = replace(camera, noise=0.0, quality=100)
        return {
            "image": develop(scene.over(person, behind), camera, rng),
            "truth": develop(scene.over(bald, behind), calm, rng),
            "hole": hole_of(person.hair, rng, self.mix),
            "head": _to_bytes(bald.coverage),
            "skull": thought_of(bald.face, rng),
        }

    def _layers(self, file: Path, rng: np.random.Generator) -> tuple[scene.Layers, scene.Layers]:
        """Return a person and the same one bald, in a crop such as the server makes."""
        portrait, beneath = portraits.read_bald(file)
        size = self.size
        matrix = _place(face_points(portrait.points), size, rng)
        whole = scene.layers_of(portrait)
        cut = max(float(edge.mean()) for edge in (whole.hair[0], *whole.hair.T[[0, -1]]))
        border = cv2.BORDER_REFLECT_101 if cut > CUT else cv2.BORDER_REPLICATE
        person, bald = (
            scene.warp(layers, matrix, size, border) for layers in (whole, _bald(beneath))
        )
        if rng.random() < self.mix.bleached:
            person = makeover.bleached(person, rng)
        if rng.random() < self.mix.relit:
            lamp = makeover.other_light(rng, size)
            person, bald = (replace(each, light=each.light * lamp) for each in (person, bald))
        return person, bald


CUT: Final = 0.02
"""Share of an edge that hair covers from which on the picture goes on mirrored, not drawn out."""


def shaded_alike(bald: scene.Layers, person: scene.Layers, size: int) -> Floats:
    """Return a bald head's light as it goes on from what hair left to be seen.

    Hair keeps light from a face; where that is still seen, a head without it would end in a step.

    Args:
        bald: The head without hair.
        person: The same with hair.
        size: Pixels a side.

    Returns:
        SxSx3, linear light, premultiplied by the bald head's coverage.
    """
    seen = np.clip(np.minimum(bald.coverage, person.coverage) - 2 * person.hair, 0, 1)
    small = size // COARSE
    was, now, share = (
        resized(planes * seen, small, cv2.INTER_AREA)
        for planes in (bald.light.mean(-1), person.light.mean(-1), np.float32(1))
    )
    gain = np.full_like(share, _ratio(now.mean(), was.mean()))
    for sigma in SHADED:
        sums = blurred(np.dstack([now, was, share]), sigma * small / 256)
        known = np.minimum(1, 2 * sums[..., 2])
        gain = gain + known * (_ratio(sums[..., 0], sums[..., 1]) - gain)
    return np.asarray(bald.light * resized(gain, size)[..., None], np.float32)


def _ratio(now: Any, was: Any) -> Any:
    return np.clip((now + np.float32(1e-5)) / (was + np.float32(1e-5)), *LIT)


def hole_of(hair: Floats, rng: np.random.Generator, mix: Mix) -> Photo:
    """Return the hole that is cut for some hair: 255 within it, else 0; SxS.

    Args:
        hair: SxS in [0, 1].
        rng: Decides how far it is from the hair's own outline.
        mix: How often it is rough or torn.
    """
    size = hair.shape[0]
    found = blurred(hair, float(rng.uniform(0.5, 3.0)) * size / 256)
    least = np.full((size, size), rng.uniform(0.03, 0.2), np.float32)
    if rng.random() < mix.rough:
        least += np.float32(rng.uniform(0.05, 0.3)) * _waves(rng, size)
    inside = (found > np.maximum(least, np.float32(0.02))).astype(np.uint8)
    reach = round(float(rng.uniform(1, 8)) * size / 256)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1))
    inside = np.asarray(cv2.dilate(inside, disk), np.uint8)
    if rng.random() < mix.torn or inside.mean() < FEWEST:
        inside |= _shapes(rng, size)
    return np.asarray(inside * np.uint8(255), np.uint8)


def thought_of(skull: Floats, rng: np.random.Generator) -> Photo:
    """Return a skull as it is taken for from a face's points: about as large, about there.

    Args:
        skull: SxS in [0, 1].
        rng: Decides how far it is off.

    Returns:
        SxS uint8, of 255.
    """
    size = skull.shape[0]
    weight = max(float(skull.sum()), 1.0)
    middle = np.array([(np.arange(size) * skull.sum(axis)).sum() for axis in (0, 1)]) / weight
    across, down = np.exp(np.clip(rng.normal(0, OFF, 2), -2 * OFF, 2 * OFF))
    shift = np.clip(rng.normal(0, AWAY, 2), -2 * AWAY, 2 * AWAY) * np.sqrt(weight)
    matrix = np.array([[across, 0.0], [0.0, down]])
    moved = np.concatenate([matrix, (middle + shift - matrix @ middle)[:, None]], 1)
    return _to_bytes(np.asarray(cv2.warpAffine(skull, moved, (size, size)), np.float32))


def _place(points: NDArray[np.float64], size: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the map into a crop about as the server makes it, mirrored as often as not."""
    scale = float(np.exp(np.clip(rng.normal(np.log(TYPICAL), SPREAD), -0.35, 0.5)))
    across, down = np.clip(rng.normal(0, 0.03, 2), -0.08, 0.08)
    roll = float(np.clip(rng.normal(0, 0.08), -0.25, 0.25))
    matrix = head_crop(points, size, scale, (float(across), float(down)), roll)
    if rng.random() < 0.5:
        matrix = np.array([[-1.0, 0, size - 1], [0, 1, 0]]) @ np.vstack([matrix, [0, 0, 1]])
    return matrix


def _waves(rng: np.random.Generator, size: int) -> Floats:
    """Return smooth noise of deviation about 1, SxS."""
    count = int(rng.integers(5, 40))
    return resized(rng.standard_normal((count, count), np.float32), size, cv2.INTER_CUBIC)


def _shapes(rng: np.random.Generator, size: int) -> Photo:
    """Return one to four ellipses and brush strokes: 1 within them, else 0; SxS."""
    drawn = np.zeros((size, size), np.uint8)
    for _ in range(int(rng.integers(1, 5))):
        middle = rng.normal(0.5, 0.2, 2) * size
        if rng.random() < 0.5:
            axes = [float(value) for value in rng.uniform(0.03, 0.22, 2) * size]
            box = (middle.tolist(), axes, float(rng.uniform(0, 180)))
            cv2.ellipse(drawn, box, (1,), -1)
        else:
            steps = rng.normal(0, 0.09, (int(rng.integers(2, 7)), 2)) * size
            path = np.round(middle + steps.cumsum(0)).astype(np.int32)
            wide = max(1, round(float(rng.uniform(0.015, 0.07)) * size))
            cv2.polylines(drawn, [path], isClosed=False, color=(1,), thickness=wide)
    return drawn


def _to_bytes(share: Floats) -> Photo:
    return (np.clip(share, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)


def _bald(beneath: Bald) -> scene.Layers:
    nothing = np.zeros_like(beneath.coverage)
    return scene.Layers(beneath.foreground, beneath.coverage, nothing, beneath.skull, nothing)
