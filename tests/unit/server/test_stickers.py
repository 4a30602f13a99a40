"""The stickers that come with the server."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from limner_registry.animals import ANCHORS
from limner_server.stickers import WORN, packaged, picture_of


def test_every_picture_is_worn_and_nothing_else_lies_there():
    names = {path.name.removesuffix(".png") for path in files("limner_server.stickers").iterdir()}
    assert names - {"__init__.py", "__pycache__"} == set(WORN)


@pytest.mark.parametrize("name", WORN)
def test_a_sticker_is_small_clear_at_its_corners_and_held_by_a_known_point(name):
    sticker = packaged(name)
    alpha = sticker.picture[..., 3]
    assert len(picture_of(name)) < 20_000
    assert not alpha[[0, 0, -1, -1], [0, -1, 0, -1]].any()
    assert np.ptp(alpha) == 1
    assert sticker.anchor in {*ANCHORS, "eyes", "mouth"}
    assert all(0 <= share <= 1 for share in sticker.held)


def test_a_sticker_there_is_none_of_is_not_found():
    with pytest.raises(KeyError, match="wig"):
        packaged("wig")
