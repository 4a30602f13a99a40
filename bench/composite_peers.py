"""Classical ways to lay a face in, to compare the networks with; they are never served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import cv2
import numpy as np

from limner_registry.color import lab_to_srgb, srgb_to_lab

FEATHER: Final = 20
"""The border is faded over the root of the face's area divided by this, as facexlib does."""

GAINS: Final = (0.7, 1.4)
"""Least and most that matching changes the deviation of a channel by."""

Photo = np.ndarray[Any, np.dtype[np.uint8]]
Pair = Mapping[str, np.ndarray[Any, Any]]


def feathered(pair: Pair) -> Photo:
    """Return the converted face pasted as it is, its border faded by a Gaussian.

    Source: facexlib's paste of restored faces: the mask is eroded by a width that follows the
        face's size, then blurred over as much.
    """
    return _faded(pair["converted"], pair)


def matched_and_feathered(pair: Pair) -> Photo:
    """Return the same with the face's colors matched first: the best that takes no solver."""
    return _faded(match_colors(pair), pair)


def matched_and_cloned(pair: Pair) -> Photo:
    """Return the converted face in the original's mean and deviation of color, cloned seamlessly.

    Source: Reinhard et al., Color Transfer between Images, 2001, in CIELAB; Perez, Gangnet and
        Blake, Poisson Image Editing, 2003, as OpenCV has it.
    """
    matched = match_colors(pair)
    outline = (shared_face(pair) > 127).astype(np.uint8) * 255
    # OpenCV reads the mask's box, and wants room around it
    outline[:2] = outline[-2:] = 0
    outline[:, :2] = outline[:, -2:] = 0
    if not outline.any():
        return pair["original"].copy()
    left, top, wide, high = cv2.boundingRect(outline)
    middle = (left + wide // 2, top + high // 2)
    cloned = cv2.seamlessClone(matched, pair["original"], outline, middle, cv2.NORMAL_CLONE)
    return np.asarray(cloned, np.uint8)


def match_colors(pair: Pair) -> Photo:
    """Return the converted photo with its face's colors moved to those of the original's."""
    lab = srgb_to_lab(pair["converted"])
    face, original_face = (pair[name] > 127 for name in ("face", "original_face"))
    if min(face.sum(), original_face.sum()) < 16:
        return pair["converted"]
    own, wanted = lab[face], srgb_to_lab(pair["original"][original_face])
    gain = np.clip(wanted.std(0) / np.maximum(own.std(0), 1e-3), *GAINS)
    moved = (lab - own.mean(0)) * gain + wanted.mean(0)
    return np.asarray(lab_to_srgb(moved.astype(np.float32)) * 255 + 0.5, np.uint8)


def shared_face(pair: Pair) -> Photo:
    """Return how much of a pixel is face in both photos, of 255."""
    return np.minimum(pair["face"], pair["original_face"])


def _faded(photo: Photo, pair: Pair) -> Photo:
    share = (shared_face(pair) > 127).astype(np.float32)
    width = max(1, int(np.sqrt(share.sum()) / FEATHER))
    square = np.ones((2 * width + 1, 2 * width + 1), np.uint8)
    soft = cv2.GaussianBlur(cv2.erode(share, square), square.shape, 0)[..., None]
    original = pair["original"].astype(np.float32)
    return np.asarray(original + soft * (photo - original) + 0.5, np.uint8)
