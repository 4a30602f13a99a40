"""What a network painted where hair was, in the colors of what is around it.

The head is the network's. Beside it the surroundings go on: above the chin that is mostly a wall,
which what is seen of it tells better than a network does; below are clothes, and the network's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.face_parts import filled, grown, shrunk
from limner_server.imaging.geometry import points_from
from limner_server.imaging.light import LUMA
from limner_server.imaging.membrane import stretched_over

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Photo
    from limner_server.imaging.beneath import Hole
    from limner_server.imaging.geometry import Region
    from limner_server.imaging.skull import Head
    from limner_server.imaging.wall import Wall

WORK_PX: Final = 384
"""Longest edge at which colors are matched; the network painted fewer."""

RIM: Final = 0.06
"""Of a crop's side: over how much what was painted is believed less and less."""

TONED: Final = 0.5
"""Share of what painted skin is too dark or too light by that is mended."""

MOST_TONED: Final = 30.0
"""Of 255, that it is mended by."""

RISES: Final = 1.0
"""Units from where skin is seen over which it is mended more and more."""

EDGE: Final = 0.25
"""Units: the Gaussian's sigma by which a head gives way to its background."""

CALM: Final = 5
"""Pixels over which the difference to the surroundings is averaged."""

BESIDE: Final = 2.0
"""Units around a head that are its own still: ears and the neck tell nothing of what is behind."""

SHOULDERS: Final = (1.0, -1.5)
"""Units below the chin where a network is believed as far as it is at all, and where no more."""

LEAST: Final = 50
"""Pixels of a wall that are to be seen for it to go on."""


def repainted(
    part: Photo, hole: Hole, painted: Photo, region: Region, head: Head, wall: Wall | None = None
) -> Floats:
    """Return what lies beneath hair, hxwx3 float32 of 255, at a bounded size.

    Args:
        part: The hole's part of a photo.
        hole: Where hair was.
        painted: SxSx3 uint8, sRGB: a head without its hair, as a network painted it.
        region: The square of the photo that it shows.
        head: Whose hair it was, in pixels of the part.
        wall: Where nobody is, in the same photo as the hole; None where that is not known.
    """
    factor = min(1.0, WORK_PX / max(part.shape[:2]))
    unit = hole.unit * factor
    seen, known = reduced(part, hole, factor)
    size = known.shape[1], known.shape[0]
    if not known.any():
        known[:] = True  # nothing is seen but hair: the network alone knows
        seen = np.zeros_like(seen)
    face, skull = _outlined(head, part.shape, size)
    skin = face | skull
    own = grown(np.where(skin, np.uint8(255), np.uint8(0)), BESIDE * unit) > 0
    guide, believed = _placed(painted, region, hole, size)
    below = below_chin(hole, head.oval[:, 1].max() + hole.rows.start, size[1])
    around = known & ~own
    if wall is not None:  # above the chin: nobody's hands, shoulders or neighbors
        around &= wall.over(hole.rows, hole.columns, size) | (below > -1)
    behind = around & (below < -1)
    if np.count_nonzero(behind) < LEAST:
        behind = known
    else:
        believed = believed * np.maximum(1 - risen(below), _eased(skin, unit))
    goes_on = stretched_over(seen, behind)
    guide = goes_on + believed[..., None] * (guide - goes_on)
    sides = known & skin, around
    if not all(side.any() for side in sides):
        sides = known, known
    laid = guide + _blended(seen - guide, sides, skin, unit)
    return laid + _tone(laid, seen, known, (face, skull), unit)


