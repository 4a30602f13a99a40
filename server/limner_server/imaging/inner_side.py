"""The inner side of hair: what lies in its shade, between it and the face, made hair as well."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_registry.color import LIGHT_OF_BYTE, lab_to_srgb, srgb_to_lab
from limner_registry.face_template import inverse, mapped
from limner_server.imaging.face_parts import filled, grown, shrunk
from limner_server.imaging.geometry import averaged
from limner_server.imaging.light import LUMA
from limner_server.imaging.membrane import stretched_over

if TYPE_CHECKING:
    from limner_server.imaging.aligning import Matrix
    from limner_server.imaging.appearance import Appearance
    from limner_server.imaging.arrays import Flags, Floats, Matte, Photo, Plane
    from limner_server.imaging.light import Light
    from limner_server.imaging.skull import Head

FINE: Final = 8.0
"""Pixels a unit of a head (about a centimeter) at which its surroundings are looked at."""

WIDE, UP, DOWN = 14.0, 12.0, 14.0
"""Units from the skull's middle that are looked at: to either side, up and down."""

EXTENT: Final = (round(2 * WIDE * FINE), round((UP + DOWN) * FINE))
"""Of these surroundings, upright: columns and rows."""

SHADE: Final = 0.32
"""Luminance, as a share of the lit face's skin: what is darker lies in the hair's shade, what is
lighter is an ear or a temple that the hair leaves bare."""

LOCK: Final = 0.25
"""Units: hair narrower than twice that encloses nothing."""

CLOSED: Final = 0.5
"""Units: half the width of what is lighter amid the shade, and counts as shaded."""

THIN: Final = 0.15
"""Units: gaps narrower than twice that are hair's own soft edge."""

OVERLAP: Final = 0.2
"""Units that the inner side reaches over the face's outline, so that no gap is left there."""

SOFT: Final = 0.14
"""Units: the Gaussian's sigma by which it ends."""

JAW: Final = 0.92
"""Of the way down a face where none is left: from there on a neck may lie in the shade."""

ENDS: Final = 1.5
"""Units above that over which it gives way to the hair that is seen."""

SEEN: Final = 200
"""Alpha of hair, of 255, whose color is believed."""

DARK: Final = 0.75
"""Share of the hair's middle lightness under which it is taken for its inner side."""

DARKEST: Final = 0.4
"""The same share under which none of it is: in a photo that is lit otherwise it would be a hole."""

FADES: Final = 0.15
"""Share of that by which hair is darker that takes the inner side's color wholly."""

STRAND: Final = (0.05, 1.2)
"""Units: the Gaussian's sigmas of its strands, across and down."""

STRANDS: Final = 0.8
"""Of the contrast that strands have elsewhere, at the same share of lightness."""


@dataclass(frozen=True, eq=False)
class InnerSide:
    """The inner side of a head's hair, over a part of its photo."""

    share: Matte
    """hxw float32 in [0, 1]: how much of each pixel it is."""
    strands: Floats
    """hxw float32: how much lighter or darker its strands are, of deviation 1."""


def inner_side(photo: Photo, alpha: Plane, head: Head, light: Light) -> InnerSide:
    """Return the inner side of hair.

    Between a face and the hair that hangs beside it lie temples and ears in deep shade. On another
    head they would be its own, and bright: what lies in the shade of hair goes with it.

    Args:
        photo: hxwx3 uint8, sRGB.
        alpha: hxw uint8, the hair's share.
        head: Whose hair it is, in pixels of the photo.
        light: On its face.
    """
    upright = _upright(head)
    scale = min(1.0, FINE / head.unit)
    size = _scaled(alpha.shape, scale)
    fewer = np.divide(size, alpha.shape[::-1])[:, None]
    onto = np.concatenate([upright[:, :2], upright[:, 2:] + 0.5], 1) * fewer - (0, 0, 0.5)
    seen = np.dstack((averaged(photo, *size), averaged(alpha, *size)))
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    look = np.asarray(cv2.warpAffine(seen, onto, EXTENT, flags=how), np.uint8)
    oval = mapped(head.oval, inverse(upright))
    face = filled(oval, slice(0, EXTENT[1]), slice(0, EXTENT[0]))
    found = np.dstack((_shaded(look[..., :3], look[..., 3], face, light), _strands()))
    share, strands = cv2.split(cv2.warpAffine(found, upright, alpha.shape[::-1]))
    return InnerSide(np.clip(share, 0, 1), strands)  # type: ignore[arg-type]


