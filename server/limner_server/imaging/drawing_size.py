"""The sizes a photo is drawn at: its lines' own, a network's, a thumbnail's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Photo

USUAL_EDGE: Final = 1500
"""Longest edge in pixels at which a line of width 1 is drawn."""
STRIDE: Final = 4
"""Sides that a network takes are multiples of it."""
LEAST: Final = 16
"""Pixels a side that a network takes at least."""
FRAME: Final = 16
"""Pixels that a picture is mirrored by on every side: beyond its edge a network sees black, and
would draw a line along it. A multiple of STRIDE."""
THUMBNAIL: Final = 192
"""Longest edge of a thumbnail in pixels."""


def drawing_size(height: int, width: int, line_width: float) -> tuple[int, int]:
    """Return height and width at which a photo is drawn, never more than its own.

    Args:
        height: Of the photo in pixels, at least 1.
        width: Of the photo in pixels, at least 1.
        line_width: In [0.25, 4]; lines are that many times as wide as usual.
    """
    longest = max(height, width)
    factor = min(1.0, round(USUAL_EDGE / line_width) / longest)
    return max(1, round(height * factor)), max(1, round(width * factor))


def reduced(photo: Photo, height: int, width: int) -> Photo:
    """Return a photo at another size, its pixels averaged by area where there are more."""
    if photo.shape[:2] == (height, width):
        return photo
    return cv2.resize(photo, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def filled_up(picture: Photo, frame: int = 0) -> Photo:
    """Return a picture mirrored at its edges until a network takes its sides.

    Args:
        picture: HxWx3 uint8.
        frame: Pixels that are added on every side at least, a multiple of STRIDE; on the right
            and below a few more.
    """
    height, width = picture.shape[:2]
    below, beside = (_taken(extent + 2 * frame) - extent - frame for extent in (height, width))
    if not (below or beside):
        return picture
    mirrored = cv2.BORDER_REFLECT_101
    return cv2.copyMakeBorder(picture, frame, below, frame, beside, mirrored)  # type: ignore[return-value]


def thumbnail(picture: Photo) -> Photo:
    """Return the whole of a picture, made small for a network to take its measure.

    Args:
        picture: HxWx3 uint8, sides as `filled_up` makes them.
    """
    height, width = picture.shape[:2]
    factor = min(1.0, THUMBNAIL / max(height, width))
    sides = (max(LEAST, round(extent * factor / STRIDE) * STRIDE) for extent in (height, width))
    return reduced(picture, *sides)


def _taken(extent: int) -> int:
    return max(LEAST, -(-extent // STRIDE) * STRIDE)
