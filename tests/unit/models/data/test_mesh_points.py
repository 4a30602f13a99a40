"""Points as a mesh finds them: apart from the studio's, alike on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from limner_models.data.mesh_points import LIDS, as_mesh
from limner_models.studio.landmarks import LANDMARKS
from tests.unit.models.conftest import person_points


def points(open_):
    places = person_points(open_).astype(float)
    return {name: (x, y) for name, (x, y) in zip(LANDMARKS, places, strict=True)}


@pytest.mark.parametrize("open_", [0.1, 0.3, 1.0])
def test_eyes_are_found_less_open_when_open_and_less_closed_when_closed(open_):
    before, after = points(open_), as_mesh(points(open_))

    def apart(marks, one, other):
        return float(np.hypot(*np.subtract(marks[one], marks[other])))

    wide = apart(before, "eye_outer_r", "eye_inner_r")
    true, found = (apart(marks, "eye_top_r", "eye_bottom_r") / wide for marks in (before, after))
    factor, more = LIDS
    assert found == pytest.approx(factor * true + more, abs=1e-6)


def test_both_sides_are_found_as_far_out():
    before, after = points(0.5), as_mesh(points(0.5))
    for name in ("brow_{}3", "nostril_{}", "mouth_{}", "eye_outer_{}"):
        left, right = (
            np.subtract(after[name.format(side)], before[name.format(side)]) for side in "lr"
        )
        np.testing.assert_allclose(left, right * (-1, 1), atol=1e-9)
    assert after["ear_l"] == before["ear_l"]