def reduced(part: Photo, hole: Hole, factor: float) -> tuple[Floats, Flags]:
    """Return a hole's part of a photo so much smaller, and where no hair of it is.

    Args:
        part: Of the photo, as the hole has it.
        hole: Where hair was.
        factor: Above 0, at most 1.

    Returns:
        hxwx3 float32 of 255, and hxw bool.
    """
    size = max(2, round(part.shape[1] * factor)), max(2, round(part.shape[0] * factor))
    hair = cv2.resize(hole.hair.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    seen = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return seen.astype(np.float32), hair <= 0


def below_chin(hole: Hole, chin: float, pixels: int) -> Floats:
    """Return how far below a chin each row of a hole is, in units: a column of so many pixels.

    Args:
        hole: Of the photo.
        chin: Its row in the photo.
        pixels: Rows that the result has.
    """
    step = (hole.rows.stop - hole.rows.start) / pixels
    rows = hole.rows.start + (np.arange(pixels, dtype=np.float32)[:, None] + 0.5) * step - 0.5
    return np.asarray((rows - chin) / hole.unit, np.float32)


def risen(below: Floats) -> Floats:
    """Return how much what is above the chin goes on in rows so far below it, in [0, 1]."""
    low, high = SHOULDERS
    return np.clip((low - below) / (low - high), 0, 1)


def _outlined(head: Head, extent: tuple[int, ...], size: tuple[int, int]) -> tuple[Flags, Flags]:
    """Return where a face and where its skull is, over a part of a photo at a size."""
    fewer = np.divide(size, extent[1::-1])
    high, wide = slice(0, size[1]), slice(0, size[0])
    outlines = ((outline + 0.5) * fewer - 0.5 for outline in (head.oval, head.skull))
    face, skull = (filled(outline, high, wide) > 0 for outline in outlines)
    return face, skull


def _tone(
    laid: Floats, photo: Floats, known: Flags, head: tuple[Flags, Flags], unit: float
) -> Floats:
    """Return what brings painted skin nearer to the face's own, hxwx3, 0 where all is known.

    Of the light on it half: a forehead is lit otherwise than cheeks are.
    """
    face, skull = head
    inner = shrunk(np.where(face | skull, np.uint8(255), np.uint8(0)), unit) > 0
    seen, hidden = photo[face & known], laid[inner & ~known]
    if not len(seen) or not len(hidden):
        return np.zeros_like(laid)
    apart = np.median(seen, 0) - hidden.mean(0)
    brighter = float(apart @ LUMA)
    apart = np.clip(apart - (1 - TONED) * brighter, -MOST_TONED, MOST_TONED)
    away = cv2.distanceTransform((~known).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)
    rise = np.clip(away / (RISES * unit), 0, 1) * (face | skull)
    share = _eased(rise, unit)
    share[known] = 0
    return np.asarray(share[..., None] * apart, np.float32)


def _blended(off: Floats, sides: tuple[Flags, Flags], skin: Flags, unit: float) -> Floats:
    """Return a difference stretched over a hole, that of skin and that of all else apart.

    Args:
        off: hxwx3, the difference where it is known.
        sides: hxw bool: where it is known of skin, and of all else.
        skin: hxw bool: where either is asked for.
        unit: Pixels for a centimeter of the head.
    """
    own, other = (stretched_over(_calm(off, side), side) for side in sides)
    share = _eased(skin, unit)[..., None]
    return other + share * (own - other)


def _eased(head: Flags | Floats, unit: float) -> Floats:
    """Return how much of each pixel is a head's, its outline softened."""
    return cv2.GaussianBlur(head.astype(np.float32), (0, 0), max(EDGE * unit, 0.5))  # type: ignore[return-value]


def _calm(difference: Floats, known: Flags) -> Floats:
    """Return a difference smoothed among the pixels where it is known."""
    weight = known[..., None].astype(np.float32)
    both = cv2.blur(np.dstack((difference * weight, weight)), (CALM, CALM))
    calm: Floats = both[..., :-1] / np.maximum(both[..., -1:], np.float32(1e-6))
    return calm


def _placed(
    painted: Photo, region: Region, hole: Hole, size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Return what was painted over a part of a photo at a size, and how much it is believed."""
    corners = np.array([(0, 0), (1, 0), (0, 1)], np.float32)
    places = points_from(region, corners) - (hole.columns.start, hole.rows.start)
    fewer = np.divide(size, hole.opened.shape[::-1])
    onto = cv2.getAffineTransform(
        corners * np.float32(painted.shape[0]), ((places + 0.5) * fewer - 0.5).astype(np.float32)
    )
    believed = cv2.warpAffine(_rim(painted.shape[0]), onto, size)
    laid = cv2.warpAffine(
        painted, onto, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return laid.astype(np.float32), believed.astype(np.float32)


def _rim(size: int) -> Floats:
    """Return how much a crop is believed: wholly, but for its rim; SxS in [0, 1]."""
    away = (np.arange(size, dtype=np.float32) + 0.5) / (RIM * size)
    rise = np.clip(np.minimum(away, away[::-1]), 0, 1)
    rim: Floats = np.minimum(rise[:, None], rise)
    return rim
