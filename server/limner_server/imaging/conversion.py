"""What becomes of a small picture of hair: the answer of a generator, or of none, made good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.color import ciede2000
from limner_server.imaging import recolor
from limner_server.imaging.geometry import around, averaged

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo, Plane

    Lab = tuple[float, float, float]
    Box = tuple[slice, slice]
    """Rows and columns."""

MARGIN: Final = 0.15
"""Of the longer edge of the hair's box that a generator sees on every side of it."""

MAX_ASKED: Final = 4_000
"""Pixels of hair by which a change of color is told; a grid has a quarter as many cells."""

SURE: Final = 0.95
"""Share of hair from which a pixel's color is the hair's."""


@dataclass(frozen=True, eq=False)
class Look:
    """A small square picture of the hair and what surrounds it."""

    square: Box
    """Where in the photo it was taken."""
    picture: Photo
    """SxSx3 uint8, sRGB."""
    weight: Floats
    """SxS float32 in [0, 1], share of hair; 0 for pixels that need not be asked because their
    neighbors are."""


def look_at(photo: Photo, alpha: Plane, side: int) -> Look:
    """Return the square around the hair at the size that a generator sees.

    Args:
        photo: HxWx3 uint8, sRGB.
        alpha: HxW uint8, share of hair, above 0 somewhere.
        side: Of the picture in pixels.

    Source: METHODS B.e6. Ours is as square as the photo allows, so that strands keep their lie.
    """
    box = around(alpha >= min(128, int(alpha.max())), 0)
    longest = max(span.stop - span.start for span in box)
    edge = round(longest * (1 + 2 * MARGIN))
    rows, columns = (
        _span(span, edge, extent) for span, extent in zip(box, alpha.shape, strict=True)
    )
    picture = _sized(photo[rows, columns], side)
    weight = _sized(alpha[rows, columns], side).astype(np.float32) / 255
    y, x = np.ogrid[:side, :side]
    every = -(-np.count_nonzero(weight) // MAX_ASKED)
    weight[(3 * y + x) % max(1, every) != 0] = 0
    return Look((rows, columns), picture, weight)


def convert(
    look: Look, found: Lab, wanted: Lab, answer: Floats | None, *, keep_highlights: bool
) -> Floats:
    """Return what the hair in a small picture is to become.

    Args:
        look: The picture and its hair.
        found: CIELAB of the hair as it is.
        wanted: CIELAB of the hair as it shall be.
        answer: SxSx3 float32, sRGB in [0, 1]: what a generator made of it; None for the closed
            form.
        keep_highlights: Whether gleam keeps the color of the lamp.

    Returns:
        SxSx3 float32, sRGB in [0, 1]; the picture itself where nothing is hair, and everywhere
        when both colors are the same.
    """
    picture = look.picture.astype(np.float32) / 255
    hair = look.weight > 0
    before = picture[hair]
    if answer is None:
        near = recolor.colors_around(picture, look.weight)[hair]
        after = recolor.recolor(before, near, found, wanted)
    else:
        after = recolor.corrected(before, answer[hair], found, wanted)
    if keep_highlights:
        after = recolor.gleaming(before, after, found, wanted)
    sure = look.weight[hair] >= min(SURE, float(look.weight.max()))
    share = recolor.arrival(before[sure], after[sure], wanted)
    converted = picture.copy()
    converted[hair] = before + np.float32(share) * (after - before)
    return converted


def helps(look: Look, answer: Floats, found: Lab, wanted: Lab) -> bool:
    """Return whether a generator's answer brings the hair nearer to the wanted color at all.

    Args:
        look: What the generator saw.
        answer: SxSx3 float32, sRGB in [0, 1].
        found: CIELAB of the hair as it is.
        wanted: CIELAB of the hair as it shall be.
    """
    hair = look.weight > 0
    moved = recolor.way(look.picture[hair], answer[hair], found)
    return bool(
        ciede2000(np.array(found) + moved, np.array(wanted))
        < ciede2000(np.array(found), np.array(wanted))
    )


def _span(span: slice, edge: int, extent: int) -> slice:
    """Return a length around a span, moved inside an extent; the extent where it is shorter."""
    edge = min(edge, extent)
    start = min(max(0, (span.start + span.stop - edge) // 2), extent - edge)
    return slice(start, start + edge)


def _sized(piece: Photo | Plane, side: int) -> Photo:
    """Return a piece of a photo as a square, averaged by area where it shrinks."""
    if min(piece.shape[:2]) > side:
        return averaged(piece, side, side)
    return cv2.resize(piece, (side, side), interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]
