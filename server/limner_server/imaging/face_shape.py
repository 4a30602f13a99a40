"""The shape of a face, as stylists name it, from the widths and the length of its mesh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Points

FaceShape = Literal["oval", "round", "square", "heart", "oblong"]

TOP: Final = 10
CHIN: Final = 152
"""The points of the mesh that end the face's middle line."""

CHEEKBONES: Final = (234, 454)
FOREHEAD: Final = (54, 284)
JAW: Final = (172, 397)
"""Points of the mesh between which the widths are taken."""

LONG: Final = 1.27
"""Length over the width of the cheekbones from which on a face is oblong."""

SHORT: Final = 1.14
"""The same up to which it is round or square."""

WIDE_JAW: Final = 0.80
"""Width of the jaw over that of the cheekbones from which on a short face is square."""

TAPERED: Final = 1.11
"""Width of the forehead over that of the jaw from which on a face is a heart.

Source: 48 faces of the studio's, half of whose jaws are wider than WIDE_JAW; about a sixth of them
each is longer than LONG, shorter than SHORT, more tapered than TAPERED. Stylists' own limits are
told for a tape measure that goes up to the hairline, which a mesh does not show.
"""


@dataclass(frozen=True)
class Proportions:
    """The sizes of a face over the width of its cheekbones, each above 0."""

    length: float
    """From the top of the forehead to the chin."""
    forehead: float
    jaw: float


def proportions(landmarks: Points) -> Proportions:
    """Return a face's proportions, measured in space so that a turned head keeps its own.

    Args:
        landmarks: 468x3 or 478x3 float32, pixels; z on x's scale.
    """
    points = landmarks.astype(np.float64)

    def apart(ends: tuple[int, int]) -> float:
        return float(np.linalg.norm(points[ends[0]] - points[ends[1]]))

    cheekbones = max(apart(CHEEKBONES), 1e-6)
    return Proportions(
        apart((TOP, CHIN)) / cheekbones, apart(FOREHEAD) / cheekbones, apart(JAW) / cheekbones
    )


def face_shape(face: Proportions) -> FaceShape:
    """Return what stylists would call a face: a rule of thumb, not an anatomy."""
    if face.forehead >= TAPERED * face.jaw:
        return "heart"
    if face.length >= LONG:
        return "oblong"
    if face.length <= SHORT:
        return "square" if face.jaw >= WIDE_JAW else "round"
    return "oval"
