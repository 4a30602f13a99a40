"""The template: similarities are found again, and inverted, and both landmark sets fit it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry import face_template
from limner_registry.face_template import TEMPLATE, aligned, inverse, mapped, misfit, similarity


def matrix(angle, scale, x, y):
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    return np.array([[cosine, -sine, x], [sine, cosine, y]])


matrices = st.builds(
    matrix,
    st.floats(-3.1, 3.1),
    st.floats(0.05, 20),
    st.floats(-900, 900),
    st.floats(-900, 900),
)


@given(matrices)
def test_a_similarity_is_found_again_from_what_it_did_to_points(true):
    points = TEMPLATE * 200

    np.testing.assert_allclose(similarity(points, mapped(points, true)), true, atol=1e-6)


def test_points_all_at_one_place_are_brought_to_the_middle_of_the_others():
    here = np.full((5, 2), 7.0)

    brought = mapped(here, similarity(here, TEMPLATE))

    np.testing.assert_allclose(brought, np.tile(TEMPLATE.mean(0), (5, 1)))


@given(matrices)
def test_a_map_and_its_inverse_leave_points_where_they_were(there):
    points = TEMPLATE * 200

    np.testing.assert_allclose(mapped(mapped(points, there), inverse(there)), points, atol=1e-6)


@given(matrices)
def test_the_template_itself_lies_in_its_place_wherever_the_photo_has_it(there):
    photo = mapped(TEMPLATE * 128 - 0.5, there)

    np.testing.assert_allclose(mapped(photo, aligned(photo, 128)), TEMPLATE * 128 - 0.5, atol=1e-6)
    assert misfit(photo, TEMPLATE) == pytest.approx(0, abs=1e-6)


def test_a_least_squares_fit_is_no_worse_than_its_neighbors():
    rng = np.random.default_rng(0)
    points = rng.normal(0, 50, (5, 2))
    targets = TEMPLATE * 100

    def error(map_):
        return ((mapped(points, map_) - targets) ** 2).sum()

    best = similarity(points, targets)
    for _ in range(50):
        angle, scale, *shift = rng.normal(0, 1e-3, 4)
        there = matrix(angle, 1 + scale, *shift)
        moved = there[:, :2] @ best + np.column_stack([np.zeros((2, 2)), there[:, 2]])
        assert error(moved) >= error(best)


def test_half_the_size_is_the_same_crop_with_pixels_twice_as_large():
    points = TEMPLATE * 300 + (17, -4)
    corner = np.array([[-0.5, -0.5]])  # of the crop, whatever its size

    small, large = (mapped(corner, inverse(aligned(points, size))) for size in (64, 128))
    np.testing.assert_allclose(small, large, atol=1e-9)


def test_a_turned_face_fits_worse_than_a_straight_one():
    turned = TEMPLATE.copy()
    turned[2, 0] += 0.08

    assert misfit(turned, TEMPLATE) > 0.1 > misfit(TEMPLATE * 3 + 5, TEMPLATE)


def test_the_points_of_a_mesh_and_of_the_studio_mean_the_same():
    mesh = np.zeros((478, 3), np.float32)
    studio = {}
    for spot, (place, mine, theirs) in enumerate(
        zip(TEMPLATE, face_template.ON_MESH, face_template.IN_STUDIO, strict=True)
    ):
        assert len(mine) == len(theirs), spot
        for sign, index, name in zip((-1, 1), mine, theirs, strict=False):
            about = place + np.array([sign * 0.03 * (len(mine) == 2), 0])
            mesh[index, :2] = about
            studio[name] = tuple(about)

    np.testing.assert_allclose(face_template.five_of_mesh(mesh), TEMPLATE, atol=1e-6)
    np.testing.assert_allclose(face_template.five_of_studio(studio), TEMPLATE, atol=1e-6)
