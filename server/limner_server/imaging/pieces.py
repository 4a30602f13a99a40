"""Pieces of a mask: small ones and other people's dropped, small holes filled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags

Circle: TypeAlias = tuple[float, float, float]
"""Column and row of its middle, and its radius."""

NECK: Final = 0.06
"""Radii of the skull: half the width of a bridge by which two people's hair seems one."""

OTHERS_SHARE: Final = 0.2
"""Of the head's own hair that a piece beyond a bridge has at least to be somebody else's."""


def without_specks(inside: Flags, share: float, least: float = 0.0) -> Flags:
    """Return a mask without its small pieces; diagonal neighbors hang together.

    Args:
        inside: HxW bool.
        share: Of the largest piece that a piece must have to stay, in [0, 1].
        least: Pixels that it must have besides.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(inside.view(np.uint8), connectivity=8)
    areas = stats[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    kept: Flags = (areas >= max(share * areas.max(), least)) & (areas > 0)
    if kept[1:].all():
        return inside
    whole_pieces: Flags = kept[labels]
    return whole_pieces


def without_holes(inside: Flags, most: float) -> Flags:
    """Return a mask with holes of fewer than `most` pixels filled; none reaches the border."""
    outside = (~inside).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(outside, connectivity=4)
    hole: Flags = stats[:, cv2.CC_STAT_AREA] < most
    hole[0] = False
    rim = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    hole[rim] = False
    if not hole.any():
        return inside
    filled: Flags = inside | hole[labels]
    return filled


def grown_on(inside: Flags, skull: Circle) -> Flags:
    """Return the pieces of a mask that grow on a skull.

    A large piece that hangs together with one of them by a narrow neck only is somebody else's;
    from there on each pixel is the nearer one's.
    """
    inside = _reaching(inside, skull)
    reach = round(NECK * skull[2])
    cores = cv2.erode(inside.view(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    mine = _reaching(cores, skull)
    beyond = cores & ~mine
    if not beyond.any() or not mine.any():
        return inside
    others = without_specks(beyond, 0.0, OTHERS_SHARE * np.count_nonzero(mine))
    if not others.any():
        return inside
    to_mine, to_others = (
        cv2.distanceTransform((~some).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_3)
        for some in (mine, others)
    )
    kept: Flags = inside & (to_mine <= to_others)
    return kept


def _reaching(inside: Flags, circle: Circle) -> Flags:
    """Return the pieces of a mask that come into a circle."""
    count, labels = cv2.connectedComponents(inside.view(np.uint8), connectivity=8)
    x, y, radius = circle
    rows, columns = (np.arange(extent, dtype=np.float32) for extent in inside.shape)
    near = (rows[:, None] - y) ** 2 + (columns - x) ** 2 < radius**2
    comes = np.zeros(count, np.bool_)
    comes[labels[near]] = True
    comes[0] = False
    reaching: Flags = comes[labels]
    return reaching
