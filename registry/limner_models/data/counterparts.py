"""People and animals in their place, as the studio draws them side by side: read, and composed."""

from __future__ import annotations

import json
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from limner_models.data.camera import Camera, develop
from limner_models.data.filters import warped
from limner_models.data.mesh_points import as_mesh
from limner_models.data.portraits import MAX_SIDE
from limner_models.errors import MaterialDamaged, MaterialMissing
from limner_models.studio.landmarks import LANDMARKS
from limner_registry.animals import ANIMALS, TOLD, index_of, onto
from limner_registry.face_template import five_of_studio, mapped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.backgrounds import Backgrounds
    from limner_registry.face_template import Matrix, Points

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]
    Named = dict[str, tuple[float, float]]
    Sample = dict[str, NDArray[Any]]

KEYS: Final = (
    *("eye_outer_r", "eye_inner_r", "eye_top_r", "eye_bottom_r", "pupil_r"),
    *("eye_outer_l", "eye_inner_l", "eye_top_l", "eye_bottom_l", "pupil_l"),
    *("nose_tip", "mouth_r", "mouth_l", "lip_top", "lip_bottom", "chin"),
)
"""Landmarks of an animal that say what its face does."""

ANCHORED: Final = (
    *(("forehead",), ("nose_tip",), ("chin",), ("ear_r",), ("ear_l",)),
    *(("eye_outer_r", "eye_inner_r"), ("eye_outer_l", "eye_inner_l"), ("mouth_r",), ("mouth_l",)),
)
"""Which landmarks each of `ANCHORS` is the mean of."""

ASTRAY: Final = 0.012
"""Deviation of a person's points, in distances of the eyes; one in ten is told three times so."""
HIDDEN: Final = 0.03
"""Share of people whose photo shows nothing, so that points alone must do."""

NECK: Final = (0.02, 0.11)
"""Below the person's chin, in sides of the crop, where an animal's neck begins and has ceased to
fade."""
BEARD: Final = 0.05
"""As far below the animal's own chin it does not fade yet."""
BIB: Final = 0.6
"""How much higher it ends beside the chin, per square of the distance in sides of the crop."""
RIM: Final = 0.025
"""Over this share of the side an animal fades at the crop's edges, where its head is cut off."""

AXIS: Final = -0.3
"""Where, decimeters before the skull's middle, the axis lies that heads are unrolled around."""
AROUND: Final = 2.6
"""Radians to the left and the right that are unrolled."""
HIGH: Final = (1.9, -1.4)
"""Heights, decimeters above the skull's middle, of the upper and the lower edge."""


@dataclass(frozen=True, eq=False)
class Person:
    """Somebody without a background, aligned with room around."""

    light: Floats
    """MxMx3, linear light, premultiplied by coverage."""
    coverage: Floats
    """MxM in [0, 1]."""
    points: Named
    """Landmarks by name, indices of pixels."""
    gape: float
    """How far the jaw was drawn open, in [0, 1]."""


@dataclass(frozen=True, eq=False)
class Beast:
    """An animal in its crop."""

    animal: str
    coat: str
    light: Floats
    """NxNx3, linear light, premultiplied by coverage."""
    coverage: Floats
    """NxN in [0, 1]."""
    points: Named
    """Landmarks by name, indices of pixels."""
    unrolled: Floats
    """KxKx2: where on the unrolled head a pixel lies, in [-1, 1]; NaN where on none."""


