"""The head and the background that hair hid, as a network paints them, laid into the photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.face_parts import filled, grown, shrunk
from limner_server.imaging.geometry import around, crop, points_from, unit_of
from limner_server.imaging.grain import TILE, grain_of, noise_of
from limner_server.imaging.guided import rows_resized
from limner_server.imaging.light import LUMA
from limner_server.imaging.membrane import stretched_over
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Photo, Plane
    from limner_server.imaging.fitting import Strands
    from limner_server.imaging.geometry import Region
    from limner_server.imaging.skull import Head

HAIR: Final = 3
"""The least alpha of hair, of 255, that is taken away."""

REACH: Final = 0.5
"""Units of a head by which what is taken away is wider than the hair that was seen."""

FEATHER: Final = 0.07
"""Units: half the width over which what is painted gives way to the photo, within that reach."""

COVERED: Final = 250
"""Alpha of new hair, of 255, from which on nothing shows beneath it."""

WORK_PX: Final = 384
"""Longest edge at which colors are matched; the network painted fewer."""

AROUND: Final = 1.2
"""Units of a head around the hole that tell what its edge is to match."""

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


@dataclass(frozen=True, eq=False)
class Hole:
    """Where hair is taken away from a photo."""

    rows: slice
    """Of the photo, with what lies around the hole."""
    columns: slice
    hair: Flags
    """hxw bool: where old hair may be; of this nothing may be believed."""
    opened: Plane
    """hxw uint8: how much of what is painted shows, of 255; none where new hair covers it."""
    unit: float
    """Pixels for a centimeter of the head."""


def hole_of(hair: Plane, strands: Strands | None, unit: float) -> Hole | None:
    """Return the hole that old hair leaves beneath new; None where nothing is left open.

    Args:
        hair: HxW uint8, the old hair's share.
        strands: The new hair, in the same photo; None for none.
        unit: Pixels for a centimeter of the head.
    """
    old = hair >= HAIR
    if not old.any():
        return None
    feather = max(1, round(FEATHER * unit))
    reach = max(4 * feather, REACH * unit)
    down, across = around(old, round(reach + AROUND * unit) + 2)
    rows, columns = (
        slice(span.start, min(span.stop, extent))
        for span, extent in zip((down, across), hair.shape, strict=True)
    )
    wide = grown(np.where(old[rows, columns], np.uint8(255), np.uint8(0)), reach)
    soft = shrunk(wide, 2 * feather)
    opened = np.asarray(cv2.blur(soft, (2 * feather + 1, 2 * feather + 1)), np.uint8)
    if strands is not None:
        opened[_covered(strands, (rows, columns), feather)] = 0
    return Hole(rows, columns, wide > 0, opened, unit) if opened.any() else None


def lay_beneath(
    photo: Photo, hole: Hole, painted: Photo, region: Region, head: Head, seed: int = 0
) -> Photo:
    """Return a photo with what lies beneath its hair where that was taken away.

    What was painted is moved, smoothly, by what it differs from the photo by around the hole, so
    that it meets it there: the head by its skin alone, the background by what is around the head.
    Beyond the network's crop the surroundings go on. It gets the photo's own noise.

    Args:
        photo: HxWx3 uint8, sRGB.
        hole: Where.
        painted: SxSx3 uint8, sRGB: a head without its hair, as the network painted it.
        region: The square of the photo that it shows.
        head: Whose hair it was, in pixels of the photo.
        seed: Of the noise.

    Returns:
        HxWx3 uint8; where `hole.opened` is 0 bit-identical.

    Source: Perez, Gangnet and Blake, Poisson Image Editing, SIGGRAPH 2003: the guided membrane.
    """
    part = photo[hole.rows, hole.columns]
    own = head.moved(-hole.columns.start, -hole.rows.start)
    matched = _matched(part, hole, painted, region, own)
    noise = noise_of(seed) * grain_of(part, ~hole.hair)
    result = photo.copy()
    target = result[hole.rows, hole.columns]
    across = np.arange(part.shape[1]) % TILE

    def lay(rows: slice) -> None:
        opened = hole.opened[rows]
        shown = opened > 0
        down = np.arange(rows.start, rows.stop) % TILE
        laid = rows_resized(matched, rows, *hole.opened.shape)[shown]
        laid += noise[np.ix_(down, across)][shown][:, None]
        share = opened[shown][:, None] / np.float32(255)
        mixed = part[rows][shown] * (1 - share) + laid * share
        target[rows][shown] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)

    each_strip(0, len(part), lay)
    return result


def hole_in_crop(hole: Hole, region: Region, size: int) -> Plane:
    """Return 255 where the old hair is in a network's crop, else 0; size x size uint8.

    Args:
        hole: Of the photo.
        region: The square of the photo that the crop shows.
        size: Pixels a side.
    """
    shifted = replace(
        region,
        center_x=region.center_x - hole.columns.start,
        center_y=region.center_y - hole.rows.start,
    )
    hair = np.repeat(hole.hair[..., None].astype(np.uint8) * 255, 3, -1)
    seen = crop(hair, shifted, size, size)[..., 0]
    return np.where(seen > 0, np.uint8(255), np.uint8(0))


def skull_in_crop(head: Head, region: Region, size: int) -> Plane:
    """Return how much of each pixel of a network's crop is skull or face, of 255.

    Args:
        head: In the photo.
        region: The square of the photo that the crop shows.
        size: Pixels a side.
    """
    points = np.concatenate([head.skull, head.oval]).astype(np.float32)
    hull = cv2.convexHull(unit_of(region, points))
    plane = np.zeros((size, size), np.uint8)
    sixteenths = np.rint(hull * (16 * size)).astype(np.int32)
    cv2.fillConvexPoly(plane, sixteenths, (255,), cv2.LINE_AA, 4)
    return plane


def _covered(strands: Strands, hole: tuple[slice, slice], margin: int) -> Flags:
    """Return where new hair hides all beneath it, and around that too, over a part of a photo."""
    plane = np.zeros([span.stop - span.start for span in hole], np.uint8)
    inner, outer = [], []
    for span, own in zip(hole, (strands.rows, strands.columns), strict=True):
        start, stop = max(span.start, own.start), min(span.stop, own.stop)
        inner.append(slice(start - span.start, max(start, stop) - span.start))
        outer.append(slice(start - own.start, max(start, stop) - own.start))
    plane[tuple(inner)] = np.where(strands.alpha[tuple(outer)] >= COVERED, np.uint8(255), 0)
    covered: Flags = shrunk(plane, margin) > 0
    return covered


def _matched(part: Photo, hole: Hole, painted: Photo, region: Region, head: Head) -> Floats:
    """Return what lies beneath, hxwx3 float32 of 255, in the colors of what is around it."""
    factor = min(1.0, WORK_PX / max(part.shape[:2]))
    width, height = (max(2, round(extent * factor)) for extent in part.shape[1::-1])
    hair = cv2.resize(hole.hair.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    known = hair <= 0
    around_it = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    if not known.any():
        known[:] = True  # nothing is seen but hair: the network alone knows
        around_it = np.zeros_like(around_it)
    guide, believed = _placed(painted, region, hole, (width, height))
    goes_on = stretched_over(around_it, known)
    guide = believed[..., None] * guide + (1 - believed[..., None]) * goes_on
    off = around_it - guide
    face, skull = _outlined(head, part.shape, (width, height))
    laid = guide + _blended(off, known, face | skull, hole.unit * factor)
    return laid + _tone(laid, around_it, known, (face, skull), hole.unit * factor)


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
    share = cv2.GaussianBlur(rise.astype(np.float32), (0, 0), max(EDGE * unit, 0.5))
    share[known] = 0
    return np.asarray(share[..., None] * apart, np.float32)


def _blended(off: Floats, known: Flags, skin: Flags, unit: float) -> Floats:
    """Return a difference stretched over a hole, that of skin and that of all else apart."""
    sides = [known & skin, known & ~skin]
    if not all(side.any() for side in sides):
        sides = [known, known]
    own, other = (stretched_over(_calm(off, side), side) for side in sides)
    share = cv2.GaussianBlur(skin.astype(np.float32), (0, 0), max(EDGE * unit, 0.5))[..., None]
    return other + share * (own - other)


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
