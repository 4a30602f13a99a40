"""One step of smooth subdivision, as a matrix that any shape of the same mesh is put through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse

if TYPE_CHECKING:
    from limner_models.studio.arrays import Array


def subdivide(quads: Array, count: int) -> tuple[Array, Any]:
    """Return the quads of the finer mesh and the matrix that gives its vertices.

    Args:
        quads: (n, 4) int, corners; a triangle repeats its last one.
        count: Vertices of the coarse mesh.

    Returns:
        (4n, 4) int, and a sparse matrix (finer, count) of float64: old vertices come first, then
        one for each face, then one for each edge.

    Source: Catmull and Clark, Recursively Generated B-Spline Surfaces, CAD 1978; borders as in
        Hoppe et al., SIGGRAPH 1994.
    """
    faces = len(quads)
    ends, edge_of = _edges(quads)
    edges = len(ends)
    by_face = _incidence(np.repeat(np.arange(faces), 4), quads.ravel(), (faces, count)) * 0.25
    ordinal = np.repeat(np.arange(edges), 2)
    by_edge = _incidence(ordinal, ends.ravel(), (edges, count)) * 0.5
    meets = _incidence(edge_of.ravel(), np.repeat(np.arange(faces), 4), (edges, faces))
    inner = np.bincount(edge_of.ravel(), minlength=edges) == 2
    edge_points = (
        _scale(inner) @ (0.5 * by_edge + 0.25 * meets @ by_face) + _scale(~inner) @ by_edge
    )
    vertex_points = _vertex_points(quads, ends, inner, by_face, by_edge)
    matrix = sparse.vstack([vertex_points, by_face, edge_points]).tocsr()
    face_number = count + np.arange(faces)
    edge_number = count + faces + edge_of
    finer = [
        np.stack([quads[:, k], edge_number[:, k], face_number, edge_number[:, (k - 1) % 4]], 1)
        for k in range(4)
    ]
    return np.concatenate(finer), matrix


def _edges(quads: Array) -> tuple[Array, Array]:
    """Return each edge's two ends, and the edge that starts at each corner of each quad."""
    pairs = np.sort(np.stack([quads, np.roll(quads, -1, 1)], -1).reshape(-1, 2), 1)
    ends, number = np.unique(pairs, axis=0, return_inverse=True)
    return ends, np.asarray(number).reshape(len(quads), 4)


def _incidence(rows: Array, columns: Array, shape: tuple[int, int]) -> Any:
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)


def _scale(values: Array) -> Any:
    return sparse.diags(np.asarray(values, np.float64))


def _vertex_points(quads: Array, ends: Array, inner: Array, by_face: Any, by_edge: Any) -> Any:
    """Return the rows that move the old vertices."""
    (faces, count), edges = by_face.shape, len(ends)
    at_face = _incidence(quads.ravel(), np.repeat(np.arange(faces), 4), (count, faces))
    at_edge = _incidence(ends.ravel(), np.repeat(np.arange(edges), 2), (count, edges))
    border_ends = ends[~inner]
    at_border = _incidence(
        border_ends.ravel(), np.repeat(np.flatnonzero(~inner), 2), (count, edges)
    )
    valence = np.maximum(_sums(at_face), 1)
    on_border = _sums(at_border) > 0
    free = _sums(at_face) == 0
    smooth = (
        _scale(1 / valence**2) @ at_face @ by_face
        + _scale(2 / (valence * np.maximum(_sums(at_edge), 1))) @ at_edge @ by_edge
        + _scale((valence - 3) / valence)
    )
    along = _scale(0.5 / np.maximum(_sums(at_border), 1)) @ at_border @ by_edge
    border = along + _scale(np.full(count, 0.5))
    return _scale(~on_border & ~free) @ smooth + _scale(on_border & ~free) @ border + _scale(free)


def _sums(matrix: Any) -> Array:
    return np.asarray(matrix.sum(1)).ravel()