def read(path: Path, which: int) -> tuple[Person, Beast]:
    """Read a person and one of its animals; nothing in the file is unpickled.

    Args:
        path: NNNNNN.npz, as `draw_counterparts` writes it.
        which: The animal's number, from 0.

    Raises:
        MaterialMissing: There is no such file.
        MaterialDamaged: It is not what the studio writes.
    """
    with opened(path) as file:
        animal, coat = json.loads(str(file["animals"]))[which]
        light, coverage = (_layer(file, f"person_{name}") for name in ("light", "coverage"))
        does = json.loads(str(file["params"]))["face"]["expression"]
        gape = float(does["jawOpen"]) if "jawOpen" in does else 0.0
        person = Person(light, coverage, named(file["person_points"]), gape)
        light, coverage = (_layer(file, f"{name}_{which}") for name in ("light", "coverage"))
        rest = file[f"rest_{which}"].astype(np.float32)
        points = named(file[f"points_{which}"])
        return person, Beast(animal, coat, light, coverage, points, unroll(rest))


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """Give the arrays of a file by name; nothing in it is unpickled.

    Raises:
        MaterialMissing: There is no such file.
        MaterialDamaged: It is not what the studio writes, or lacks what is asked of it.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            _check_sizes(path)
            yield file
    except FileNotFoundError as error:
        raise MaterialMissing(f"there is no {path}") from error
    except (KeyError, IndexError, TypeError, ValueError, OSError, zipfile.BadZipFile) as error:
        raise MaterialDamaged(f"{path} holds no person with animals: {error}") from error


def unroll(rest: Floats) -> Floats:
    """Return where points of a head at rest, ...x3 from its skull's middle, lie once unrolled.

    Right and down, in [-1, 1]: the angle around an axis through the head, and the height.
    """
    around = np.arctan2(rest[..., 0], rest[..., 2] - AXIS) / AROUND
    top, bottom = HIGH
    down = 2 * (top - rest[..., 1]) / (top - bottom) - 1
    return np.asarray(np.stack([around, down], -1), np.float32)


@dataclass(frozen=True)
class Counterparts:
    """Composes photos of people, and what animalizers shall make of them.

    For an animal of n px, k = n / 4: image NxMxMx3 uint8, M = n / 2; points Nx23x2 float32 and
    animal, coat Nx1 uint8, as the contract of `animalizer` has them; drawn Nxnxnx4 uint8 and
    anchors Nx9x2 float32, what it shall answer; keys Nx16x2 float32, where KEYS lie, shares of
    the side; unrolled Nx2xkxk float32, and on_head Nxkxk uint8, 1 where that is known.
    """

    files: tuple[Path, ...]
    backgrounds: Backgrounds
    batch: int
    animals: tuple[str, ...] = tuple(ANIMALS)
    """Which are shown."""
    astray: float = ASTRAY
    hidden: float = HIDDEN

    def __call__(self, rng: np.random.Generator) -> Sample:
        """Return one batch."""
        samples: list[Sample] = []
        while len(samples) < self.batch:
            path, which = self.files[int(rng.integers(len(self.files)))], int(rng.integers(2))
            if animals_in(path)[which] in self.animals:
                samples.append(self.sample(path, which, rng))
        return {name: np.stack([sample[name] for sample in samples]) for name in samples[0]}

    def sample(self, path: Path, which: int, rng: np.random.Generator) -> Sample:
        """Return one person with one of the animals beside it, without a batch axis."""
        person, beast = read(path, which)
        kind, size = ANIMALS[beast.animal], len(beast.light)
        side = size // 2
        points = as_mesh(person.points)
        five = five_of_studio(points)
        apart = float(np.hypot(*(five[1] - five[0])))
        astray = apart * self.astray * (3 if rng.random() < 0.1 else 1)
        matrix = onto(five + rng.normal(0, astray, five.shape), kind, side)
        told = np.array([points[name] for name in TOLD])
        told = mapped(told + rng.normal(0, astray, told.shape), matrix)
        chin = mapped(np.array([person.points["chin"]]), matrix)[0]
        camera = Camera.draw(rng)
        return {
            "image": self._photo(person, matrix, camera, rng, side),
            "points": ((told + 0.5) / side).astype(np.float32),
            "animal": np.array([index_of(beast.animal)], np.uint8),
            "coat": np.array([kind.coats.index(beast.coat)], np.uint8),
            "drawn": drawn(beast, camera, (float(chin[1]) + 0.5) / side),
            **answers(beast),
        }

    def _photo(
        self, person: Person, matrix: Matrix, camera: Camera, rng: np.random.Generator, side: int
    ) -> Photo:
        """Return a person's photo before a background, in a crop."""
        if rng.random() < self.hidden:
            return np.full((side, side, 3), rng.integers(0, 256, 3), np.uint8)
        layers = np.dstack([person.light, person.coverage])
        seen = warped(layers, matrix, side, cv2.BORDER_REPLICATE)
        light = seen[..., :3] + (1 - seen[..., 3:]) * self.backgrounds(rng, side)
        # of these the animal knows nothing: people's skin and photos differ from drawings
        light = light * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
        return develop(np.asarray(light, np.float32), camera, rng)


