from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.tiles import OVERLAP, Tile, laid_together, tiles_over

SIDE = 256
extents = st.integers(1, 900)


@st.composite
def unknowns(draw):
    height, width = draw(extents), draw(extents)
    unknown = np.zeros((height, width), bool)
    for _ in range(draw(st.integers(1, 4))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        unknown[top : top + draw(extents), left : left + draw(extents)] = True
    return unknown


@given(unknowns())
def test_every_unknown_pixel_is_in_a_tile_and_every_tile_has_one(unknown):
    tiles = tiles_over(unknown, SIDE)

    covered = np.zeros_like(unknown)
    for tile in tiles:
        place = slice(tile.top, tile.top + SIDE), slice(tile.left, tile.left + SIDE)
        assert unknown[place].any()
        assert tile.top == 0 or tile.top + SIDE <= unknown.shape[0]
        assert tile.left == 0 or tile.left + SIDE <= unknown.shape[1]
        covered[place] = True
    assert covered[unknown].all()


def test_neighbors_overlap():
    tops = sorted({tile.top for tile in tiles_over(np.ones((900, 100), bool), SIDE)})

    assert (np.diff(tops) <= SIDE - OVERLAP).all()


@given(unknowns())
def test_what_was_cut_is_laid_together_as_it_was(unknown):
    image = np.random.default_rng(0).integers(0, 256, unknown.shape, np.uint8)
    tiles = tiles_over(unknown, SIDE)

    cut = [tile.cut(image).astype(np.float32) for tile in tiles]
    whole = laid_together(list(zip(tiles, cut, strict=True)), *unknown.shape)

    assert all(piece.shape == (SIDE, SIDE) for piece in cut)
    np.testing.assert_allclose(whole[unknown], image[unknown], atol=1e-3)


def test_tiles_that_disagree_fade_into_each_other():
    tiles = [Tile(0, 0, SIDE), Tile(0, SIDE - OVERLAP, SIDE)]
    answers = [np.zeros((SIDE, SIDE), np.float32), np.ones((SIDE, SIDE), np.float32)]

    whole = laid_together(list(zip(tiles, answers, strict=True)), SIDE, 2 * SIDE - OVERLAP)

    steps = np.diff(whole[SIDE // 2])
    assert whole[0, 0] == 0
    assert whole[0, -1] == 1
    assert steps.min() >= 0
    assert steps.max() < 0.06


def test_beyond_a_small_image_lies_its_mirror_image():
    image = np.arange(30, dtype=np.uint8).reshape(5, 6)

    piece = Tile(0, 0, 8).cut(image)

    np.testing.assert_array_equal(piece[5:, :6], image[:1:-1])
