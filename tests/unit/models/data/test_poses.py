"""Heads by their points: the very ones that are composed with a picture."""

from __future__ import annotations

import numpy as np
import pytest

from limner_models.data.backgrounds import Backgrounds
from limner_models.data.counterparts import Counterparts
from limner_models.data.poses import SIDE, poses
from limner_models.errors import MaterialDamaged
from limner_registry.animals import ANCHORS, TOLD


def test_points_and_anchors_are_those_of_exact_pairs(counterparts_folder):
    files = sorted(counterparts_folder.glob("*.npz"))[:3]
    rows = poses(files)
    exact = Counterparts(tuple(files), Backgrounds(None), 1, astray=0, hidden=0)
    assert rows["points"].shape == (6, len(TOLD), 2)
    assert rows["anchors"].shape == (6, len(ANCHORS), 2)
    for row in range(6):
        sample = exact.sample(files[row // 2], row % 2, np.random.default_rng(0))
        np.testing.assert_allclose(rows["points"][row], sample["points"], atol=1e-4)
        np.testing.assert_allclose(rows["anchors"][row], sample["anchors"], atol=1e-6)
        np.testing.assert_array_equal(rows["animal"][row], sample["animal"])


def test_places_are_known_where_the_whole_square_shows_the_head(counterparts_folder):
    rows = poses(sorted(counterparts_folder.glob("*.npz"))[:2])
    known = rows["on_head"].astype(bool)
    assert rows["unrolled"].shape == (4, 2, SIDE, SIDE)
    assert known.any(axis=(1, 2)).all()
    assert not known.all(axis=(1, 2)).any()
    across, down = rows["unrolled"].transpose(1, 0, 2, 3)
    assert (np.abs(across[known]) <= 1).all()
    assert (across[~known] == 0).all()
    for each, head in zip(down, known, strict=True):
        top, bottom = np.flatnonzero(head.any(1))[[0, -1]]
        assert each[top][head[top]].mean() < each[bottom][head[bottom]].mean()


def test_a_file_without_animals_is_refused(portraits_folder):
    with pytest.raises(MaterialDamaged, match="holds no person with animals"):
        poses([portraits_folder / "000000.npz"])
