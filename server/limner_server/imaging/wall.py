"""What is behind people, as far as it is seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags

CORE: Final = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class Wall:
    """Where nobody is, over a part of a photo."""

    rows: slice
    """Of the photo."""
    columns: slice
    bare: Flags
    """hxw bool, over that part at any number of pixels."""

    def moved(self, across: int, down: int) -> Wall:
        """Return it in a photo that begins elsewhere, so many pixels to the left and above."""
        rows, columns = (
            slice(span.start + by, span.stop + by)
            for span, by in ((self.rows, down), (self.columns, across))
        )
        return replace(self, rows=rows, columns=columns)

    def over(self, rows: slice, columns: slice, size: tuple[int, int]) -> Flags:
        """Return it over another part of the photo.

        Args:
            rows: Of the photo.
            columns: Of the photo.
            size: Columns and rows that the result has.

        Returns:
            bool of that size; False where nothing is known, and a pixel around all that is not
            bare: people's edges tint it.
        """
        onto = np.zeros((2, 3), np.float64)
        spans = ((columns, self.columns), (rows, self.rows))
        for axis, ((wanted, own), pixels) in enumerate(
            zip(spans, self.bare.shape[::-1], strict=True)
        ):
            fewer = pixels / (own.stop - own.start)
            step = (wanted.stop - wanted.start) / size[axis]
            onto[axis, axis] = step * fewer
            onto[axis, 2] = (0.5 * step + wanted.start - own.start) * fewer - 0.5
        bare = self.bare.view(np.uint8) * np.uint8(255)
        seen = cv2.warpAffine(bare, onto, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        return cv2.erode(seen, CORE, borderValue=255) > 254  # type: ignore[call-overload,no-any-return]
