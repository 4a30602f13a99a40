"""Hair taken off one head, with all that is needed to put it on another."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.appearance import Appearance, appearance_of
from limner_server.imaging.fitting import Strands
from limner_server.imaging.geometry import around
from limner_server.imaging.inner_side import colored, inner_side
from limner_server.imaging.light import Light, light_of
from limner_server.imaging.own_hair import cleared, firm_before_face
from limner_server.imaging.skull import Head, beneath_hair, head_of

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo, Plane, Points

FADED: Final = 1.5
"""Units of a head over which hair fades out towards an edge of its photo that cuts it."""


@dataclass(frozen=True, eq=False)
class Wig:
    """A head's hair, taken off."""

    strands: Strands
    """In the photo that it comes from."""
    head: Head
    """That it comes from, in pixels of the same photo."""
    appearance: Appearance
    light: Light | None
    """On that head's face; None where too little of its skin shows."""
    width: int
    """Of the photo, in pixels."""

    @property
    def nbytes(self) -> int:
        """Memory that it holds, about."""
        return self.strands.colors.nbytes + self.strands.alpha.nbytes

    def mirrored(self) -> Wig:
        """Return the wig of the photo's mirror image."""
        held = self.strands
        strands = Strands(
            np.ascontiguousarray(held.colors[:, ::-1]),
            np.ascontiguousarray(held.alpha[:, ::-1]),
            held.rows,
            slice(self.width - held.columns.stop, self.width - held.columns.start),
        )
        light = self.light.mirrored() if self.light else None
        return replace(self, strands=strands, head=self.head.mirrored(self.width), light=light)


def wig_of(photo: Photo, alpha: Plane, foreground: Photo, landmarks: Points) -> Wig:
    """Return a head's hair.

    Args:
        photo: HxWx3 uint8, sRGB.
        alpha: HxW uint8, the hair's share; at least one pixel above 0.
        foreground: HxWx3 uint8, the hair's own colors, as `foreground.estimate_foreground` tells.
        landmarks: 478x3 float32, pixels of the photo.

    Raises:
        ValueError: There is no hair.
    """
    own = cleared(alpha, landmarks)
    if not own.any():
        raise ValueError("there is no hair to take off")
    head = beneath_hair(head_of(landmarks), own)
    rows, columns = box = tuple(
        slice(span.start, min(span.stop, extent))
        for span, extent in zip(around(own > 0, 2), alpha.shape, strict=True)
    )
    here = head.moved(-columns.start, -rows.start)
    light = light_of(photo, landmarks, alpha)
    appearance = appearance_of(foreground[box], own[box], head.unit)
    colors, whole = _with_inner_side(photo[box], own[box], foreground[box], here, light, appearance)
    firm = firm_before_face(whole, here)
    faded = np.rint(firm * _fade(firm, box, alpha.shape, FADED * head.unit)).astype(np.uint8)
    return Wig(Strands(colors, faded, rows, columns), head, appearance, light, photo.shape[1])


def _with_inner_side(
    photo: Photo, alpha: Plane, colors: Photo, head: Head, light: Light | None, look: Appearance
) -> tuple[Photo, Plane]:
    """Return hair's colors and its share with its inner side, as far as that can be told."""
    if light is None:
        return colors.copy(), alpha
    inner = inner_side(photo, alpha, head, light)
    whole = np.maximum(alpha, np.rint(inner.share * 255).astype(np.uint8))
    return colored(colors, alpha, inner, look, head.unit), whole


def _fade(alpha: Plane, box: tuple[slice, ...], extent: tuple[int, ...], reach: float) -> Floats:
    """Return how much of cut hair stays: none at the photo's edge that cuts it, hxw in [0, 1]."""
    stays = np.ones(alpha.shape, np.float32)
    edges = (
        (box[0].start == 0, alpha[0], (slice(None), None)),
        (box[0].stop == extent[0], alpha[-1], (slice(None, None, -1), None)),
        (box[1].start == 0, alpha[:, 0], (None, slice(None))),
        (box[1].stop == extent[1], alpha[:, -1], (None, slice(None, None, -1))),
    )
    for at_edge, rim, along in edges:
        if at_edge and rim.any():
            length = alpha.shape[0 if along[1] is None else 1]
            ramp = np.clip(np.arange(length, dtype=np.float32) / reach, 0, 1)
            stays *= (ramp * ramp * (3 - 2 * ramp))[along]
    return stays