def drawn(beast: Beast, camera: Camera, chin: float) -> Photo:
    """Return an animal as the camera would have it, NxNx4: sRGB, not premultiplied, and alpha.

    Its light, white and tone are the camera's, not its faults.

    Args:
        beast: What is drawn.
        camera: That which took the person's photo.
        chin: How far down the person's chin lies, in sides of the crop.
    """
    good = replace(camera, shrunk=1.0, blur=0.0, noise=0.0, sharpening=0.0, quality=100)
    light = beast.light / np.maximum(beast.coverage, np.float32(1 / 255))[..., None]
    color = develop(light, good, np.random.default_rng(0))
    alpha = beast.coverage * _faded(beast, chin)
    return np.dstack([color, (alpha * 255 + 0.5).astype(np.uint8)])


def answers(beast: Beast) -> Sample:
    """Return what is known of an animal besides its picture, as `Counterparts` names it."""
    size = len(beast.light)
    keys = [beast.points[name] for name in KEYS]
    known = (np.abs(beast.unrolled) <= 1).all(-1)
    return {
        "anchors": anchors_of(beast.points, size),
        "keys": _shares(np.array(keys), size),
        "unrolled": np.where(known[..., None], beast.unrolled, 0).transpose(2, 0, 1),
        "on_head": known.astype(np.uint8),
    }


def anchors_of(points: Named, size: int) -> Floats:
    """Return the anchors of an animal with some landmarks, 9x2, shares of a side of `size` px."""
    anchors = [np.mean([points[name] for name in names], axis=0) for names in ANCHORED]
    return _shares(np.array(anchors), size)


def animals_in(path: Path) -> list[str]:
    """Return which animals a file holds, in their order."""
    with opened(path) as file:
        return [animal for animal, _ in json.loads(str(file["animals"]))]


def _faded(beast: Beast, chin: float) -> Floats:
    """Return how much of an animal is kept: its head, not what lies below, NxN in [0, 1]."""
    size = len(beast.light)
    place = (np.arange(size, dtype=np.float32) + 0.5) / size
    middle, own = ((value + 0.5) / size for value in beast.points["chin"])
    lowest = max(chin + NECK[0], own + BEARD) - BIB * (place - middle) ** 2
    down = _smooth(1 - (place[:, None] - lowest) / (NECK[1] - NECK[0]))
    rim = _smooth(np.minimum(place, 1 - place) / RIM)
    return np.minimum(down, rim[:, None]) * rim


def _smooth(share: Floats) -> Floats:
    inside = np.clip(share, 0, 1)
    return np.asarray(inside * inside * (3 - 2 * inside), np.float32)


def _shares(points: Points, size: int) -> Floats:
    return np.asarray((points + 0.5) / size, np.float32)


def named(places: NDArray[np.float32]) -> Named:
    """Return landmarks as files list them, 44x2, by name."""
    return {name: (float(x), float(y)) for name, (x, y) in zip(LANDMARKS, places, strict=True)}


def _layer(file: Any, name: str) -> Floats:
    """Return light as it is, or a coverage of 255 as shares."""
    array = file[name]
    return np.asarray(array * np.float32(1 / 255 if array.dtype == np.uint8 else 1), np.float32)


def _check_sizes(path: Path) -> None:
    """Raise ValueError where an array would unpack to more than any drawing holds."""
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():
            if member.file_size > MAX_SIDE * MAX_SIDE * 3 * 4:
                raise ValueError(f"{member.filename} has {member.file_size} bytes")
