"""What a drawing does for the faces in it: a share of its colors, and lines with a lighter hand.

Image processing counts a face for no more than the wall behind it; people do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Photo
    from limner_server.imaging.detection import Detection

ACROSS, DOWN = 0.6, 0.65
"""Half axes of the oval that stands for a face, as shares of the box it was detected in."""
SHARE: Final = 0.35
"""Of the pixels that a photo's colors are found among: so many are taken from faces alone."""
LIGHTER, FAINTER = 0.15, 0.45
"""How much of every line is taken away in a face, and how much more of the faintest."""
FADED = (0.75, 1.25)
"""Distances from an oval's middle, in half axes, between which a lighter hand fades out."""


@dataclass(frozen=True)
class Oval:
    """A face as an upright ellipse, in pixels."""

    x: float
    y: float
    across: float
    """Half its width, above 0."""
    down: float
    """Half its height, above 0."""

    @classmethod
    def around(cls, face: Detection) -> Oval:
        """Return the oval of a face that was detected."""
        x, y = (face.left + face.right) / 2, (face.top + face.bottom) / 2
        return cls(x, y, max(1.0, ACROSS * face.width), max(1.0, DOWN * face.height))

    def times(self, factor: float) -> Oval:
        """Return the same face in a picture that is `factor` times as large."""
        return Oval(self.x * factor, self.y * factor, self.across * factor, self.down * factor)

    def distances(self, rows: slice, columns: slice) -> Floats:
        """Return how far pixels are from the middle, in half axes, HxW."""
        down = (np.arange(rows.start, rows.stop, dtype=np.float32) - self.y) / self.down
        across = (np.arange(columns.start, columns.stop, dtype=np.float32) - self.x) / self.across
        far: Floats = np.hypot(down[:, None], across[None, :]).astype(np.float32)
        return far

    def within(self, height: int, width: int, reach: float = 1.0) -> tuple[slice, slice]:
        """Return rows and columns of a picture up to `reach` half axes from the middle."""
        return (
            _span(self.y, self.down * reach, height),
            _span(self.x, self.across * reach, width),
        )


def sample_colors(
    picture: Photo, ovals: Sequence[Oval], count: int, rng: np.random.Generator
) -> Photo:
    """Return pixels to find a picture's colors among, Nx3: a share of them from its faces.

    Args:
        picture: HxWx3 uint8.
        ovals: Its faces; of those beyond its edges nothing is taken.
        count: How many pixels; all are taken where it has no more and shows no face.
        rng: Decides which.
    """
    pixels = picture.reshape(-1, 3)
    faces = [_inside(picture, oval) for oval in ovals]
    shown = np.concatenate([face for face in faces if len(face)] or [pixels[:0]])
    if not len(shown):
        return pixels if len(pixels) <= count else pixels[rng.integers(0, len(pixels), count)]
    theirs = round(SHARE * count)
    return np.concatenate(
        [
            shown[rng.integers(0, len(shown), theirs)],
            pixels[rng.integers(0, len(pixels), count - theirs)],
        ]
    )


def ease_lines(fields: NDArray[np.int16], ovals: Sequence[Oval]) -> None:
    """Draw lines in faces with a lighter hand, in place.

    Args:
        fields: HxWx4 int16, the last of them how much of a pixel is line, 32767 times a value in
            [0, 1].
        ovals: The faces, in these pixels.
    """
    height, width, _ = fields.shape
    near, far = FADED
    for oval in ovals:
        rows, columns = oval.within(height, width, far)
        line = fields[rows, columns, 3].astype(np.float32) * np.float32(1 / 32767)
        much = np.clip((far - oval.distances(rows, columns)) / (far - near), 0, 1)
        eased = line * (1 - FAINTER * much * (1 - line)) * (1 - LIGHTER * much)
        fields[rows, columns, 3] = (eased * 32767 + 0.5).astype(np.int16)


def _inside(picture: Photo, oval: Oval) -> Photo:
    """Return a face's pixels, Nx3."""
    rows, columns = oval.within(*picture.shape[:2])
    return picture[rows, columns][oval.distances(rows, columns) < 1]


def _span(middle: float, reach: float, extent: int) -> slice:
    start, stop = (min(max(int(end), 0), extent) for end in (middle - reach, middle + reach + 1))
    return slice(start, stop)
