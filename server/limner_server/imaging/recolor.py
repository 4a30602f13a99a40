"""Recoloring in CIELAB: hair moved to another color with its light and shade kept.

Works on a list of hair's colors; where they lie in the photo is no matter here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.color import ciede2000, lab_to_srgb, srgb_to_lab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats

    Lab = Sequence[float]

SHADE_CONTRAST: Final = (0.5, 1.3)
"""Bounds of how much flatter or stronger what is darker than the hair's color may become."""

LIGHT_CONTRAST: Final = (0.9, 1.1)
"""The same for what is lighter: hair's gloss is the lamp's, and hardly follows the hair's color."""

COVER: Final = 0.45
"""Of the difference between a place's color and the hair's that dye evens out: gray is covered."""

OWN_TINT: Final = 0.35
"""Of a pixel's own deviation in a and b that is left when the color is quite another."""

FULL_CHANGE: Final = 10.0
"""CIEDE2000 between the color found and the one wanted from which it is quite another."""

MAX_LIFT: Final = 45.0
"""Lightness that hair can gain: beyond, the noise and the blocks of a photo's shadows show."""

EASY_LIFT: Final = 20.0
"""Lightness that hair gains without loss."""

GLEAM: Final = (25.0, 60.0)
"""Lightness above the hair's own from which on, and at which wholly, a pixel gleams."""

TELLING: Final = 8.0
"""Chroma of hair from which on paleness tells gleam from lighter hair."""

NEAR: Final = 12.0
"""CIELAB units around the color found within which a pixel speaks for it."""

AROUND: Final = 0.03
"""Of the picture's side: the width of a mean color around a pixel."""

STRENGTHS: Final = np.linspace(0, 1, 11, dtype=np.float32)

MAX_JUDGED: Final = 300
"""Pixels by which `arrival` judges."""


def reachable(found: Lab, wanted: Lab) -> NDArray[np.float64]:
    """Return the color nearest to the one wanted that hair can be brought to.

    Dark hair cannot be lifted to any lightness: up to EASY_LIFT it is, then less and less, by
    MAX_LIFT at most.

    Args:
        found: CIELAB of the hair.
        wanted: CIELAB.

    Source: METHODS B.d4 stops 8 short in every case; here a small step arrives.
    """
    target = np.array(wanted, np.float64)
    lift = target[0] - found[0]
    if lift > EASY_LIFT:
        room = MAX_LIFT - EASY_LIFT
        target[0] = found[0] + EASY_LIFT + room * np.tanh((lift - EASY_LIFT) / room)
    return target


def change(found: Lab, wanted: Lab) -> float:
    """Return how far a wanted color is another: 0 for the same, 1 from FULL_CHANGE on."""
    return float(_smooth(ciede2000(np.array(found), np.array(wanted)), 0.0, FULL_CHANGE))


