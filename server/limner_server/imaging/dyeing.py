"""Lays a change of color over the hair of a photo, at the photo's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from limner_server.imaging.color_grid import ACROSS, LEVELS, LUMA
from limner_server.imaging.geometry import around
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo, Plane
    from limner_server.imaging.color_grid import ColorGrid
    from limner_server.imaging.foreground import Layers

    Box = tuple[slice, slice]
    """Rows and columns."""


class Canvas:
    """A copy of a photo, made ready for its hair to be dyed."""

    def __init__(self, photo: Photo, alpha: Plane, layers: Layers | None) -> None:
        """Copy the photo.

        Args:
            photo: HxWx3 uint8, sRGB.
            alpha: HxW uint8, share of hair.
            layers: Hair and background where they mix. Then only the hair's own part changes and
                the mixture stays true: O = I + strength * alpha * (U(F) - F), U the maps. With
                None the photo itself goes through the maps: O = I + strength * alpha * (U(I) - I).

        Source: the second form is JP6921924B2's (S107), alpha * Y + (1 - alpha) * I.
        """
        self._photo = photo.copy()
        self._alpha = alpha
        self._layers = layers
        hair = alpha > 0
        self._box = around(hair, 0) if hair.any() else None

    def dyed(self, grid: ColorGrid, square: Box, strength: float) -> Photo:
        """Return the photo, its hair gone through the maps of a grid; once only.

        Args:
            grid: What becomes of each color.
            square: Rows and columns of the photo that the grid covers; the maps at its edge hold
                beyond.
            strength: How much of the change is laid on, in [0, 1].

        Returns:
            HxWx3 uint8, sRGB. Bit-identical where alpha is 0, and all of it at strength 0.
        """
        if strength == 0 or self._box is None:
            return self._photo
        from limner_server.imaging.loops import dye_rows  # noqa: PLC0415, see loops.warm

        rows, columns = self._box
        x = _cells(columns, square[1])
        luma = LUMA * np.float32((LEVELS - 1) / 255)

        def dye_strip(strip: slice) -> None:
            cells = (grid.maps, _cells(strip, square[0]), x)
            mix = _placed(self._layers, strip, columns)
            # machine code is made for one kind of array, contiguous and writable
            share = np.array(self._alpha[strip, columns], order="C")
            dye_rows(self._photo[strip], columns.start, share, mix, cells, float(strength), luma)

        each_strip(rows.start, rows.stop, dye_strip)
        return self._photo


def _cells(span: slice, cover: slice) -> Floats:
    """Return where pixels of the photo lie between the middles of the grid's cells."""
    places = (np.arange(span.start, span.stop) + 0.5 - cover.start) / (cover.stop - cover.start)
    cells: Floats = np.clip(places * (ACROSS - 1), 0, ACROSS - 1).astype(np.float32)
    return cells


def _placed(layers: Layers | None, rows: slice, columns: slice) -> tuple[Floats, Floats, Floats]:
    """Return the layers' colors, and where a part's rows and columns lie between their pixels."""
    if layers is None:
        nowhere = np.empty(0, np.float32)
        return np.empty((0, 0, 6), np.float32), nowhere, nowhere
    high, wide = layers.colors.shape[:2]
    places = _middles(rows, layers.rows, high), _middles(columns, layers.columns, wide)
    return layers.colors, *places


def _middles(span: slice, cover: slice, extent: int) -> Floats:
    """Return where pixels of the photo lie between the middles of a layer's pixels."""
    share = extent / (cover.stop - cover.start)
    places = (np.arange(span.start, span.stop) + 0.5 - cover.start) * share - 0.5
    kept: Floats = np.clip(places, 0, extent - 1).astype(np.float32)
    return kept
