"""The head and the background that hair hid, as a network paints them, laid into the photo."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.face_parts import grown, shrunk
from limner_server.imaging.geometry import around, crop, unit_of
from limner_server.imaging.grain import TILE, grain_of, noise_of
from limner_server.imaging.guided import rows_resized
from limner_server.imaging.repainting import repainted
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags, Floats, Photo, Plane
    from limner_server.imaging.fitting import Strands
    from limner_server.imaging.geometry import Region
    from limner_server.imaging.skull import Head
    from limner_server.imaging.wall import Wall

HAIR: Final = 3
"""The least alpha of hair, of 255, that is taken away."""

REACH: Final = 0.5
"""Units of a head by which what is taken away is wider than the hair that was seen."""

FEATHER: Final = 0.07
"""Units: half the width over which what is painted gives way to the photo, within that reach."""

COVERED: Final = 250
"""Alpha of new hair, of 255, from which on nothing shows beneath it."""

AROUND: Final = 1.2
"""Units of a head around the hole that tell what its edge is to match."""


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


def hole_of(hair: Plane, strands: Strands | None, unit: float, reach: float = REACH) -> Hole | None:
    """Return the hole that old hair leaves beneath new; None where nothing is left open.

    Args:
        hair: HxW uint8, the old hair's share.
        strands: The new hair, in the same photo; None for none.
        unit: Pixels for a centimeter of the head.
        reach: Units by which the hole is wider than the hair.
    """
    old = hair >= HAIR
    if not old.any():
        return None
    feather = max(1, round(FEATHER * unit))
    beyond = max(4 * feather, reach * unit)
    down, across = around(old, round(beyond + AROUND * unit) + 2)
    rows, columns = (
        slice(span.start, min(span.stop, extent))
        for span, extent in zip((down, across), hair.shape, strict=True)
    )
    wide = grown(np.where(old[rows, columns], np.uint8(255), np.uint8(0)), beyond)
    soft = shrunk(wide, 2 * feather)
    opened = np.asarray(cv2.blur(soft, (2 * feather + 1, 2 * feather + 1)), np.uint8)
    if strands is not None:
        opened[_covered(strands, (rows, columns), feather)] = 0
    return Hole(rows, columns, wide > 0, opened, unit) if opened.any() else None


def lay_beneath(
    photo: Photo,
    hole: Hole,
    painted: Photo,
    region: Region,
    head: Head,
    wall: Wall | None = None,
    seed: int = 0,
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
        wall: Where nobody is, in the same photo; None where that is not known.
        seed: Of the noise.

    Returns:
        HxWx3 uint8; where `hole.opened` is 0 bit-identical.

    Source: Perez, Gangnet and Blake, Poisson Image Editing, SIGGRAPH 2003: the guided membrane.
    """
    part = photo[hole.rows, hole.columns]
    own = head.moved(-hole.columns.start, -hole.rows.start)
    return laid_into(photo, hole, repainted(part, hole, painted, region, own, wall), seed)


def laid_into(photo: Photo, hole: Hole, beneath: Floats, seed: int = 0) -> Photo:
    """Return a photo with something laid into a hole, as far as that is opened.

    Args:
        photo: HxWx3 uint8, sRGB.
        hole: Where.
        beneath: hxwx3 float32 of 255, over the hole's part of the photo, which may have more
            pixels. It gets the photo's own noise.
        seed: Of the noise.
    """
    part = photo[hole.rows, hole.columns]
    noise = noise_of(seed) * grain_of(part, ~hole.hair)
    result = photo.copy()
    target = result[hole.rows, hole.columns]
    across = np.arange(part.shape[1]) % TILE

    def lay(rows: slice) -> None:
        opened = hole.opened[rows]
        shown = opened > 0
        down = np.arange(rows.start, rows.stop) % TILE
        laid = rows_resized(beneath, rows, *hole.opened.shape)[shown]
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
