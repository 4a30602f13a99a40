"""Hair in a picture that a search has found, taken off it and put where the person is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from limner_server.imaging.aligning import shown_box
from limner_server.imaging.fitting import Strands
from limner_server.imaging.foreground import estimate_foreground
from limner_server.imaging.guided import rows_resized
from limner_server.imaging.strips import each_strip

if TYPE_CHECKING:
    from limner_server.imaging.aligning import Matrix
    from limner_server.imaging.arrays import Floats, Matte, Photo, Plane

NONE, ALL = 0.1, 0.9
"""Shares up to which the segmenter's doubt is no hair, and from which it is hair alone."""

FINEST: Final = 2.0
"""Pixels of the picture: the Gaussian's sigma that leaves what a generator can be trusted with."""

SEEN: Final = 2.0
"""Pixels for one sigma in what is smoothed: averaged down to that, it loses nothing that so wide a
Gaussian would leave; at the photo's own size that took minutes and gigabytes."""

LEAST: Final = 1e-3
"""Share of real hair under which what is smoothed says nothing of it."""

RIM: Final = 0.03
"""Of the picture's side: over how much hair fades out towards an edge that cuts it."""


def strands_of(
    picture: Photo, hair: Matte, matrix: Matrix, extent: tuple[int, ...]
) -> Strands | None:
    """Return the hair of an aligned picture as it lies in a photo; None where there is none.

    Args:
        picture: SxSx3 uint8, sRGB.
        hair: SxS float32 in [0, 1], how likely each of its pixels is hair.
        matrix: The affine map from the photo's pixels to the picture's.
        extent: Height and width of the photo, and maybe more.
    """
    alpha = np.clip((hair - NONE) / (ALL - NONE), 0, 1).astype(np.float32)
    colors = estimate_foreground(picture, alpha)
    alpha *= _faded(len(picture))
    top, bottom, left, right = shown_box(matrix, (len(picture), len(picture)), extent)
    size = right - left, bottom - top
    if min(size) <= 0 or not (alpha > 0).any():
        return None
    corner = np.array([left, top], np.float64)
    onto = np.concatenate([matrix[:, :2], (matrix[:, :2] @ corner + matrix[:, 2])[:, None]], axis=1)
    how = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    shown = cv2.warpAffine(colors, onto, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.warpAffine(alpha, onto, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    share = np.rint(np.clip(soft, 0, 1) * 255).astype(np.uint8)
    if not share.any():
        return None
    return Strands(shown.astype(np.uint8), share, slice(top, bottom), slice(left, right))


def gone_on(found: Strands, photo: Photo, alpha: Plane, matrix: Matrix, side: int) -> Strands:
    """Return hair that goes on as other hair does, where the picture ends that it was found in.

    Args:
        found: The hair, as `strands_of` returns it.
        photo: HxWx3 uint8, sRGB, the photo it lies in, with the other hair.
        alpha: HxW uint8, the other hair's share.
        matrix: The affine map from the photo's pixels to the picture's.
        side: The picture's, in its pixels.
    """
    size = alpha.shape[1], alpha.shape[0]
    frame = np.rint(_faded(side) * 255).astype(np.uint8)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    outside = 255 - cv2.warpAffine(frame, matrix, size, flags=how)
    beyond: Plane = cv2.multiply(alpha, outside, scale=1 / 255).astype(np.uint8, copy=False)
    left, top, width, high = cv2.boundingRect(beyond)
    if not width:
        return found
    rows = slice(min(top, found.rows.start), max(top + high, found.rows.stop))
    columns = slice(min(left, found.columns.start), max(left + width, found.columns.stop))
    colors, share = photo[rows, columns].copy(), beyond[rows, columns].copy()
    corner = found.rows.start - rows.start, found.columns.start - columns.start
    across = slice(corner[1], corner[1] + found.alpha.shape[1])

    def lay(some: slice) -> None:
        box = slice(corner[0] + some.start, corner[0] + some.stop), across
        own, other = found.alpha[some].astype(np.float32), share[box]
        part = (own / np.maximum(own + other, 1))[..., None]
        part[(own + other) == 0] = 1
        colors[box] = np.rint(part * found.colors[some] + (1 - part) * colors[box])
        share[box] = np.minimum(own + other, 255)

    each_strip(0, len(found.alpha), lay)
    return Strands(colors, share, rows, columns)


def with_strands(found: Strands, photo: Photo, alpha: Plane, pixel: float) -> Strands:
    """Return hair with the strands of real hair in the same place: of its own only the shades stay.

    Args:
        found: The hair, as `strands_of` returns it.
        photo: HxWx3 uint8, sRGB, the photo it lies in, with the real hair.
        alpha: HxW uint8, the real hair's share.
        pixel: Pixels of the photo for one of the picture that the hair was found in.
    """
    box = found.rows, found.columns
    own, real, share = found.colors, photo[box], alpha[box]
    step = max(1, int(FINEST * pixel / SEEN))
    smooth = cv2.GaussianBlur(_apart(own, real, share, step), (0, 0), FINEST * pixel / step)
    high, wide = (step * extent for extent in smooth.shape[:2])
    colors = np.empty_like(own)

    def lay(rows: slice) -> None:
        apart = rows_resized(smooth, rows, high, wide)[:, : own.shape[1]]  # type: ignore[arg-type]
        laid = apart[..., :3] / np.maximum(apart[..., 3:], LEAST)
        laid += real[rows]
        laid -= own[rows]
        laid *= share[rows][..., None] / np.float32(255)
        laid += own[rows]
        colors[rows] = np.rint(np.clip(laid, 0, 255, out=laid), out=laid)

    each_strip(0, len(own), lay)
    return replace(found, colors=colors)


def _apart(own: Photo, real: Photo, share: Plane, step: int) -> Floats:
    """Return how far the colors of hair are from real hair's, averaged over squares of pixels.

    Args:
        own: hxwx3 uint8, sRGB.
        real: hxwx3 uint8, sRGB of the real hair.
        share: hxw uint8, the real hair's share.
        step: Pixels a side of a square; those at the ends go on as the last pixels do.

    Returns:
        Nx4 float32 for every row of squares: R, G and B, times the share, and the share in [0, 1].
    """
    high, wide = (-(-extent // step) for extent in share.shape)
    squares = np.empty((high, wide, 4), np.float32)

    def average(some: slice) -> None:
        for row in range(some.start, some.stop):
            rows = slice(row * step, (row + 1) * step)
            part = share[rows][..., None] / np.float32(255)
            told = np.dstack(((own[rows] - real[rows].astype(np.float32)) * part, part))
            more = step - len(told), step * wide - told.shape[1]
            whole = cv2.copyMakeBorder(told, 0, more[0], 0, more[1], cv2.BORDER_REPLICATE)
            squares[row] = cv2.resize(whole, (wide, 1), interpolation=cv2.INTER_AREA)

    each_strip(0, high, average)
    return squares


def _faded(side: int) -> Floats:
    """Return 1 within a picture and less towards its edges, SxS float32."""
    away = np.minimum(np.arange(side), np.arange(side)[::-1]).astype(np.float32)
    ramp = np.clip(away / (RIM * side), 0, 1)
    return np.minimum(ramp[:, None], ramp[None])
