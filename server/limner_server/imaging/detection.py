"""Finds faces: where the detector looks, and what its raw answers mean."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from limner_server.imaging.geometry import Region, points_from

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from limner_server.imaging.arrays import Floats, Points

INPUT_PX: Final = 192
"""Edge of the detector's square input."""

CELLS: Final = 48
"""Anchors along an edge of the input: one every four pixels."""

MAX_FACES: Final = 64

THRESHOLD: Final = 0.5
"""On 20 photos with 45 faces, 43 are found at 0.5 and 41 at the 0.6 of MediaPipe, none falsely."""

AGAIN_THRESHOLD: Final = 0.6
"""For tiles and turned photos: with so many more looks, buttons and watches reach 0.51."""

SAME_FACE: Final = 0.3
"""Intersection over union above which two boxes of one look are one face."""

PART_OF_FACE: Final = 0.5
"""Share of the smaller box inside the larger above which boxes of two tiles are one face."""


@dataclass(frozen=True, eq=False)
class Detection:
    """A face as the detector saw it, in pixels of the photo."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    """How sure the detector is, in [0, 1]."""
    keypoints: Points
    """6x2 float32: eye at the image's left, eye at its right, nose tip, mouth, ear at the
    image's left, ear at its right."""

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def area(self) -> float:
        return self.width * self.height


def letterbox(width: int, height: int) -> Region:
    """Return the square that holds a whole photo in its middle: where the detector looks first."""
    side = max(width, height)
    return Region(width / 2, height / 2, side, side)


def tiles(width: int, height: int) -> list[Region]:
    """Return half-size squares that overlap by half and cover a photo, row by row.

    For a second look where the first found nothing: on group photos they find the last 2 of 45
    faces, at ten times the cost.
    """
    side = max(width, height) / 2
    return [Region(x, y, side, side) for y in _centers(height, side) for x in _centers(width, side)]


def turned(width: int, height: int) -> list[Region]:
    """Return the whole photo lying on its left, on its right and on its head.

    For photos that nobody turned upright: the detector knows faces that lean by up to 60 degrees.
    """
    side = max(width, height)
    angles = (math.pi / 2, -math.pi / 2, math.pi)
    return [Region(width / 2, height / 2, side, side, angle) for angle in angles]


def afar(width: int, height: int) -> Region:
    """Return the whole photo as seen from twice as far.

    For faces that fill it: the detector knows those that leave something around them.
    """
    whole = letterbox(width, height)
    return replace(whole, width=2 * whole.width, height=2 * whole.height)


def detections(
    boxes: Floats, scores: Floats, region: Region, threshold: float = THRESHOLD
) -> list[Detection]:
    """Return the faces in one answer of the detector, the surest first.

    Boxes over the same face are averaged, weighted by their scores. Answers that are not finite
    or have no area are left out.

    Args:
        boxes: 2304x16 float32, pixels of the input: center from the anchor, size, then six points
            from the anchor.
        scores: 2304x1 float32, logits.
        region: What of the photo the input showed.
        threshold: The least score, in [0, 1].

    Returns:
        At most MAX_FACES.

    Source: Bazarevsky et al., BlazeFace, 2019 (weighted instead of hard suppression).
    """
    shares = _sigmoid(np.asarray(scores, np.float64).ravel())
    likely = np.flatnonzero(shares >= threshold)
    values = np.asarray(boxes[likely], np.float64)
    fine = np.isfinite(values).all(1) & (values[:, 2:4] > 0).all(1)
    good = likely[fine]
    shares, values = shares[good], values[fine].reshape(-1, 8, 2) / INPUT_PX
    anchors = ANCHORS[good]
    center, half = values[:, 0] + anchors, values[:, 1] / 2
    points = values[:, 2:] + anchors[:, None]
    faces = np.concatenate([(center - half)[:, None], (center + half)[:, None], points], 1)
    return [_detection(face, score, region) for face, score in _average(faces, shares)]


def merge(found: Sequence[Detection]) -> list[Detection]:
    """Return detections of several tiles with each face once, the surest first.

    A tile's edge cuts faces, so a box mostly inside another one counts as the same face and the
    surer one stays as it is; averaging would pull a whole face towards its half.
    """
    kept: list[Detection] = []
    for face in sorted(found, key=lambda face: -face.score):
        if len(kept) == MAX_FACES:
            break
        if all(_shared(face, other) <= PART_OF_FACE for other in kept):
            kept.append(face)
    return kept


def _centers(extent: float, side: float) -> list[float]:
    """Return the middles of squares that cover an extent and overlap by half or more."""
    if extent <= side:
        return [extent / 2]
    count = math.ceil((extent - side) / (side / 2)) + 1
    return [float(v) for v in np.linspace(side / 2, extent - side / 2, count)]


def _anchors() -> NDArray[np.float64]:
    """Return 2304x2 anchor centers in the unit square, row by row."""
    steps = (np.arange(CELLS) + 0.5) / CELLS
    x, y = np.meshgrid(steps, steps)
    return np.stack([x.ravel(), y.ravel()], 1)


ANCHORS: Final = _anchors()


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(logits, -100, 100)))
    return shares


def _average(
    faces: NDArray[np.float64], scores: NDArray[np.float64]
) -> list[tuple[NDArray[np.float64], float]]:
    """Return each face once with its best score: the score-weighted mean of its boxes."""
    left = np.argsort(-scores, kind="stable")
    averaged: list[tuple[NDArray[np.float64], float]] = []
    while left.size and len(averaged) < MAX_FACES:
        best = left[0]
        same = _overlap(faces[best], faces[left]) > SAME_FACE
        same[0] = True
        mine = left[same]
        averaged.append((np.average(faces[mine], 0, scores[mine]), float(scores[best])))
        left = left[~same]
    return averaged


def _overlap(face: NDArray[np.float64], faces: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intersection over union of one box with each of several."""
    low = np.maximum(face[0], faces[:, 0])
    high = np.minimum(face[1], faces[:, 1])
    shared = np.clip(high - low, 0, None).prod(1)
    union = (face[1] - face[0]).prod() + (faces[:, 1] - faces[:, 0]).prod(1) - shared
    ratio: NDArray[np.float64] = shared / union
    return ratio


def _shared(one: Detection, other: Detection) -> float:
    """Return how much of the smaller box lies inside the larger one, in [0, 1]."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0.0, width) * max(0.0, height) / min(one.area, other.area)


def _detection(face: NDArray[np.float64], score: float, region: Region) -> Detection:
    (left, top), (right, bottom) = face[:2]
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float32)
    x, y = points_from(region, corners).T
    box = {"left": x.min(), "top": y.min(), "right": x.max(), "bottom": y.max()}
    keypoints = points_from(region, face[2:].astype(np.float32))
    return Detection(
        **{edge: float(v) for edge, v in box.items()}, score=score, keypoints=keypoints
    )
