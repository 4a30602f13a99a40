"""The head that every portrait starts from: its mesh, its shapes and its regions."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from limner_models.studio.arrays import F32, F64, I32, U8, Array, Mask, f32, unit_vectors
from limner_models.studio.labels import Label
from limner_models.studio.landmarks import find_landmarks

FILE = Path(__file__).with_name("assets.npz")
CENTER = np.array([0, 7.55, 0.35])
"""Middle of the skull at rest, decimeters; hairlines are angles seen from here."""
NECK = np.array([0, 6.45, 0.1])
"""Point the head turns about."""
SKIN, EYE, TEETH, TONGUE, CLOTH = 0, 1, 2, 3, 4
"""Materials of triangles."""


@dataclass(frozen=True)
class Assets:
    """The mesh at rest; vertices are numbered as after subdivision unless `coarse` says not."""

    coarse: F32
    """(m, 3): the base mesh, before subdivision."""
    subdivision: Any
    """Sparse matrix from coarse vertices to fine ones."""
    triangles: I32
    materials: U8
    """(triangles,)."""
    target_names: tuple[str, ...]
    targets: F32
    """(targets, m, 3) offsets of coarse vertices."""
    rest: F32
    """(n, 3)."""
    regions: dict[str, F32]
    """How much of each vertex belongs to ears, eyelids, face, inside_mouth, lips; in [0, 1]."""
    turning: F32
    """(n,) how much of a vertex turns with the head."""
    arm_left: F32
    arm_right: F32
    eye_left: I32
    """Vertices of the eyeball on the person's left."""
    eye_right: I32
    labels: U8
    """(triangles,) what each triangle is called in the label map."""
    azimuth: F32
    """(n,) radians around the head, 0 in front, positive to the person's left."""
    elevation: F32
    """(n,) radians above the middle of the skull."""
    skull: Array
    """Vertices of the head without the neck."""
    skin: Array
    """Triangles of the body."""
    upper_body: Array
    """Triangles of the body that clothes may cover."""
    around: Any
    """Sparse matrix that sums triangles' values at their vertices."""
    landmarks: dict[str, int]
    """Vertex of each landmark but the pupils."""

    def normals(self, vertices: Array) -> F32:
        """Return unit normals at the vertices of a mesh of these triangles."""
        return f32(unit_vectors(self.around @ face_normals(vertices, self.triangles)))


def face_normals(vertices: Array, triangles: Array) -> Array:
    """Return triangles' normals, as long as twice their areas."""
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    return np.asarray(np.cross(b - a, c - a))


def summing(triangles: Array, vertices: int) -> Any:
    """Return the sparse matrix that sums triangles' values at their vertices."""
    rows, columns = triangles.ravel(), np.repeat(np.arange(len(triangles)), 3)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (vertices, len(triangles)))


def mean_corners(values: F32, triangles: Array) -> Array:
    """Return the mean of a vertex attribute over each triangle."""
    return values[triangles].mean(1)  # type: ignore[no-any-return]


@functools.cache
def assets() -> Assets:
    """Return the head, read once for the whole process."""
    with np.load(FILE, allow_pickle=False) as file:
        data = {name: file[name] for name in file.files}
    matrix = sparse.csr_matrix(
        tuple(data[f"subdivision_{part}"] for part in ("data", "indices", "indptr"))
    )
    triangles, materials, rest = data["triangles"], data["materials"], f32(matrix @ data["base"])
    names = ("ears", "eyelids", "face", "inside_mouth", "lips")
    regions = {name: f32(matrix @ data[name]) for name in names}
    turning = np.clip(f32(matrix @ data["turning"]), 0, 1)
    skull = np.flatnonzero((rest[:, 1] > 6.6) & (turning > 0.9))
    turning[np.unique(triangles[materials != SKIN])] = 1
    direction = rest - CENTER
    skin = np.flatnonzero(materials == SKIN)
    height = rest[triangles].mean(1)[skin, 1]
    return Assets(
        coarse=data["base"],
        subdivision=matrix,
        triangles=np.ascontiguousarray(triangles),
        materials=materials,
        target_names=tuple(str(name) for name in data["target_names"]),
        targets=data["targets"].astype(np.float32),
        rest=rest,
        regions=regions,
        turning=turning,
        arm_left=f32(matrix @ data["arm_left"]),
        arm_right=f32(matrix @ data["arm_right"]),
        eye_left=data["eye_left"],
        eye_right=data["eye_right"],
        labels=_labels(rest, triangles, materials, regions),
        azimuth=f32(np.arctan2(direction[:, 0], direction[:, 2])),
        elevation=f32(np.arctan2(direction[:, 1], np.hypot(direction[:, 0], direction[:, 2]))),
        skull=skull,
        skin=skin,
        upper_body=skin[height < 6.6],
        around=summing(triangles, len(rest)),
        landmarks=find_landmarks(rest, np.unique(triangles[skin]), regions),
    )


def _labels(rest: F32, triangles: I32, materials: U8, regions: dict[str, F32]) -> U8:
    """Return what each triangle is called before hair and clothes cover it."""
    center = rest[triangles].mean(1)
    share = {name: mean_corners(values, triangles) for name, values in regions.items()}
    labels = np.full(len(triangles), Label.NECK_BODY_SKIN, np.uint8)
    front: Mask = (center[:, 1] > 6.55) & (center[:, 2] > 0.75)
    labels[(center[:, 1] > 6.95) | (share["face"] > 0.35) | front] = Label.FACE_SKIN
    labels[share["ears"] > 0.5] = Label.EARS
    labels[share["lips"] > 0.5] = Label.LIPS
    labels[(share["inside_mouth"] > 0.5) & (share["lips"] < 0.5)] = Label.MOUTH_INNER
    labels[materials == EYE] = Label.EYES
    labels[(materials == TEETH) | (materials == TONGUE)] = Label.MOUTH_INNER
    return labels


def head_point(point: Array, turn: F64) -> F64:
    """Return where a point of the head at rest lies once the head is turned."""
    return np.asarray((point - NECK) @ turn.T + NECK, np.float64)
