"""A head's own hair in another look: it keeps its shape, and all that shines through it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Photo, Plane


def restyle(photo: Photo, alpha: Plane, before: Photo, after: Photo) -> tuple[Photo, Plane]:
    """Return a photo whose hair has other colors, and where a bit may have changed.

    What the colors differ by is added as far as a pixel is hair, so that the background between
    the strands keeps its own.

    Args:
        photo: HxWx3 uint8, sRGB.
        alpha: HxW uint8, the hair's share.
        before: HxWx3 uint8, sRGB of hair alone, as it is.
        after: The same as it shall be.

    Returns:
        HxWx3 uint8, sRGB, and HxW uint8: 255 where it may differ from the photo, else 0.
    """
    restyled = photo.copy()

    def add(rows: slice) -> None:
        held = alpha[rows] > 0
        share = alpha[rows][held][:, None] / np.float32(255)
        change = after[rows][held].astype(np.float32) - before[rows][held]
        restyled[rows][held] = np.clip(np.rint(photo[rows][held] + share * change), 0, 255)

    each_strip(0, len(photo), add)
    return restyled, np.where((restyled != photo).any(-1), np.uint8(255), np.uint8(0))
