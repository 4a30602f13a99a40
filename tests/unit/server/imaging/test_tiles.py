from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.tiles import plan_tiles

sides = st.integers(1, 700)
edges = st.integers(1, 64).map(lambda n: 4 * n)
margins = st.integers(0, 10).map(lambda n: 4 * n)


@given(sides, sides, edges, margins)
def test_every_pixel_is_kept_exactly_once(height, width, edge, margin):
    kept = np.zeros((height, width), np.uint8)
    for tile in plan_tiles(height, width, edge, margin):
        kept[tile.core] += 1
    assert (kept == 1).all()


@given(sides, sides, edges, margins)
def test_what_is_seen_has_its_margin_on_every_side_but_at_the_borders(height, width, edge, margin):
    for tile in plan_tiles(height, width, edge, margin):
        for core, seen, extent in zip(tile.core, tile.seen, (height, width), strict=True):
            assert seen.start == max(0, core.start - margin)
            assert seen.stop == min(extent, core.stop + margin)
            assert seen.start % 4 == 0


@given(sides, sides, edges, margins)
def test_the_kept_part_of_what_is_seen_is_the_core(height, width, edge, margin):
    places = np.arange(height * width).reshape(height, width)
    for tile in plan_tiles(height, width, edge, margin):
        np.testing.assert_array_equal(places[tile.seen][tile.kept], places[tile.core])
