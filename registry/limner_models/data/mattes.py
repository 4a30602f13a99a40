"""Photos with trimaps and the true alpha of hair, for whoever learns to matte."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_models.data import portraits
from limner_models.data.camera import Camera, develop
from limner_models.data.crops import crop_at, cropped
from limner_models.data.lamp import Lamp
from limner_models.data.strands import draw_strands

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds

    Floats = NDArray[np.float32]
    Bytes = NDArray[np.uint8]

OUTSIDE, UNKNOWN, INSIDE = 0, 128, 255

ERODED, DILATED = 0.010, 0.016
"""Radii of the kernels, as shares of the square root of the hair's area."""

ERODED_PX, DILATED_PX = (2, 25), (3, 40)
"""Least and most of these radii."""

UNSURE = (0.1, 0.9)
"""Probabilities that leave a pixel unknown, within twice the dilation."""

LIT = 0.4
"""Share of portraits whose hair is lit otherwise than it was drawn."""

GOOD = 0.75
"""Share of photos that a good camera takes: what is blurred away nobody can matte."""

TRUTHFUL = 0.45
"""Share of maps that are the truth, whose soft edges leave most unknown."""

DRAWN = 0.25
"""Share of samples that are strands over a background, not portraits."""

FEWEST_UNKNOWN = 150
"""Pixels; crops with fewer teach too little."""

TILT = 10.0
"""Standard deviation of a crop's turn, in degrees."""

KEPT = 320
"""Portraits held in memory at a time."""


