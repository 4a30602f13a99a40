"""The guided filter: makes a soft map follow the edges of a photo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Matte, Photo


class Guide:
    """How a photo's colors vary around each pixel: what any map that follows them is fitted by."""

    def __init__(self, photo: Photo, radius: int) -> None:
        """Measure a photo, HxWx3 uint8 sRGB, in square windows of a radius of at least 1 pixel."""
        self._box = (2 * radius + 1, 2 * radius + 1)
        self._colors = photo.astype(np.float32) / 255
        self._means = self._mean(self._colors)
        red, green, blue = cv2.split(self._colors)
        pairs = [red * red, red * green, red * blue, green * green, green * blue, blue * blue]
        self._products = self._mean(cv2.merge(pairs))  # type: ignore[arg-type]

    def linear_model(self, soft: Matte, epsilon: float) -> Floats:
        """Return the linear function of color that a map follows around each pixel.

        Args:
            soft: HxW float32, any range, of the photo's size.
            epsilon: Variance of color, of [0, 1] squared, below which a window counts as even.

        Returns:
            HxWx4 float32: a factor for each of R, G, B in [0, 1], and an offset.

        Source: He, Sun and Tang, Guided Image Filtering, PAMI 2013, equations 19 to 21.
        """
        from limner_server.imaging.loops import fit_rows  # noqa: PLC0415, see loops.warm

        crossed = self._mean(self._colors * soft[..., None])
        model = np.empty((*soft.shape, 4), np.float32)
        fit_rows(self._means, self._products, self._mean(soft), crossed, epsilon, model)
        return self._mean(model)

    def _mean(self, image: Floats) -> Floats:
        return cv2.blur(image, self._box, borderType=cv2.BORDER_REFLECT)  # type: ignore[return-value]


def follow(photo: Photo, model: Floats) -> Matte:
    """Return a linear model's map for a photo that may be larger than the one it was fitted to.

    Args:
        photo: HxWx3 uint8, sRGB.
        model: hxwx4 float32 from `Guide.linear_model`.

    Returns:
        HxW float32, clipped to [0, 1].

    Source: He and Sun, Fast Guided Filter, 2015: fit small, apply large.
    """
    from limner_server.imaging.loops import follow_rows  # noqa: PLC0415, see loops.warm

    height, width = photo.shape[:2]
    y, x = between(height, model.shape[0]), between(width, model.shape[1])
    result = np.empty((height, width), np.float32)

    def follow_strip(rows: slice) -> None:
        own = np.array(photo[rows], order="C")  # machine code is made for one kind of array
        follow_rows(own, (model, y[rows], x), result[rows])

    each_strip(0, height, follow_strip)
    return result


def between(many: int, few: int) -> Floats:
    """Return where the middles of many pixels lie between those of few along the same length."""
    places: Floats = np.clip((np.arange(many) + 0.5) * few / many - 0.5, 0, few - 1)
    return places.astype(np.float32)


def rows_resized(image: Floats, rows: slice, height: int, width: int) -> Floats:
    """Return some rows of an image resized to height x width, without resizing all of it.

    Args:
        image: hxwxC float32, any range.
        rows: Which of the resized image's rows; start and stop given.
        height: Of the whole resized image in pixels.
        width: Of the whole resized image in pixels.

    Returns:
        nxwidthxC float32, bilinear between pixel middles.
    """
    high, wide = image.shape[:2]
    if (high, wide) == (height, width):
        return image[rows]
    y = (np.arange(rows.start, rows.stop) + 0.5) * (high / height) - 0.5
    y = np.clip(y, 0, high - 1)
    above = y.astype(np.intp)
    below = np.minimum(above + 1, high - 1)
    share = (y - above).astype(np.float32)[:, None, None]
    tall = image[above] * (1 - share) + image[below] * share
    wide_rows: Floats = cv2.resize(tall, (width, len(y)), interpolation=cv2.INTER_LINEAR)
    return wide_rows
