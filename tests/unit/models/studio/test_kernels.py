from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import map_coordinates

from limner_models.studio.distance import distance_field
from limner_models.studio.kernels.field import Field, optical_depth, spread, values_at
from limner_models.studio.kernels.grooming import arc_lengths, clump
from limner_models.studio.kernels.growth import Traits, grow, push_out
from limner_models.studio.kernels.hair_light import falloff
from limner_models.studio.kernels.noise import noise_at
from limner_models.studio.kernels.raster import (
    FAR,
    Canvas,
    Painting,
    Shell,
    draw_strands,
    draw_triangles,
)
from limner_models.studio.kernels.volume import interleave

CELL = np.float32(0.1)


def field_of(values):
    return Field(values.astype(np.float32), np.zeros(3, np.float32), CELL)


def canvas_of(side):
    return Canvas(
        np.full((side, side), FAR, np.float32),
        np.full((side, side), -1, np.int32),
        np.zeros((side, side, 2), np.float32),
    )


@given(st.floats(0, 4))
def test_falloff_is_the_exponential(depth):
    assert falloff(np.float32(depth)) == pytest.approx(np.exp(-depth), rel=4e-3)


def test_noise_stays_in_its_range_and_depends_on_its_seed():
    points = np.random.default_rng(0).normal(0, 3, (2000, 3)).astype(np.float32)

    noise = noise_at(points, 2.0, 1)

    assert -1 <= noise.min() < -0.3
    assert 0.3 < noise.max() <= 1
    assert np.abs(noise - noise_at(points, 2.0, 2)).mean() > 0.1
    near = noise_at(points + np.float32(1e-4), 2.0, 1)
    np.testing.assert_allclose(near, noise, atol=5e-3)


def test_reading_between_grid_points_agrees_with_scipy():
    draws = np.random.default_rng(1)
    values = draws.random((5, 6, 7))
    points = draws.uniform(0.05, 0.35, (50, 3)).astype(np.float32)

    read = values_at(field_of(values), points)

    expected = map_coordinates(values, points.T[::-1] / CELL, order=1)
    np.testing.assert_allclose(read, expected, rtol=1e-4)


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("sign", [1, -1])
def test_optical_depth_through_an_even_fog_is_the_way_to_its_border(axis, sign):
    fog, depth = np.ones((6, 8, 10), np.float32), np.empty((6, 8, 10), np.float32)
    toward = np.zeros(3, np.float32)
    toward[axis] = sign

    optical_depth(fog, CELL, toward, depth)

    count = fog.shape[2 - axis]
    steps = np.arange(count) if sign < 0 else np.arange(count)[::-1]
    middle = [3, 4, 5]
    middle[2 - axis] = slice(None)
    np.testing.assert_allclose(depth[tuple(middle)], (steps + 0.5) * CELL, rtol=1e-5)


def test_slanted_light_passes_more_fog():
    fog = np.ones((20, 20, 20), np.float32)
    straight, slanted = np.empty_like(fog), np.empty_like(fog)
    optical_depth(fog, CELL, np.float32([0, 0, 1]), straight)
    optical_depth(fog, CELL, np.float32([0, np.sqrt(0.2), np.sqrt(0.8)]), slanted)

    ratio = slanted[15, 5, 10] / straight[15, 5, 10]

    assert ratio == pytest.approx(1 / np.sqrt(0.8), rel=1e-3)


def test_spreading_keeps_the_length_of_strands():
    density = field_of(np.zeros((8, 8, 8)))
    strand = np.float32([[[0.2, 0.2, 0.2], [0.4, 0.3, 0.2], [0.5, 0.5, 0.5]]])

    spread(density, strand, np.float32(2))

    assert density.values.sum() == pytest.approx(2 * arc_lengths(strand)[0, -1], rel=1e-5)


def test_interleaving_only_moves_axes_and_pads_with_dark_lights():
    planes = np.random.default_rng(2).random((3, 2, 4, 5)).astype(np.float32)

    mixed = interleave(planes, 8)

    np.testing.assert_array_equal(mixed[..., :3], planes.transpose(1, 2, 3, 0))
    assert not mixed[..., 3:].any()


def test_a_triangle_covers_its_area_and_the_nearest_wins():
    canvas = canvas_of(100)
    corners = np.float32(
        [[10, 10, 5], [90, 10, 5], [10, 90, 5], [0, 0, 9], [300, 0, 9], [0, 300, 9]]
    )
    triangles = np.int32([[0, 1, 2], [3, 4, 5]])
    shell = Shell(corners, triangles, np.full(6, -1, np.float32))

    draw_triangles(shell, canvas, perspective=False, depth_only=False)

    assert (canvas.triangle == 0).sum() == pytest.approx(80 * 80 / 2, rel=0.03)
    assert (canvas.triangle == 1).sum() == 10000 - (canvas.triangle == 0).sum()
    np.testing.assert_allclose(canvas.depth[canvas.triangle == 0], 5, rtol=1e-5)


