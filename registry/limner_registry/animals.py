"""Animals that faces become: their coats, and how a person's points lie on theirs.

Training aligns by the studio's landmarks, the server by a mesh's: both by what is said here.
A coordinate is the index of a pixel: the middle of the top left pixel is (0, 0).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.face_template import similarity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from limner_registry.face_template import Matrix, Points


@dataclass(frozen=True)
class Animal:
    """One kind of animal that the animalizer draws."""

    coats: tuple[str, ...]
    """Names of its coats; their order is the network's."""
    template: tuple[tuple[float, float], ...]
    """Where its eyes, nose and mouth corners lie in a crop, as `face_template.TEMPLATE` has them:
    shares of the side, the image's left ones first."""


ANIMALS: Final[Mapping[str, Animal]] = MappingProxyType(
    {
        "cat": Animal(
            coats=("ginger", "dark tabby", "orange", "black", "white", "gray", "tuxedo"),
            template=((0.386, 0.509), (0.614, 0.509), (0.5, 0.603), (0.430, 0.673), (0.570, 0.673)),
        ),
        "dog": Animal(
            coats=(
                "brown",
                "black and tan",
                "cream",
                "brown and white",
                "golden",
                "black and white",
            ),
            template=((0.392, 0.506), (0.608, 0.506), (0.5, 0.606), (0.430, 0.673), (0.570, 0.673)),
        ),
        "fox": Animal(
            coats=("red", "dark red", "arctic"),
            template=((0.386, 0.504), (0.614, 0.504), (0.5, 0.625), (0.430, 0.673), (0.570, 0.673)),
        ),
        "bear": Animal(
            coats=("brown", "black", "polar", "cinnamon"),
            template=((0.392, 0.496), (0.608, 0.496), (0.5, 0.592), (0.430, 0.673), (0.570, 0.673)),
        ),
    }
)
"""Every animal by its name; their order is the network's, too."""

TOLD: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "eye_outer_r": (33,),
        "eye_inner_r": (133,),
        "eye_top_r": (159,),
        "eye_bottom_r": (145,),
        "eye_inner_l": (362,),
        "eye_outer_l": (263,),
        "eye_top_l": (386,),
        "eye_bottom_l": (374,),
        "pupil_r": (468,),
        "pupil_l": (473,),
        "brow_r0": (55, 107),
        "brow_r3": (46, 70),
        "brow_l0": (285, 336),
        "brow_l3": (276, 300),
        "nose_bridge": (168,),
        "nose_tip": (1,),
        "nostril_r": (98,),
        "nostril_l": (327,),
        "mouth_r": (61,),
        "mouth_l": (291,),
        "lip_top": (0,),
        "lip_bottom": (17,),
        "chin": (152,),
    }
)
"""The person's points that the animalizer is told, by the studio's names for them, with those of
MediaPipe's 478 points that each is the mean of. The person's right is on the image's left."""

ANCHORS: Final = (
    *("forehead", "nose", "chin", "ear_r", "ear_l", "eye_r", "eye_l", "mouth_r", "mouth_l"),
)
"""The animal's own points that the animalizer answers, in their order."""

HEAD: Final = 1.3
"""How much larger an animal's head is than its points alone would have it: it covers a person's."""

_TWICE: Final = [0, 0, 1, 1, 2, 3, 4]
"""The five points, the eyes counting twice."""

_STRETCH: Final = (0.85, 1.18)
"""Least and greatest height that a map gives what was as high as wide."""

_SHEAR: Final = math.tan(math.radians(8))
_RIDGE: Final = 0.01


def index_of(name: str) -> int:
    """Return which of ANIMALS has this name, from 0, as networks are told it.

    Raises:
        ValueError: None has.
    """
    return [*ANIMALS].index(name)


def onto(points: Points, animal: Animal, size: int, head: float = HEAD) -> Matrix:
    """Return the map, 2x3, from a photo's pixels to an animal's crop.

    It is affine: the best for eyes, nose and mouth corners that neither stretches nor shears much.

    Args:
        points: 5x2 pixels of the photo, as `face_template` has them, not all at one place.
        animal: Whose template they are brought to.
        size: Pixels a side of the crop.
        head: How much smaller the person becomes than that; 1 is for animals' own points.
    """
    template = np.array(animal.template) * size - 0.5
    p, q = points[_TWICE], template[_TWICE]
    middle, goal = p.mean(0), q.mean(0)
    p, q = p - middle, q - goal
    ridge = _RIDGE * max(float((p * p).sum()), 1e-12)
    near = similarity(p, q)[:, :2]
    turn = _tamed((q.T @ p + ridge * near) @ np.linalg.inv(p.T @ p + ridge * np.eye(2)), near)
    turn /= head
    return np.concatenate([turn, (goal - turn @ middle)[:, None]], axis=1)


def _tamed(turn: Matrix, near: Matrix) -> Matrix:
    """Return a linear map with as much of its stretch and shear as is let through, 2x2."""
    if np.linalg.det(turn) <= 0:
        return near
    rotation, upper = np.linalg.qr(turn)
    signs = np.sign(np.diag(upper))
    rotation, upper = rotation * signs, signs[:, None] * upper
    across, down = upper[0, 0], upper[1, 1]
    size = math.sqrt(across * down)
    stretch = math.sqrt(min(max(down / across, _STRETCH[0]), _STRETCH[1]))
    shear = min(max(upper[0, 1] / down, -_SHEAR), _SHEAR)
    tame = np.array([[size / stretch, shear * size * stretch], [0, size * stretch]])
    tamed: Matrix = rotation @ tame
    return tamed


def told_of_mesh(landmarks: NDArray[np.float32]) -> Points:
    """Return the points of TOLD, Nx2.

    Args:
        landmarks: 478x2 or more columns, pixels of the photo.
    """
    points = landmarks[:, :2].astype(np.float64)
    return np.array([points[list(which)].mean(0) for which in TOLD.values()])
