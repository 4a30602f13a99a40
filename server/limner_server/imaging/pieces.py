"""Pieces of a mask: small ones dropped, small holes filled."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from limner_server.imaging.arrays import Flags


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
    filled: Flags = inside | hole[labels]
    return filled
