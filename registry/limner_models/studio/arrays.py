"""Names for the arrays that travel through the studio, and vectors' small algebra."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

F32: TypeAlias = npt.NDArray[np.float32]
F64: TypeAlias = npt.NDArray[np.float64]
I32: TypeAlias = npt.NDArray[np.int32]
U8: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
Array: TypeAlias = npt.NDArray[Any]

RGB: TypeAlias = tuple[float, float, float]
"""Linear light: reflectances in [0, 1], or radiances where the name says so."""


def f32(values: npt.ArrayLike) -> F32:
    """Return contiguous float32, copying only where needed: what the compiled loops take."""
    return np.ascontiguousarray(values, np.float32)


def unit_vectors(vectors: Array) -> Array:
    """Return vectors along the last axis, scaled to length 1."""
    return vectors / (np.linalg.norm(vectors, axis=-1, keepdims=True) + 1e-8)  # type: ignore[no-any-return]


def tangent(vectors: Array, normals: Array) -> Array:
    """Return what is left of vectors in the planes across the unit `normals`."""
    return vectors - normals * (vectors * normals).sum(-1, keepdims=True)  # type: ignore[no-any-return]


def rotation(axis: str, radians: float) -> F64:
    """Return the 3x3 rotation about axis x, y or z, right-handed."""
    c, s = math.cos(radians), math.sin(radians)
    rows = {
        "x": ((1, 0, 0), (0, c, -s), (0, s, c)),
        "y": ((c, 0, s), (0, 1, 0), (-s, 0, c)),
        "z": ((c, -s, 0), (s, c, 0), (0, 0, 1)),
    }
    return np.array(rows[axis], np.float64)