class Change:
    """A change of some of hair's colors, from the color found to the one wanted.

    Light and shade are taken as more or less of the same light: what is in the shade stays so
    and gets less of the tint, black stays black and white white.
    """

    def __init__(self, before: Floats, found: Lab, wanted: Lab) -> None:
        """Measure what is to change.

        Args:
            before: Nx3 float32, sRGB in [0, 1], hair alone.
            found: CIELAB of the hair as it is.
            wanted: CIELAB of the hair as it shall be.
        """
        self._before = before
        self._wanted = np.array(wanted, np.float64)
        self._found = np.array(found, np.float64)
        self._target = reachable(found, wanted)
        self._amount = change(found, wanted)
        self._lab = srgb_to_lab(before).astype(np.float64)
        away = ((self._lab - self._found) ** 2).sum(1)
        self._near = np.exp(away / (-2 * NEAR**2)) + 1e-6
        self._gleam = self._amount * _gleam(self._lab, found)

    def recolored(self, around: Floats) -> Floats:
        """Return the colors moved so that the one found becomes the nearest that can be reached.

        What differs from place to place is evened out in part, as dye does.

        Args:
            around: Nx3 float32, CIELAB: the hair's mean color around each.

        Returns:
            Nx3 float32, sRGB in [0, 1]; the colors as they are where both are the same.

        Source: METHODS B.d4, after Reinhard et al., Color Transfer between Images, 2001. Theirs
            scales by the target's deviation; a wanted color has none, so the scale is its light's.
        """
        found, target = self._found, self._target
        if self._amount == 0 and np.allclose(target, found):
            return self._before
        lab = self._lab - self._amount * COVER * (around - found)
        moved = np.empty_like(lab)
        moved[:, 0] = _toned(lab[:, 0], max(float(found[0]), 1.0), max(float(target[0]), 1.0))
        keep = 1 - self._amount * (1 - OWN_TINT)
        tint, due = (
            1 + self._amount * (_lit(colored[:, :1], float(color[0])) - 1)
            for colored, color in ((moved, target), (lab, found))
        )
        moved[:, 1:] = target[1:] * tint + keep * (lab[:, 1:] - due * found[1:])
        return lab_to_srgb(moved.astype(np.float32))

    def moves(self, answer: Floats) -> NDArray[np.float64]:
        """Return where a generator's colors, Nx3 float32 in [0, 1], lead in CIELAB, Nx3."""
        moves: NDArray[np.float64] = srgb_to_lab(answer) - self._lab
        return moves

    def is_helped(self, moves: NDArray[np.float64]) -> bool:
        """Return whether moves bring the color found nearer to the one wanted at all."""
        ends = np.stack([self._found + self._way(moves), self._found])
        after, before = ciede2000(ends, self._wanted)
        return bool(after < before)

    def corrected(self, moves: NDArray[np.float64]) -> Floats:
        """Return moved colors that bring the one found where it can be brought.

        What a generator says fades in with the size of the change, so that hair of the wanted
        color stays as it is whatever it makes of it; then all is shifted in CIELAB by what is
        missing. What it lifts is not taken back; it knows hair's noise, a shift does not.

        Args:
            moves: Nx3, CIELAB, from `moves`.

        Returns:
            Nx3 float32, sRGB in [0, 1].
        """
        found, amount = self._found, self._amount
        moved = amount * self._way(moves)
        target = self._target.copy()
        target[0] = max(target[0], min(found[0] + moved[0], self._wanted[0]))
        missing = (target - found) - moved
        if amount == 0 and np.allclose(missing, 0):
            return self._before
        made = self._lab + amount * moves
        light = _lit(made[:, :1] + missing[0], float(target[0]))
        made[:, :1] = made[:, :1] + missing[0]
        made[:, 1:] += missing[1:] * (1 + amount * (light - 1))
        return lab_to_srgb(made.astype(np.float32))

    def _way(self, moves: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the way that the color found goes; colors near it speak for it."""
        way: NDArray[np.float64] = self._near @ moves / self._near.sum()
        return way

    def gleaming(self, after: Floats) -> Floats:
        """Return recolored hair, Nx3 float32 in [0, 1], whose gleam kept the color of the lamp."""
        gleams = self._gleam > 0
        old, new, share = self._lab[gleams], srgb_to_lab(after[gleams]), self._gleam[gleams]
        new[:, 0] += share * np.maximum(old[:, 0] - new[:, 0], 0)
        new[:, 1:] += share[:, None] * (old[:, 1:] - new[:, 1:])
        mixed = after.copy()
        mixed[gleams] = lab_to_srgb(new)
        return mixed


def colors_around(picture: Floats, weight: Floats) -> Floats:
    """Return the mean color of what counts around each pixel.

    Args:
        picture: SxSx3 float32, sRGB in [0, 1].
        weight: SxS float32, at least 0.

    Returns:
        SxSx3 float32, CIELAB.
    """
    sigma = AROUND * picture.shape[0]
    lab = np.zeros_like(picture)
    counts = weight > 0
    lab[counts] = srgb_to_lab(picture[counts])
    total = cv2.GaussianBlur(weight, (0, 0), sigma)
    blurred = cv2.GaussianBlur(lab * weight[..., None], (0, 0), sigma)
    around: Floats = (blurred / np.maximum(total, 1e-6)[..., None]).astype(np.float32)
    return around


def _toned(lightness: NDArray[np.float64], found: float, target: float) -> NDArray[np.float64]:
    """Return lightness on a curve through black, (found, target) and white."""
    slope = (target + 16) / (found + 16)
    lightness = np.clip(lightness, 0, 100)
    low = np.clip(slope, *SHADE_CONTRAST) * found / target
    dark = target * (np.minimum(lightness, found) / found) ** low
    high = np.clip(slope, *LIGHT_CONTRAST) * (100 - found) / max(100 - target, 1)
    bright = 100 - (100 - target) * (np.maximum(100 - lightness, 0) / (100 - found)) ** high
    toned: NDArray[np.float64] = np.where(lightness < found, dark, bright)
    return toned


def _lit(lightness: NDArray[np.float64], target: float) -> NDArray[np.float64]:
    """Return how much of a tint is seen at a lightness: less in the shade, less in the glare."""
    shade = np.clip((lightness + 16) / (target + 16), 0, 1.3)
    glare = np.clip((lightness - target) / max(100 - target, 1), 0, 1)
    lit: NDArray[np.float64] = shade * (1 - 0.6 * glare**2)
    return lit


def _gleam(lab: NDArray[np.float64], found: Lab) -> NDArray[np.float64]:
    """Return how much of the lamp each color of hair shows, in [0, 1].

    It is lighter than the hair, and paler than lighter hair would be.
    """
    lighter = _smooth(lab[:, 0] - found[0], *GLEAM)
    own = float(np.hypot(found[1], found[2]))
    due = own * (lab[:, 0] + 16) / (found[0] + 16)
    paler = 1 - np.hypot(lab[:, 1], lab[:, 2]) / np.maximum(due, 1)
    told = _smooth(np.array(own), TELLING / 2, TELLING)
    return lighter * (1 - told + told * _smooth(paler, 0.2, 0.7))


def arrival(before: Floats, after: Floats, wanted: Lab) -> float:
    """Return where on the way of a change hair is nearest to the wanted color, in [0, 1].

    Hair of several colors passes the wanted one with some of them before the commonest arrives;
    to go on from there would lead away again.

    Args:
        before: Nx3 float32, sRGB in [0, 1].
        after: Nx3 float32, sRGB in [0, 1].
        wanted: CIELAB.
    """
    step = max(1, len(before) // MAX_JUDGED)
    start, end = before[::step], after[::step]
    on_the_way = start + STRENGTHS[:, None, None] * (end - start)
    means = ciede2000(srgb_to_lab(on_the_way), np.array(wanted)).mean(1)
    return float(STRENGTHS[int(np.argmin(means))])


def _smooth(
    value: NDArray[np.float32] | NDArray[np.float64], low: float, high: float
) -> NDArray[np.float64]:
    """Return 0 up to low, 1 from high on, and a smooth way between."""
    share = np.clip((np.asarray(value, np.float64) - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
