"""Drawn heads aligned to the face template, with their faces' exact shares, and moved a little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_models.data import portraits, scene
from limner_models.data.filters import resized
from limner_registry.face_template import aligned, five_of_studio, mapped

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Photo = NDArray[np.uint8]

KEPT: Final = 256
"""Pixels a side of the aligned crop that heads are kept at."""

ROOM: Final = 1.25
"""Side of what is kept, in sides of the crop: there is something to move into view."""


@dataclass(frozen=True, eq=False)
class Face:
    """A head as it is kept: its crop in the middle, an eighth more on each side."""

    light: NDArray[np.float16]
    """Linear light, premultiplied by coverage, TxTx3."""
    shares: Photo
    """Of 255, TxTx3: coverage, face, and bare skin of the face."""
    points: NDArray[np.float64]
    """5x2, the template's points as shares of the crop's side."""


@dataclass(frozen=True)
class Seen:
    """A head in its place in a crop; all arrays SxS float32."""

    light: Floats
    """SxSx3, linear light, premultiplied by coverage."""
    coverage: Floats
    """Share of a pixel that shows the person, in [0, 1]."""
    face: Floats
    """Share that shows skin, eyes, brows, lips, mouth, beard or glasses; no hair and no ears."""
    skin: Floats
    """Share that shows the face's bare skin."""


@dataclass(frozen=True)
class Move:
    """A small step off the template, as landmarks are never quite right."""

    turn: float = 0.0
    """Radians, clockwise."""
    grow: float = 1.0
    """Factor."""
    shift: tuple[float, float] = (0.0, 0.0)
    """Right and down, in sides of the crop."""
    bend: NDArray[np.float64] | None = None
    """KxKx2, how far a coarse grid over the crop is bent, in sides of the crop; None is not."""
    mirrored: bool = False

    @classmethod
    def draw(cls, rng: np.random.Generator, much: float, *, mirrored: bool = False) -> Move:
        """Return a move of 0.6 degrees, 1 % of growth and 0.4 % of a side, times `much`."""
        turn, grow, *shift = rng.normal(0, much, 4) * (0.0105, 0.01, 0.004, 0.004)
        return cls(turn, float(np.exp(grow)), (shift[0], shift[1]), mirrored=mirrored)


def read_face(path: Path, beyond: int = cv2.BORDER_CONSTANT) -> Face:
    """Read a portrait and align it.

    Args:
        path: Of the portrait.
        beyond: What lies where the drawing ends, one of OpenCV's BORDER constants. Nothing, unless
            told otherwise: a mirrored face would be taken for one.
    """
    portrait = portraits.read(path)
    points = five_of_studio(portrait.points)
    face = scene.layers_of(portrait).face * (portrait.labels != portraits.EARS)
    skin = face * (portrait.labels == portraits.FACE_SKIN)
    shares = np.dstack([portrait.coverage, face, skin])
    matrix = aligned(points, KEPT)
    places = (mapped(points, matrix) + 0.5) / KEPT
    margin = KEPT * (ROOM - 1) / 2
    matrix[:, 2] += margin
    side = round(KEPT * ROOM)
    light, shares = (
        _warped(planes, matrix, side, beyond) for planes in (portrait.foreground, shares)
    )
    return Face(light.astype(np.float16), (shares * 255 + 0.5).astype(np.uint8), places)


def seen(face: Face, size: int, *moves: Move) -> Seen:
    """Return a head in a crop after some moves, the first one first.

    Args:
        face: The head.
        size: Pixels a side, a multiple of 4.
        moves: None leaves it on the template.
    """
    side = round(size * ROOM)
    how = cv2.INTER_AREA if side < face.light.shape[0] else cv2.INTER_LINEAR
    light = resized(face.light.astype(np.float32), side, how)
    shares = resized(face.shares.astype(np.float32) * np.float32(1 / 255), side, how)
    across, down = _sources(size, moves)

    def moved(planes: Floats) -> Floats:
        out = cv2.remap(planes, across, down, cv2.INTER_LINEAR)
        return np.asarray(out, np.float32)

    parts = moved(shares)
    return Seen(moved(light), parts[..., 0], parts[..., 1], parts[..., 2])


def _sources(size: int, moves: tuple[Move, ...]) -> tuple[Floats, Floats]:
    """Return which pixel of what is kept each pixel of a crop shows, as two SxS maps."""
    spot = (np.arange(size) + 0.5) / size - 0.5
    x, y = np.meshgrid(spot, spot)
    for move in reversed(moves):
        if move.bend is not None:
            bent = cv2.resize(move.bend, (size, size), interpolation=cv2.INTER_CUBIC)
            x, y = x + bent[..., 0], y + bent[..., 1]
        x, y = x - move.shift[0], y - move.shift[1]
        cosine, sine = np.cos(move.turn) / move.grow, np.sin(move.turn) / move.grow
        x, y = cosine * x + sine * y, cosine * y - sine * x
        if move.mirrored:
            x = -x
    middle = size * ROOM / 2 - 0.5
    return (x * size + middle).astype(np.float32), (y * size + middle).astype(np.float32)


def _warped(planes: Floats, matrix: NDArray[np.float64], side: int, beyond: int) -> Floats:
    """Return three planes under a similarity; what would be skipped is averaged first."""
    while np.hypot(*matrix[:, 0]) < 0.5 and min(planes.shape[:2]) > 1:
        high, wide = (extent // 2 * 2 for extent in planes.shape[:2])
        half = cv2.resize(
            planes[:high, :wide], (wide // 2, high // 2), interpolation=cv2.INTER_AREA
        )
        planes = np.asarray(half, np.float32)
        # index i here is index 2 i + 1/2 before
        offset = matrix[:, 2] + matrix[:, :2] @ (0.5, 0.5)
        matrix = np.column_stack([2 * matrix[:, :2], offset])
    moved = cv2.warpAffine(planes, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=beyond)
    return np.asarray(moved, np.float32)
