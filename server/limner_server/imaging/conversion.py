"""What becomes of a small picture of hair: the answer of a generator, or of none, made good."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

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
    every = -(-np.count_nonzero(weight) // MAX_ASKED)
    if every > 1:
        steps = np.arange(side, dtype=np.uint16)
        weight[(3 * steps[:, None] + steps) % np.uint16(every) != 0] = 0
    return Look((rows, columns), picture, weight)


class Conversion:
    """What the hair in a small picture is to become, made ready before a generator has answered."""

    def __init__(self, look: Look, found: Lab, wanted: Lab) -> None:
        """Measure the hair.

        Args:
            look: The picture and its hair.
            found: CIELAB of the hair as it is.
            wanted: CIELAB of the hair as it shall be.
        """
        self._look = look
        self._wanted = wanted
        self._hair = look.weight > 0
        self.before: Floats = look.picture[self._hair].astype(np.float32) / 255
        """Nx3, sRGB in [0, 1]: the hair's colors."""
        self._change = recolor.Change(self.before, found, wanted)
        weight = look.weight[self._hair]
        self._sure = weight >= min(SURE, float(look.weight.max()))

    def helped(self, answer: Floats | None, *, keep_highlights: bool) -> Floats | None:
        """Return what the hair is to become by a generator's answer.

        Args:
            answer: SxSx3 float32, sRGB in [0, 1]; None where no generator answered.
            keep_highlights: Whether gleam keeps the color of the lamp.

        Returns:
            Nx3 float32, sRGB in [0, 1]; None where the answer leads away from the color wanted.
        """
        if answer is None:
            return None
        moves = self._change.moves(answer[self._hair])
        if not self._change.is_helped(moves):
            return None
        return self._finished(self._change.corrected(moves), keep_highlights=keep_highlights)

    def unhelped(self, *, keep_highlights: bool) -> Floats:
        """Return what the hair is to become by the closed form, Nx3 float32, sRGB in [0, 1]."""
        picture = self._look.picture.astype(np.float32) / 255
        near = recolor.colors_around(picture, self._look.weight)[self._hair]
        return self._finished(self._change.recolored(near), keep_highlights=keep_highlights)

    def _finished(self, after: Floats, *, keep_highlights: bool) -> Floats:
        """Return recolored hair, taken no farther than where it is nearest to the wanted color."""
        if keep_highlights:
            after = self._change.gleaming(after)
        sure = self._sure
        share = recolor.arrival(self.before[sure], after[sure], self._wanted)
        finished: Floats = self.before + np.float32(share) * (after - self.before)
        return finished


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
