"""Heads by their points alone: a thousand of them fit where one picture does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import cv2
import numpy as np

from limner_models.data.counterparts import anchors_of, named, opened, unroll
from limner_models.data.mesh_points import told_of
from limner_registry.animals import ANIMALS, index_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from limner_models.data.counterparts import Sample

SIDE: Final = 32
"""Pixels a side of the maps that say where on the unrolled head pixels lie."""


def poses(paths: Iterable[Path]) -> Sample:
    """Return every person's points and how each of its animals lies in the picture.

    Args:
        paths: NNNNNN.npz, as `draw_counterparts` writes them; two animals each.

    Returns:
        points Nx23x2 float32, shares of the side; animal Nx1 uint8; anchors Nx9x2 float32;
        unrolled Nx2xKxK float32 and on_head NxKxK uint8 with K = SIDE: as `Counterparts` names
        them, but exact.

    Raises:
        MaterialMissing: There is no such file.
        MaterialDamaged: One is not what the studio writes.
    """
    rows = [_pose(path, which) for path in paths for which in range(2)]
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def _pose(path: Path, which: int) -> Sample:
    with opened(path) as file:
        animal, _ = json.loads(str(file["animals"]))[which]
        rest = file[f"rest_{which}"].astype(np.float32)
        person, beast = (named(file[name]) for name in ("person_points", f"points_{which}"))
    _, told = told_of(person, ANIMALS[animal], 1)
    unrolled, known = _smaller(unroll(rest))
    return {
        "points": told.astype(np.float32),
        "animal": np.array([index_of(animal)], np.uint8),
        "anchors": anchors_of(beast, 4 * len(rest)),
        "unrolled": unrolled,
        "on_head": known,
    }


def _smaller(unrolled: NDArray[np.float32]) -> tuple[NDArray[Any], NDArray[np.uint8]]:
    """Return a map KxKx2 as 2xSxS, and where it is wholly known, SxS."""
    known = (np.abs(unrolled) <= 1).all(-1)
    filled = np.where(known[..., None], unrolled, 0).astype(np.float32)
    size = (SIDE, SIDE)
    whole = cv2.resize(known.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 1 - 1e-4
    small = cv2.resize(filled, size, interpolation=cv2.INTER_AREA)
    return np.where(whole, small.transpose(2, 0, 1), 0), whole.astype(np.uint8)