def test_a_surface_is_cut_where_its_scalar_is_positive():
    canvas = canvas_of(64)
    corners = np.float32([[0, 0, 1], [64, 0, 1], [0, 64, 1]])
    shell = Shell(corners, np.int32([[0, 1, 2]]), np.float32([-1, 1, -1]))

    draw_triangles(shell, canvas, perspective=False, depth_only=False)

    covered = np.argwhere(canvas.triangle == 0)
    assert len(covered)
    assert covered[:, 1].max() <= 32


@pytest.mark.parametrize("width", [0.3, 1.0, 2.5])
def test_strands_cover_their_width_on_average(width):
    side, count = 200, 40
    painting = Painting(
        np.full((side, side), FAR, np.float32),
        np.full((side, side), -1, np.int32),
        np.zeros((side, side), np.float32),
    )
    height = np.linspace(0, 150, 20)
    strands = np.zeros((count, 20, 3), np.float32)
    strands[..., 0] = (4 + 4.9 * np.arange(count))[:, None]
    strands[..., 1] = 20 + height
    strands[..., 2] = 10

    draw_strands(strands, np.full((count, 20), width, np.float32), 0, painting, 7)

    assert (painting.owner >= 0).sum() / (count * 150) == pytest.approx(width, rel=0.05)
    assert set(np.unique(painting.owner[painting.owner >= 0] % 20)) <= set(range(19))


def sphere_field():
    z, y, x = np.mgrid[0:40, 0:40, 0:40] * float(CELL)
    return field_of(np.sqrt((x - 2) ** 2 + (y - 2) ** 2 + (z - 2) ** 2) - 1)


def test_hair_grows_its_length_falls_and_stays_outside():
    field = sphere_field()
    roots = np.float32([[2, 3, 2], [3, 2, 2], [2, 2, 3]])
    normals = roots - 2
    one = np.ones(3, np.float32)
    traits = Traits(
        one, 6 * one, 0 * one, one, 0.02 * one, 0.1 * one, 0 * one, one, -99 * one, 0.3 * one, one
    )

    strands = grow(field, roots, normals, np.float32([[1, 0, 0]] * 3), traits, 20)

    np.testing.assert_array_equal(strands[:, 0], roots)
    assert arc_lengths(strands)[:, -1] == pytest.approx(1, rel=0.35)
    assert (strands[1:, -1, 1] < roots[1:, 1] - 0.4).all()
    distance = np.linalg.norm(strands - 2, axis=-1)
    assert distance[:, 2:].min() > 0.98


def test_scissors_end_strands_at_their_height():
    field = sphere_field()
    roots = np.float32([[3, 2.4, 2]])
    one = np.ones(1, np.float32)
    traits = Traits(
        2 * one, 9 * one, 0 * one, one, 0 * one, 0 * one, 0 * one, one, 1.8 * one, 0.5 * one, one
    )

    strand = grow(field, roots, np.float32([[1, 0, 0]]), np.float32([[1, 0, 0]]), traits, 30)[0]

    assert 1.6 < strand[-1, 1] < 1.8
    steps = np.linalg.norm(np.diff(strand, axis=0), axis=1)
    assert steps.max() < 1.6 * steps.min()


def test_pushing_out_leaves_nothing_in_the_body():
    field = sphere_field()
    strands = np.random.default_rng(3).uniform(1.3, 2.7, (20, 10, 3)).astype(np.float32)
    before = strands.copy()

    push_out(field, strands, np.float32(0.05))

    inside = values_at(field, strands[:, 1:].reshape(-1, 3).copy())
    assert np.quantile(inside, 0.1) > 0.0
    np.testing.assert_array_equal(strands[:, 0], before[:, 0])


def test_clumping_draws_strands_to_their_guides_and_keeps_roots():
    strands = np.random.default_rng(4).random((6, 8, 3)).astype(np.float32)
    guides = np.zeros(6, np.int32)

    drawn = clump(strands, guides, np.full(6, 1, np.float32))

    np.testing.assert_array_equal(drawn[:, 0], strands[:, 0])
    np.testing.assert_allclose(drawn[:, -1], np.broadcast_to(strands[0, -1], (6, 3)), atol=1e-6)
    np.testing.assert_array_equal(clump(strands, guides, np.zeros(6, np.float32)), strands)


def test_the_distance_to_a_box_is_right_inside_and_out():
    low, high = np.array([-0.8, 7.0, -0.5]), np.array([0.8, 8.0, 1.0])
    corners = np.array([[low, high][b][a] for c in range(8) for a, b in enumerate(bits(c))])
    vertices = corners.reshape(8, 3).astype(np.float32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.int32([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])

    field = distance_field(vertices, triangles)

    points = np.float32([[0, 7.5, 0.25], [0, 8.5, 0.25], [1.4, 7.5, 0.25], [0, 7.5, 1.6]])
    expected = [-0.5, 0.5, 0.6, 0.6]
    np.testing.assert_allclose(values_at(field, points), expected, atol=0.08)


def bits(number):
    return [(number >> axis) & 1 for axis in range(3)]
