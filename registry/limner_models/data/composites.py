"""Pairs for whoever composites: a photo that lost its face, and that face, converted.

Nobody labels anything: the truth is a drawn head's photo, both inputs are made from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from limner_models.data import faces
from limner_models.data.backgrounds import linear
from limner_models.data.camera import Camera, develop
from limner_models.data.faces import Move, Seen
from limner_models.data.filters import blurred
from limner_models.data.makeover import other_light
from limner_registry.face_template import misfit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds
    from limner_models.data.faces import Face

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]
    Sample = dict[str, NDArray[Any]]

OFF: Final = 2.0
"""How far off the template the original is; see `Move`."""
APART: Final = 0.5
"""How far off the original the converted face is: landmarks are found anew in either photo.

With BENT that is 0.35 % of a side in the median; MediaPipe's mesh aligns two photos of one drawn
head under different light 0.28 % apart, and one in ten more than 0.9 %.
"""
BENT: Final = 0.002
"""Deviation of the bends between the two, in sides of the crop, on a grid of BENDS a side."""
BENDS: Final = 5

ALIKE: Final = 6
"""Heads among which another one is chosen: the one whose pose is nearest."""

SPREAD: Final = (0.06, 0.2)
"""Sigma, in sides of the crop, of what is the light on a face and not the face."""

TINTED: Final = 0.03
"""Deviation of the factors by which a corrected face's colors are still off."""

CURVE: Final = (1.15074, -0.19487, 0.04444)
"""Coefficients that undo the quick curve of `linear` out of its root, within a tenth of a step."""

GRAY: Final = 127
"""What a crop shows beyond its photo."""

KINDS: Final = ("other", "blurred", "filled", "unchanged")


@dataclass(frozen=True)
class Mix:
    """How often each thing happens, as shares of all samples."""

    crossed: float = 0.2
    """The converted face is another person's; there is no truth on the face."""
    lost: tuple[float, ...] = (0.55, 0.15, 0.1, 0.2)
    """How the original's face is lost, in the order of KINDS."""
    cut: float = 0.12
    """The converted face leaves its photo."""
    lit_twice: float = 0.5
    """The converted face is lit twice as differently."""


