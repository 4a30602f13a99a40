"""What hair looks like on a head: how far it falls, how full it is, how its strands run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import cv2
import numpy as np

from limner_server.imaging.face_shape import CHIN, TOP
from limner_server.imaging.geometry import Region, crop, points_from
from limner_server.imaging.mesh import oval

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo, Points

Length = Literal["short", "medium", "long"]
Texture = Literal["straight", "wavy", "curly", "coily"]

LOOK: Final = 256
"""Pixels a side at which a head is measured."""

CELLS: Final = 32
"""Cells a side in which the outline of hair is kept."""

TO_CHIN: Final = -0.3
"""Face lengths below the chin that hair must reach to be medium."""

TO_SHOULDERS: Final = 0.35
"""Face lengths below the chin that hair must reach to be long."""

LOCK: Final = 0.12
"""Face lengths that hair must be wide, both sides together, to count as reaching so far."""

FINE: Final = 1.5
"""Deviation in pixels of the window in which a strand has one direction."""

WIDE: Final = 8.0
"""Deviation in pixels of the window in which directions are compared."""

STRAIGHT: Final = 0.87
"""Order from which on hair is straight."""

WAVY: Final = 0.76
"""Order from which on it is wavy; below, it curls.

Source: 48 portraits of the studio's, where hanging hair has an order in [0.85, 0.97] if it is
straight, in [0.79, 0.92] if it is wavy, in [0.53, 0.74] if it is curly; of short hair it says
nothing.
"""


@dataclass(frozen=True)
class Hairstyle:
    """One head's hair, in numbers that do not depend on the photo's size."""

    reach: float
    """How far it falls below the chin, in face lengths; negative where it ends above."""
    fullness: float
    """Area of the hair above the chin over the face's, at least 0."""
    fringe: float
    """Share of the forehead that it covers, in [0, 1]."""
    order: float
    """How alike neighboring strands run, in [0, 1]: 1 is combed straight, curls are lower."""
    outline: tuple[int, ...]
    """CELLS rows of the head's square, a bit for each cell that is mostly hair, the first cell at
    the image's left the highest."""

    @property
    def length(self) -> Length:
        """How long it is called."""
        if self.reach >= TO_SHOULDERS:
            return "long"
        return "medium" if self.reach >= TO_CHIN else "short"

    @property
    def texture(self) -> Texture | None:
        """How it is seen to fall; None where it is too short to tell."""
        if self.length == "short":
            return None
        if self.order >= STRAIGHT:
            return "straight"
        return "wavy" if self.order >= WAVY else "curly"


def hairstyle(photo: Photo, hair: Matte, landmarks: Points, region: Region) -> Hairstyle:
    """Return what the hair of a head looks like.

    Args:
        photo: HxWx3 uint8, sRGB.
        hair: LOOKxLOOK float32 in [0, 1], what of `region` is the head's hair.
        landmarks: 478x3 float32, pixels of the photo.
        region: The square around the head.
    """
    inside = hair > 0.5
    marks = within(landmarks[:, :2], region)
    top, chin = marks[TOP], marks[CHIN]
    face = np.zeros((LOOK, LOOK), np.uint8)
    around = within(oval(landmarks), region)
    cv2.fillPoly(face, [np.rint(around).astype(np.int32)], (1,))
    length = max(float(np.linalg.norm(chin - top)), 1.0)
    area = max(int(face.sum()), 1)
    chin_row = int(np.clip(round(float(chin[1])), 0, LOOK - 1))
    return Hairstyle(
        reach=_lowest(inside, LOCK * length, float(chin[1])) / length,
        fullness=float(inside[:chin_row].sum()) / area,
        fringe=_fringe(inside, face > 0, float(top[1]), length),
        order=_order(crop(photo, region, LOOK, LOOK, "edge"), inside),
        outline=_outline(hair),
    )