@dataclass(frozen=True)
class Mattes:
    """Composes `image` (NxSxSx3 uint8 sRGB), `trimap` and `alpha` (NxSxS uint8).

    `contrast`, NxSxS uint8 of 255, is how far apart the light of hair and of what is behind it
    are; 0 where nobody knows.
    """

    files: tuple[Path, ...]
    """Layered portraits, of any sizes."""
    backgrounds: Backgrounds
    batch: int
    size: int = 192

    def __call__(self, rng: np.random.Generator) -> dict[str, Bytes]:
        """Return one batch."""
        samples = [self.sample(rng) for _ in range(self.batch)]
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def sample(self, rng: np.random.Generator) -> dict[str, Bytes]:
        """Return one crop that leaves something unknown."""
        while True:
            if rng.random() < DRAWN:
                light, alpha, contrast = self._strands(rng)
                extent = float(np.exp(rng.uniform(np.log(100), np.log(700))))
            else:
                light, alpha, extent = self._portrait(rng)
                contrast = np.zeros_like(alpha)
            trimap = trimap_of(rough_map(alpha, extent, rng), extent, rng)
            if np.count_nonzero(trimap == UNKNOWN) >= FEWEST_UNKNOWN:
                break
        return {
            "image": develop(light, _good(rng) if rng.random() < GOOD else Camera.draw(rng), rng),
            "trimap": trimap,
            "alpha": to_bytes(alpha),
            "contrast": to_bytes(np.minimum(contrast, 1)),
        }

    def _strands(self, rng: np.random.Generator) -> tuple[Floats, Floats, Floats]:
        """Return light, alpha and contrast of drawn strands."""
        strands = draw_strands(rng, self.size)
        behind = self.backgrounds(rng, self.size)
        alpha = strands.alpha[..., None]
        light = strands.light + (1 - alpha) * behind
        own = strands.light / np.maximum(alpha, np.float32(1e-3))
        contrast = np.abs(np.sqrt(own) - np.sqrt(behind)).mean(-1)
        return light, strands.alpha, np.where(strands.alpha > 0, contrast, 0).astype(np.float32)

    def _portrait(self, rng: np.random.Generator) -> tuple[Floats, Floats, float]:
        """Return light and alpha of a crop of a portrait, and the extent its hair has there."""
        layers = self._layers(int(rng.integers(len(self.files))))
        side = layers.shape[0]
        scale = float(np.exp(rng.uniform(np.log(0.7), np.log(1.8 if side > 384 else 2.2))))
        rows, columns = np.nonzero((layers[..., 4] > 0.02) & (layers[..., 4] < 0.98))
        if not len(rows):
            rows, columns = np.array([side // 2]), np.array([side // 2])
        pick = int(rng.integers(len(rows)))
        middle = np.array([columns[pick], rows[pick]]) + rng.normal(0, 0.15 * self.size / scale, 2)
        map_ = crop_at(middle, scale, self.size, rng, TILT)
        moved = cropped(layers, map_, self.size)
        lit = moved[..., :3]
        if rng.random() < LIT:
            lit = Lamp.draw(rng).on(lit, moved[..., 4])
        light = lit + (1 - moved[..., 3:4]) * self.backgrounds(rng, self.size)
        extent = scale * float(np.sqrt(np.count_nonzero(layers[..., 4] > 0.5)))
        return light, np.clip(moved[..., 4], 0, 1), extent

    def _layers(self, index: int) -> Floats:
        """Return light, coverage and hair of a portrait, SxSx5."""
        if index not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            portrait = portraits.read(self.files[index])
            layers = np.dstack([portrait.foreground, portrait.coverage, portrait.hair])
            self._kept[index] = layers.astype(np.float16)
        return self._kept[index].astype(np.float32)

    @cached_property
    def _kept(self) -> dict[int, NDArray[np.float16]]:
        return {}


def rough_map(alpha: Floats, extent: float, rng: np.random.Generator) -> Floats:
    """Return what a segmenter might make of hair, SxS in [0, 1].

    Often it is the truth; else strands are lost and the edge wanders.

    Args:
        alpha: SxS in [0, 1].
        extent: Square root of the hair's whole area, in pixels.
        rng: Decides how good the map is.
    """
    if rng.random() < TRUTHFUL:
        return alpha
    size = alpha.shape[0]
    cell = max(1.0, extent / float(rng.uniform(70, 150)))
    small = max(8, round(size / cell))
    seen = cv2.resize(alpha, (small, small), interpolation=cv2.INTER_AREA)
    seen = cv2.GaussianBlur(seen, (0, 0), float(rng.uniform(0.4, 1.2)))
    wander = cv2.resize(
        rng.normal(0, rng.uniform(0.02, 0.2), (6, 6)).astype(np.float32), (small, small)
    )
    seen = np.clip((seen - 0.5) * np.float32(rng.uniform(1, 2.5)) + 0.5 + wander, 0, 1)
    return cv2.resize(seen, (size, size), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def trimap_of(
    map_: Floats, extent: float, rng: np.random.Generator | None = None
) -> NDArray[np.uint8]:
    """Return what surely is hair, what surely is not, and the boundary between.

    Args:
        map_: HxW probability of hair, in [0, 1].
        extent: Square root of the hair's whole area, in pixels; the kernels follow it.
        rng: Varies the kernels; None takes them as they are.

    Returns:
        HxW uint8 of OUTSIDE, UNKNOWN and INSIDE.

    Source: JP6921924B2, S102: erosion and dilation by K x K kernels; their sizes are ours.
    """
    jitter = np.exp(rng.normal(0, 0.35, 2)) if rng else np.ones(2)
    eroded = _radius(ERODED * extent * jitter[0], ERODED_PX)
    dilated = _radius(DILATED * extent * jitter[1], DILATED_PX)
    hair = (map_ > 0.5).astype(np.uint8)
    inside = cv2.erode(hair, _square(eroded)) > 0
    reached = cv2.dilate(hair, _square(dilated)) > 0
    further = cv2.dilate(hair, _square(2 * dilated)) > 0
    unsure = (map_ > UNSURE[0]) & (map_ < UNSURE[1]) & further
    trimap = np.where(reached, UNKNOWN, OUTSIDE).astype(np.uint8)
    trimap[inside] = INSIDE
    trimap[unsure] = UNKNOWN
    return trimap


def _good(rng: np.random.Generator) -> Camera:
    """Return a camera that shows what there is to see."""
    drawn = Camera.draw(rng)
    return replace(
        drawn, shrunk=1.0, saturation=1.0, blur=min(drawn.blur, 0.6), noise=min(drawn.noise, 4.0)
    )


def to_bytes(shares: Floats) -> Bytes:
    """Return [0, 1] as 0 to 255."""
    return (shares * 255 + 0.5).astype(np.uint8)


def _radius(wanted: float, bounds: tuple[int, int]) -> int:
    return int(np.clip(round(wanted), *bounds))


def _square(radius: int) -> NDArray[np.uint8]:
    return np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)


def composed(
    file: Path, backgrounds: Backgrounds, rng: np.random.Generator
) -> tuple[Bytes, Bytes, Floats]:
    """Return a whole portrait as a good camera takes it, its trimap and its true alpha.

    Half of the trimaps come from the truth, half from what a segmenter might make of it.

    Raises:
        MaterialDamaged: The file is no layered portrait.
    """
    portrait = portraits.read(file)
    size = portrait.hair.shape[0]
    behind = (1 - portrait.coverage[..., None]) * backgrounds(rng, size)
    image = develop(portrait.foreground + behind, _good(rng), rng)
    extent = float(np.sqrt(np.count_nonzero(portrait.hair > 0.5)))
    map_ = rough_map(portrait.hair, extent, rng)
    return image, trimap_of(map_, extent), portrait.hair
