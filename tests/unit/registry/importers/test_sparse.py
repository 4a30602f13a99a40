from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.importers.sparse import Compressed, Dense, densify


def compressed(kept):
    """The level that keeps, of each parent, these indices."""
    segments = np.cumsum([0, *(len(indices) for indices in kept)])
    return Compressed(segments, np.array([i for indices in kept for i in indices], np.int64))


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 6))
def test_rows_of_a_compressed_matrix_come_back(seed, height, width):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(1, 9, (height, width)) * (rng.random((height, width)) < 0.5)
    level = compressed([np.flatnonzero(row) for row in matrix])

    dense = densify(matrix[matrix != 0], matrix.shape, (0, 1), (), [Dense(height), level])

    np.testing.assert_array_equal(dense, matrix)


def test_blocks_land_in_their_places():
    matrix = np.zeros((4, 8), np.float32)
    matrix[0:2, 4:8], matrix[2:4, 0:4] = np.arange(1, 9).reshape(2, 4), 7
    values = np.concatenate([matrix[0:2, 4:8].ravel(), matrix[2:4, 0:4].ravel()])

    levels = [Dense(2), compressed([[1], [0]]), Dense(2), Dense(4)]

    np.testing.assert_array_equal(densify(values, (4, 8), (0, 1, 2, 3), (0, 1), levels), matrix)


def test_axes_may_be_walked_in_another_order():
    matrix = np.array([[0, 5, 0], [6, 0, 7]])
    level = compressed([[1], [0], [1]])

    dense = densify(np.array([6, 5, 7]), (2, 3), (1, 0), (), [Dense(3), level])

    np.testing.assert_array_equal(dense, matrix)


@pytest.mark.parametrize(
    ("order", "levels"),
    [
        ((0, 0), [Dense(2), Dense(2)]),
        ((0, 1), [Dense(2)]),
        ((0, 1), [Dense(2), Dense(1 << 30)]),
        ((0, 1), [Dense(2), Compressed(np.array([0, 9, 2]), np.array([0, 1]))]),
        ((0, 1), [Dense(2), compressed([[0], [0, 1]])]),
    ],
)
def test_parts_that_do_not_fit_are_refused(order, levels):
    with pytest.raises(ValueError, match="sparse tensor"):
        densify(np.ones(2), (2, 2), order, (), levels)


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_outside_of_the_tensor_is_refused(index):
    with pytest.raises(IndexError):
        densify(np.ones(2), (2, 2), (0, 1), (), [Dense(2), compressed([[0], [index]])])