def looked_at(region: Region, hair: Matte, rows: slice, columns: slice) -> Matte:
    """Return what of a square is hair, LOOKxLOOK float32 in [0, 1], from a map of the photo.

    Args:
        region: The square.
        hair: hxw float32 in [0, 1], over a part of the photo; elsewhere there is none.
        rows: That part's.
        columns: That part's.
    """
    high, wide = hair.shape
    middles = (np.arange(LOOK, dtype=np.float32) + 0.5) / LOOK
    unit = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
    x, y = points_from(region, unit).reshape(LOOK, LOOK, 2).transpose(2, 0, 1)
    x = (x + 0.5 - columns.start) * np.float32(wide / (columns.stop - columns.start)) - 0.5
    y = (y + 0.5 - rows.start) * np.float32(high / (rows.stop - rows.start)) - 0.5
    seen = cv2.remap(hair, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return np.asarray(seen, np.float32)


def within(points: Points, region: Region) -> Points:
    """Return where points of a photo, Nx2, lie in the square as it is looked at."""
    cosine, sine = np.cos(region.angle), np.sin(region.angle)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    away = (points.astype(np.float64) - (region.center_x, region.center_y)) @ turn.T
    unit = away / (region.width, region.height) + 0.5
    return np.asarray(unit * LOOK - 0.5, np.float32)


def covered(mine: tuple[int, ...], other: tuple[int, ...], *, mirrored: bool = False) -> float:
    """Return the share of one outline's hair that another lies over, in [0, 1]; 1 of no hair.

    The other is a cell larger all around than it was seen: hair is fitted to the head it is for.
    """
    rows = [0, *(_flipped(row) if mirrored else row for row in other), 0]
    grown = [
        row | row << 1 | row >> 1 | above | below
        for above, row, below in zip(rows, rows[1:], rows[2:], strict=False)
    ]
    had = sum(row.bit_count() for row in mine)
    both = sum((one & two).bit_count() for one, two in zip(mine, grown, strict=True))
    return both / had if had else 1.0


def _flipped(row: int) -> int:
    return int(f"{row:0{CELLS}b}"[::-1], 2)


def _lowest(inside: Flags, lock: float, chin: float) -> float:
    """Return how many pixels below the chin the last row lies that holds a lock of hair."""
    rows = np.flatnonzero(inside.sum(1) >= lock)
    return float(rows[-1] + 1 - chin) if rows.size else -float(LOOK)


def _fringe(inside: Flags, face: Flags, top: float, length: float) -> float:
    """Return the share of the forehead, the middle third of a face's upper third, with hair."""
    rows = np.arange(LOOK)[:, None]
    columns = np.flatnonzero(face.any(0))
    forehead = face & (rows < top + length / 3)
    if not forehead.any():
        return 0.0
    third = (columns[-1] - columns[0]) // 3
    forehead[:, : columns[0] + third] = False
    forehead[:, columns[-1] - third :] = False
    return float(inside[forehead].mean()) if forehead.any() else 0.0


def _order(look: Photo, inside: Flags) -> float:
    """Return how alike the directions of neighboring strands are.

    Source: the structure tensor of Bigun and Granlund, Optimal orientation detection of linear
        symmetry, ICCV 1987; its directions are compared in a wider window as unit vectors of
        doubled angle, weighted by how clear they are.
    """
    gray = cv2.cvtColor(look, cv2.COLOR_RGB2GRAY).astype(np.float32)
    x, y = (cv2.Scharr(gray, cv2.CV_32F, *way) for way in ((1, 0), (0, 1)))
    x, y = x * inside, y * inside
    across, along, both = (cv2.GaussianBlur(part, (0, 0), FINE) for part in (x * x, y * y, x * y))
    doubled = np.stack([across - along, 2 * both], -1)
    strength = np.linalg.norm(doubled, axis=-1)
    clear = strength / (across + along + 1e-3)
    core = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    weight = np.where(core, np.sqrt(strength) * clear, 0).astype(np.float32)
    unit = doubled / np.maximum(strength, 1e-6)[..., None] * weight[..., None]
    together = np.linalg.norm(cv2.GaussianBlur(unit, (0, 0), WIDE), axis=-1)
    alone = cv2.GaussianBlur(weight, (0, 0), WIDE)
    total = float(weight.sum())
    if total <= 0:
        return 1.0
    return float((weight * together / np.maximum(alone, 1e-6)).sum() / total)


def _outline(hair: Floats) -> tuple[int, ...]:
    cells = cv2.resize(hair, (CELLS, CELLS), interpolation=cv2.INTER_AREA) > 0.5
    return tuple(int("".join("1" if cell else "0" for cell in row), 2) for row in cells)