@dataclass(frozen=True)
class Composites:
    """Composes batches of pairs, all aligned to the template.

    `original`, `converted`, `truth`, `corrected`: NxSxSx3 uint8 sRGB; the last is the converted
    face as a good corrector leaves it. `valid`, `face`, `skin` (of the converted photo),
    `original_face`, `original_skin`: NxSxS uint8 of 255. `crossed`: Nx1 uint8, 1 where another
    person's face is laid in, so that the truth holds only around it.
    """

    files: tuple[Path, ...]
    """Layered portraits."""
    backgrounds: Backgrounds
    batch: int
    sizes: tuple[int, ...] = (128,)
    """Pixels a side, multiples of 16; each batch has one of them."""
    often: tuple[float, ...] = (1.0,)
    """Share of the batches of each size; those of twice the side are half as large."""
    mix: Mix = Mix()

    def __call__(self, rng: np.random.Generator) -> Sample:
        """Return one batch."""
        size = int(rng.choice(self.sizes, p=self.often))
        count = max(1, self.batch * self.sizes[0] // size)
        samples = [self.sample(rng, size) for _ in range(count)]
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def sample(self, rng: np.random.Generator, size: int) -> Sample:
        """Return one pair as chance has it."""
        crossed = bool(rng.random() < self.mix.crossed)
        kind = "unchanged" if crossed else str(rng.choice(KINDS, p=self.mix.lost))
        cut = bool(rng.random() < self.mix.cut)
        return self.pair(rng, size, kind, crossed=crossed, cut=cut)

    def pair(
        self,
        rng: np.random.Generator,
        size: int,
        kind: str = "other",
        *,
        crossed: bool = False,
        cut: bool = False,
    ) -> Sample:
        """Return one pair, `kind` of KINDS being how the original's face is lost."""
        number = int(rng.integers(len(self.files)))
        place = Move.draw(rng, OFF, mirrored=bool(rng.random() < 0.5))
        head, other = faces.seen(self._face(number), size, place), self._other(number, rng, size)
        lamp, camera = other_light(rng, size), _kept_well(Camera.draw(rng))
        behind = self.backgrounds(rng, size)
        truth = develop(_before(head, lamp, behind), camera, rng)

        moved = other
        if not crossed:
            moved = faces.seen(self._face(number), size, place, _apart(rng))
        original = truth
        if kind != "unchanged":
            stranger = develop(_before(other, lamp, behind), camera, rng)
            original = lost(truth, head, stranger, other, kind, rng)
        corrected = develop(_before(moved, lamp, behind) * _tint(rng), camera, rng)
        if crossed:
            corrected = toned(corrected, moved.skin, truth, head.skin, size * SPREAD[1])
        valid = _valid(rng, size) if cut else np.ones((size, size), np.float32)
        return {
            "original": original,
            "converted": _ended(self._converted(moved, rng), valid),
            "truth": truth,
            "corrected": _ended(corrected, valid),
            "valid": to_bytes(valid),
            "face": to_bytes(moved.face * valid),
            "skin": to_bytes(moved.skin * valid),
            "original_face": to_bytes(head.face),
            "original_skin": to_bytes(head.skin),
            "crossed": np.array([crossed], np.uint8),
        }

    def _converted(self, head: Seen, rng: np.random.Generator) -> Photo:
        """Return a head under its own light, taken by its own camera, elsewhere."""
        size = head.coverage.shape[0]
        lamp = other_light(rng, size)
        if rng.random() < self.mix.lit_twice:
            lamp = lamp * other_light(rng, size)
        camera = _kept_well(Camera.draw(rng))
        # what has lost its colors gets none back by correction
        camera = replace(camera, saturation=max(camera.saturation, 0.4))
        return develop(_before(head, lamp, self.backgrounds(rng, size)), camera, rng)

    def _other(self, number: int, rng: np.random.Generator, size: int) -> Seen:
        """Return another person in about the pose of this one."""
        mirrored = bool(rng.random() < 0.5)
        wanted = self._face(number).points
        choice = rng.choice(len(self.files), min(ALIKE, len(self.files)), replace=False)
        found = [int(each) for each in choice if each != number] or [number]
        best = min(found, key=lambda each: misfit(self._face(each).points, wanted))
        return faces.seen(self._face(best), size, Move.draw(rng, OFF, mirrored=mirrored))

    def _face(self, number: int) -> Face:
        """Return the head of a file, kept in memory once read."""
        if number not in self._faces:
            self._faces[number] = faces.read_face(self.files[number])
        return self._faces[number]

    @cached_property
    def _faces(self) -> dict[int, Face]:
        return {}


def lost(
    truth: Photo,
    head: Seen,
    stranger: Photo,
    other: Seen,
    kind: str,
    rng: np.random.Generator,
) -> Photo:
    """Return a photo whose face cannot be copied any more but still shows how it was lit.

    Args:
        truth: SxSx3 uint8 sRGB.
        head: Whose photo it is.
        stranger: Another person's photo, SxSx3 uint8 sRGB.
        other: That person.
        kind: `other` lays the stranger's face in, in this one's light; `blurred` and `filled`
            leave light and color alone.
        rng: Decides how coarsely light is told from face.

    Returns:
        SxSx3 uint8 sRGB; bit-identical to the truth where there is no face.
    """
    size = truth.shape[0]
    if kind == "blurred":
        laid = _around(truth.astype(np.float32), head.face, size / 16)
    elif kind == "filled":
        weight = np.maximum(head.face, np.float32(1e-4))[..., None]
        mean = (truth * weight).sum((0, 1)) / weight.sum()
        laid = np.broadcast_to(mean, truth.shape).astype(np.float32)
    else:
        sigma = size * float(rng.uniform(*SPREAD))
        laid = toned(stranger, other.skin, truth, head.skin, sigma).astype(np.float32)
        bare = _around(truth.astype(np.float32), head.skin, sigma)
        laid = bare + other.face[..., None] * (laid - bare)
    mixed = truth + head.face[..., None] * (laid - truth)
    return np.asarray(mixed + np.float32(0.5), np.uint8)


def toned(photo: Photo, skin: Floats, like: Photo, its_skin: Floats, sigma: float) -> Photo:
    """Return a photo whose face takes the light of another's, SxSx3 uint8 sRGB.

    Args:
        photo: SxSx3 uint8 sRGB.
        skin: SxS in [0, 1], what of it counts.
        like: The other photo, SxSx3 uint8 sRGB.
        its_skin: SxS in [0, 1].
        sigma: Pixels above which differences are taken for light.
    """
    own = linear(photo.astype(np.float32))
    light = _around(linear(like.astype(np.float32)), its_skin, sigma)
    gain = light / np.maximum(_around(own, skin, sigma), np.float32(2e-3))
    lit = own * np.clip(gain, 0.05, 20)
    root = np.sqrt(np.clip(lit, 0, 1))
    srgb = sum(np.float32(factor) * root**power for power, factor in enumerate(CURVE, 1))
    return to_bytes(np.asarray(srgb, np.float32))


def to_bytes(shares: Floats) -> Photo:
    """Return shares in [0, 1] as bytes of 255."""
    return (np.clip(shares, 0, 1) * 255 + np.float32(0.5)).astype(np.uint8)


def measured_pairs(composites: Composites, count: int, size: int, seed: int) -> Iterator[Sample]:
    """Give always the same pairs, each with another person's face where the truth is to be."""
    for index in range(count):
        yield composites.pair(np.random.default_rng((seed, index)), size)


def _before(head: Seen, lamp: Floats, behind: Floats) -> Floats:
    return head.light * lamp + (1 - head.coverage[..., None]) * behind


def _ended(photo: Photo, valid: Floats) -> Photo:
    """Return a photo that is gray beyond its edges."""
    return np.where(valid[..., None] > 0, photo, np.uint8(GRAY))


def _kept_well(camera: Camera) -> Camera:
    """Return the camera without what color maps cannot mend: much noise, few pixels."""
    noise, quality = min(camera.noise, 3.0), max(camera.quality, 70)
    return replace(camera, noise=noise, quality=quality, shrunk=max(camera.shrunk, 0.7))


def _apart(rng: np.random.Generator) -> Move:
    bend = rng.normal(0, BENT, (BENDS, BENDS, 2))
    return replace(Move.draw(rng, APART), bend=bend)


def _tint(rng: np.random.Generator) -> Floats:
    return np.asarray(np.exp(rng.normal(0, TINTED, 3)), np.float32)


def _around(picture: Floats, share: Floats, sigma: float) -> Floats:
    """Return the mean of the picture near each pixel, where the share counts."""
    weight = blurred(share, sigma) + np.float32(1e-4)
    calm = blurred(picture * share[..., None], sigma)
    overall = (picture * share[..., None]).sum((0, 1)) / max(float(share.sum()), 1e-4)
    calm += np.float32(1e-4) * overall.astype(np.float32)
    return np.asarray(calm / weight[..., None], np.float32)


def _valid(rng: np.random.Generator, size: int) -> Floats:
    """Return what of a crop shows its photo when the photo ends within it: 1, else 0; SxS."""
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.05, 0.45) * size
    spot = np.arange(size, dtype=np.float32) - (size - 1) / 2
    along = np.float32(np.cos(angle)) * spot[None] + np.float32(np.sin(angle)) * spot[:, None]
    return np.asarray(along < away, np.float32)
