from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging.tiles import plan_tiles

sides = st.integers(1, 700)
edges = st.integers(1, 64).map(lambda n: 4 * n)
margins = st.integers(0, 10).map(lambda n: 4 * n)


frames = st.integers(0, 5).map(lambda n: 4 * n)


@given(sides, sides, edges, margins, frames)
def test_every_pixel_is_kept_exactly_once(height, width, edge, margin, frame):
    kept = np.zeros((height, width), np.uint8)
    for tile in plan_tiles(height, width, edge, margin, frame):
        kept[tile.core] += 1
    assert (kept == 1).all()


@given(sides, sides, edges, margins, frames)
def test_what_is_seen_has_its_margin_as_far_as_there_is_any(height, width, edge, margin, frame):
    for tile in plan_tiles(height, width, edge, margin, frame):
        for core, seen, extent in zip(tile.core, tile.seen, (height, width), strict=True):
            assert seen.start - frame == max(-frame, core.start - margin)
            assert seen.stop - frame == min(extent + frame, core.stop + margin)
            assert seen.start % 4 == 0


@given(sides, sides, edges, margins, frames)
def test_the_kept_part_of_what_is_seen_is_the_core(height, width, edge, margin, frame):
    places = np.arange(height * width).reshape(height, width)
    framed = np.pad(places, frame, constant_values=-1)
    for tile in plan_tiles(height, width, edge, margin, frame):
        np.testing.assert_array_equal(framed[tile.seen][tile.kept], places[tile.core])
