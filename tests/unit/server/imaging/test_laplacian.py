from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatting import cf_laplacian

from limner_server.imaging import laplacian
from limner_server.imaging.trimap import INSIDE, OUTSIDE, UNKNOWN

seeds = st.integers(0, 2**32 - 1)


def scene(seed, height, width):
    random = np.random.default_rng(seed)
    photo = random.integers(0, 256, (height, width, 3), np.uint8)
    trimap = random.choice(np.array([INSIDE, OUTSIDE, UNKNOWN], np.uint8), (height, width))
    trimap[seed % height, seed % width] = UNKNOWN
    return photo, trimap


def whole(photo, trimap, epsilon):
    """Return PyMatting's own equations, made from the Laplacian of the whole photo."""
    unknown = (trimap == UNKNOWN).ravel()
    matrix = cf_laplacian(photo / 255, epsilon, is_known=~unknown).tocsr()
    rows = matrix[unknown]
    return rows[:, unknown].toarray(), -rows @ (trimap == INSIDE).ravel()


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(3, 30), st.integers(3, 30))
def test_tiles_give_the_equations_of_the_whole_photo(seed, height, width):
    photo, trimap = scene(seed, height, width)
    expected, right = whole(photo, trimap, 1e-5)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(laplacian, "TILE_PX", 7)
        found = laplacian.system(photo, trimap, 1e-5, lambda: None)

    np.testing.assert_allclose(found.matrix.toarray(), expected, atol=1e-9)
    np.testing.assert_allclose(found.right, right, atol=1e-9)


def test_the_matrix_is_symmetric_and_its_rows_balance():
    photo, _ = scene(1, 20, 20)
    trimap = np.full((20, 20), UNKNOWN, np.uint8)

    matrix = laplacian.system(photo, trimap, 1e-5, lambda: None).matrix.toarray()

    np.testing.assert_allclose(matrix, matrix.T, atol=1e-9)
    np.testing.assert_allclose(matrix.sum(1), 0, atol=1e-9)


def test_the_check_is_asked_before_each_tile_that_is_needed():
    photo, trimap = scene(0, 500, 20)
    trimap[:] = OUTSIDE
    trimap[[5, 490]] = UNKNOWN
    asked = []

    laplacian.system(photo, trimap, 1e-5, lambda: asked.append(1))

    assert len(asked) == 2
