"""Curves: means over some steps, none lost."""

from __future__ import annotations

from limner_models.curves import Means


def test_points_are_the_means_of_their_steps_and_the_rest_comes_with_a_flush():
    points = {}
    means = Means(points.__setitem__, every=2)

    for step in range(1, 6):
        means(step, {"loss": float(step), **({"rare": 1.0} if step == 1 else {})})
    means.flush(5)
    means.flush(5)

    assert points == {
        2: {"loss": 1.5, "rare": 1.0},
        4: {"loss": 3.5},
        5: {"loss": 5.0},
    }
