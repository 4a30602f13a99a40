from __future__ import annotations

import numpy as np
import pytest

from limner_registry.hair_colors import HAIR_COLORS
from limner_server.imaging import loops
from limner_server.imaging.band import band_of, lifted
from limner_server.imaging.color_grid import GridFit
from limner_server.imaging.comparison import compared, sure_sides
from limner_server.imaging.dyeing import Canvas
from limner_server.imaging.foreground import Layers
from limner_server.imaging.guided import Guide, follow
from limner_server.imaging.hair_color import find_color
from limner_server.imaging.trimap import trimap_of_map

LOOPS = {name: loop for name, loop in vars(loops).items() if hasattr(loop, "signatures")}


def photos():
    """Return one photo in each form it may come in."""
    whole = np.random.default_rng(0).integers(0, 256, (90, 80, 3), np.uint8)
    read_only = whole.copy()
    read_only.setflags(write=False)
    wide = np.zeros((90, 200, 3), np.uint8)
    wide[:, 60:140] = whole
    return {"plain": whole, "read-only": read_only, "a part": wide[:, 60:140]}


@pytest.mark.parametrize("photo", photos().values(), ids=photos())
def test_nothing_is_compiled_after_warming(photo):
    loops.warm()
    known = {name: len(loop.signatures) for name, loop in LOOPS.items()}
    plane = photo[..., 0]
    trimap = trimap_of_map(plane > 128, 3)
    soft = np.array(plane, np.float32) / 255
    colors = photo.astype(np.float32) / 255

    follow(photo, Guide(photo, 2).linear_model(soft, 1e-4))
    band = band_of(photo, trimap, 60)
    sides = sure_sides(band.photo, band.trimap)
    better = compared(band.photo, band.trimap, band.trimap / np.float32(255), sides)
    lifted(photo, trimap, band, better)
    compared(photo, trimap, soft, sure_sides(photo, trimap))
    grid = GridFit(colors[:64, :64], soft[:64, :64]).grid(1 - colors[:64, :64][soft[:64, :64] > 0])
    layers = Layers(np.dstack([colors, colors]), slice(0, 90), slice(0, 80))
    for mix in (layers, None):
        Canvas(photo, plane, mix).dyed(grid, (slice(0, 80), slice(0, 80)), 1)

    find_color(photo, plane, HAIR_COLORS)

    assert known == {name: len(loop.signatures) for name, loop in LOOPS.items()}
    assert all(count for name, count in known.items() if not name.startswith("_"))
