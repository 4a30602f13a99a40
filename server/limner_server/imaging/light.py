"""The light on a face: how bright and of what tint it makes skin, and from which side it comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_registry.color import LIGHT_OF_BYTE, linear_to_srgb
from limner_server.imaging.face_parts import below_brows, center_of
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Floats, Photo, Plane, Points
    from limner_server.imaging.skull import Head
    from limner_server.imaging.thin_plate import Places

LUMA: Final = np.array((0.2126, 0.7152, 0.0722), np.float32)
"""Linear sRGB to luminance; IEC 61966-2-1."""

MAX_SKIN: Final = 20_000
"""Pixels of skin that are looked at; evenly taken from those there are."""

FEWEST: Final = 24
"""Pixels of skin on each side of a face that tell anything."""

QUANTILES: Final = (0.2, 0.9)
"""Of skin's luminance, between which it counts: darker is shadow or beard, lighter gleams."""

LEAST: Final = 2e-3
"""Luminance of the darkest skin that is believed."""

BELIEVED: Final = 0.5
"""Share of what two faces differ by that is taken for light; the rest may be their skin's own."""

TINT_BELIEVED: Final = 0.25
"""The same share of what their tints differ by."""

MOST: Final = (0.7, 1.4)
"""Factors of light between which hair is relit."""

TILT_BELIEVED: Final = 0.35
"""The same share, and the most, of what two faces differ by from side to side."""
TILT_MOST: Final = 0.25

HALF: Final = 7.0
"""Units of a head from its middle to where the light from one side is full."""

GLEAM: Final = 0.85
"""Root of the linear light from which on hair that gets brighter does so less and less."""

TINY: Final = 1e-3
"""Room to rise that is none."""

CODES: Final = 8192
"""Steps of linear light in the table that brings it back to bytes."""

_BYTE_OF_LIGHT: Final = np.rint(
    255 * linear_to_srgb(np.linspace(0, 1, CODES, dtype=np.float32) ** 2)
).astype(np.uint8)
"""By the root of the light, so that dark hair has as many steps as it needs."""


@dataclass(frozen=True, eq=False)
class Light:
    """What a face says of the light it stands in."""

    skin: Places
    """3: linear R, G and B of its skin, above 0."""
    tilt: float
    """Logarithm of how much brighter its half at the image's right is."""

    def mirrored(self) -> Light:
        """Return the same in the photo's mirror image."""
        return Light(self.skin, -self.tilt)


def light_of(photo: Photo, landmarks: Points, hair: Plane) -> Light | None:
    """Return the light on a face; None where too little of its skin shows.

    Args:
        photo: HxWx3 uint8, sRGB.
        landmarks: 478x3 float32, pixels of the photo.
        hair: HxW uint8, its share in each pixel.
    """
    height, width, _ = photo.shape
    low, high = landmarks[:, :2].min(0), landmarks[:, :2].max(0)
    left, top = np.clip(np.floor(low), 0, (width - 1, height - 1)).astype(int)
    right, bottom = np.clip(np.ceil(high), (left + 1, top + 1), (width, height)).astype(int)
    rows, columns = slice(int(top), int(bottom)), slice(int(left), int(right))
    skin = below_brows(landmarks, rows, columns) > center_of(landmarks, rows, columns)
    skin &= hair[rows, columns] == 0
    down, across = np.nonzero(skin)
    every = max(1, len(down) // MAX_SKIN)
    down, across = down[::every], across[::every]
    light = LIGHT_OF_BYTE[photo[rows, columns][down, across]]
    brow, chin = landmarks[[168, 152], :2] - (columns.start, rows.start)
    side = (across - brow[0]) * (chin[1] - brow[1]) - (down - brow[1]) * (chin[0] - brow[0])
    sides = side < 0, side > 0
    if min(int(some.sum()) for some in sides) < FEWEST:
        return None
    left_half, right_half = (_middling(light[some]) for some in sides)
    return Light(
        (left_half + right_half) / 2, float(np.log((right_half @ LUMA) / (left_half @ LUMA)))
    )


def _middling(light: Floats) -> Places:
    """Return the mean of skin that is neither in the shade nor gleams, 3."""
    luminance = light @ LUMA
    low, high = np.quantile(luminance, QUANTILES)
    mean: Places = light[(luminance >= low) & (luminance <= high)].mean(0, dtype=np.float64)
    return np.maximum(mean, LEAST)


def rolled_off(values: Floats, knees: Floats, most: float) -> Floats:
    """Return values that rise ever less beyond their knees, and never over the most there is.

    Args:
        values: Of any shape.
        knees: Of the same: up to there each stays as it is; at most `most`.
        most: Never exceeded, however large a value.
    """
    over = values > knees
    room = np.maximum(most - knees[over], np.float32(TINY))
    result = values.copy()
    result[over] = most - room * np.exp((knees[over] - values[over]) / room)
    return result


def relit(colors: Photo, corner: tuple[int, int], head: Head, was: Light, now: Light) -> Photo:
    """Return hair as it looks in another light.

    A share of what the faces' skin differs by is taken for the light's, within bounds, in linear
    light: hair of two people differs by more than the light on it, and so may their skin.

    Args:
        colors: hxwx3 uint8, sRGB.
        corner: Of the hair in the photo: row and column of its first pixel.
        head: That it is on.
        was: On the face that it comes from.
        now: On that head's face.
    """
    apart = np.log(now.skin / was.skin)
    brighter = float(LUMA @ apart)
    gains = np.clip(np.exp(BELIEVED * brighter + TINT_BELIEVED * (apart - brighter)), *MOST)
    tilt = float(np.clip(TILT_BELIEVED * (now.tilt - was.tilt), -TILT_MOST, TILT_MOST))
    along = head.right / head.unit**2 / HALF
    x = (np.arange(colors.shape[1]) + corner[1] - head.middle[0]) * along[0]
    result = np.empty_like(colors)
    own = np.sqrt(LIGHT_OF_BYTE)
    roots = np.sqrt(gains)[None, :] * own[:, None]

    def relight(rows: slice) -> None:
        y = (np.arange(rows.start, rows.stop) + corner[0] - head.middle[1]) * along[1]
        side = np.clip(x + y[:, None], -1, 1).astype(np.float32)
        factor = np.exp(np.float32(tilt / 2) * side)
        for channel in range(3):
            table = roots[:, channel].astype(np.float32)
            lit = table[colors[rows, :, channel]] * factor
            known = np.maximum(own[colors[rows, :, channel]], GLEAM)
            codes = rolled_off(lit * (CODES - 1), known * (CODES - 1), CODES - 1.0) + 0.5
            result[rows, :, channel] = _BYTE_OF_LIGHT[codes.astype(np.intp)]

    each_strip(0, len(colors), relight)
    return result