def colored(colors: Photo, alpha: Plane, inner: InnerSide, look: Appearance, unit: float) -> Photo:
    """Return hair's colors with those of its inner side, which goes on where none was seen.

    Args:
        colors: hxwx3 uint8, sRGB of hair alone.
        alpha: hxw uint8, the hair's share.
        inner: As `inner_side` tells.
        look: Of the hair.
        unit: Pixels for a centimeter of the head.
    """
    size = _scaled(alpha.shape, min(1.0, FINE / unit))
    own = srgb_to_lab(averaged(colors, *size))[..., 0]
    sure = averaged(alpha, *size) > SEEN
    dark = sure & (own < DARK * look.middle)
    lowest = np.float32(DARKEST * look.middle)
    goes_on = stretched_over(own[..., None], dark)[..., 0] if dark.any() else 0 * own
    wanted = np.maximum(goes_on, lowest)
    told = sure | (averaged(inner.share, *size) > 0)
    too_dark = np.where(told, np.clip((wanted - own) / (FADES * wanted), 0, 1), 0)
    missing = 1 - alpha / np.float32(255)
    share = np.maximum(
        np.where(inner.share > 0, missing, 0), cv2.resize(too_dark, alpha.shape[::-1])
    )
    held = share > 0
    lightness = np.asarray(cv2.resize(wanted, alpha.shape[::-1])[held], np.float32)
    contrast = STRANDS * look.strands / max(look.middle, 1.0)
    lightness = np.clip(lightness * (1 + contrast * inner.strands[held]), 0, 100)
    lab = np.concatenate([lightness[:, None], look.tint(lightness)], 1).astype(np.float32)
    result = colors.copy()
    mixed = colors[held] + share[held][:, None] * (255 * lab_to_srgb(lab) - colors[held])
    result[held] = np.rint(mixed).astype(np.uint8)
    return result


def _scaled(shape: tuple[int, ...], scale: float) -> tuple[int, int]:
    """Return the width and height of a picture made smaller."""
    return max(1, round(shape[1] * scale)), max(1, round(shape[0] * scale))


def _upright(head: Head) -> Matrix:
    """Return the way from an upright picture of a head's surroundings to its photo, 2x3."""
    turn = np.stack([head.right, (-head.right[1], head.right[0])], 1) / FINE
    corner = head.middle - turn @ (WIDE * FINE, UP * FINE)
    return np.concatenate([turn, corner[:, None]], 1)


def _shaded(look: Photo, hair: Plane, face: Plane, light: Light) -> Matte:
    """Return what of an upright picture is the inner side of hair, in [0, 1]."""
    if not face.any():
        return np.zeros(face.shape, np.float32)
    firm = np.where(hair > 127, np.uint8(255), np.uint8(0))
    locks = grown(shrunk(firm, LOCK * FINE), LOCK * FINE) > 0
    bright = cv2.GaussianBlur(LIGHT_OF_BYTE[look] @ LUMA, (0, 0), SOFT * FINE)
    shade = bright < SHADE * (light.skin @ LUMA)
    both = np.where(shade | (firm > 0), np.uint8(255), np.uint8(0))
    closed = shrunk(grown(both, CLOSED * FINE), CLOSED * FINE) > 0
    beside = closed & (face == 0) & _enclosed(locks, face)
    gap = shrunk(np.where(beside & (firm == 0), np.uint8(255), np.uint8(0)), THIN * FINE)
    if not gap.any():
        return np.zeros(face.shape, np.float32)
    over = grown(np.where(beside, np.uint8(255), np.uint8(0)), OVERLAP * FINE) > 0
    inner = beside | (over & (face > 0))
    soft = cv2.GaussianBlur(inner.astype(np.float32), (0, 0), SOFT * FINE)
    rows = np.flatnonzero(face.any(1))
    jaw = rows[0] + JAW * (rows[-1] - rows[0])
    left = np.clip((jaw - np.arange(len(face))) / (ENDS * FINE), 0, 1)
    return np.asarray(soft * left[:, None], np.float32)


def _enclosed(hair: Flags, face: Plane) -> Flags:
    """Return what lies between an upright face and hair farther out, on either side of it."""
    columns = np.flatnonzero(face.any(0))
    middle = int(columns[0] + columns[-1]) // 2
    beyond = np.maximum.accumulate(hair, 1)
    beyond[:, middle:] = np.maximum.accumulate(hair[:, ::-1], 1)[:, ::-1][:, middle:]
    return beyond


def _strands() -> Floats:
    """Return strands that hang down, upright, of deviation 1."""
    white = np.random.default_rng(0).standard_normal(EXTENT[::-1], np.float32)
    across, down = STRAND
    soft = cv2.GaussianBlur(white, (0, 0), sigmaX=across * FINE, sigmaY=down * FINE)
    return np.asarray(soft / soft.std(), np.float32)
