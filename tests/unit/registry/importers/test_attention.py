from __future__ import annotations

import math

import numpy as np
import pytest

from limner_registry.importers.errors import GraphUnreadable, OperatorUnsupported
from limner_registry.importers.graph import Custom

BOX = {
    "subset_idxs": (0, 1, 2, 5),
    "left_rotation_idx": 0,
    "right_rotation_idx": 2,
    "target_rotation_radians": 0.25,
    "output_width": 8,
    "output_height": 4,
    "scale_x": 1.5,
    "scale_y": 2.0,
}


def landmarks(*shape):
    return np.random.default_rng(7).uniform(4, 20, shape).astype(np.float32)


def box_matrix(points):
    """One transform, by the definition: angle, turned box, shift, turn, scale, shift."""
    across, down = points[2, :2] - points[0, :2]
    angle = 0.25 - math.atan2(down, across)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = points[[0, 1, 2, 5], :2] @ turn.T
    low, high = turned.min(0), turned.max(0)
    scale = (high - low) * [1.5, 2.0] / [8, 4]
    linear = turn.T @ np.diag(scale)
    matrix = np.eye(4)
    matrix[:2, :2] = linear
    matrix[:2, 3] = turn.T @ ((low + high) / 2) - linear @ [4, 2]
    return matrix


def bilinear(features, x, y):
    """The value at a place among pixel centers at integers, 0 beyond the outermost of them."""
    height, width, channels = features.shape
    if not (0 <= x <= width - 1 and 0 <= y <= height - 1):
        return np.zeros(channels)
    left, top = min(int(x), width - 2), min(int(y), height - 2)
    u, v = x - left, y - top
    rows = features[top : top + 2, left : left + 2]
    return np.einsum("y,x,yxc->c", [1 - v, v], [1 - u, u], rows)


def test_matrix_leads_from_output_pixels_to_the_turned_box(run_node):
    faces = landmarks(3, 6, 3)

    answer = run_node("Landmarks2TransformMatrix", Custom(2, BOX), (1, 4, 4), faces)

    np.testing.assert_allclose(answer, [box_matrix(face) for face in faces], atol=1e-4)


def test_matrix_of_landmarks_in_one_place_is_finite(run_node):
    faces = np.ones((1, 6, 3), np.float32)

    answer = run_node("Landmarks2TransformMatrix", Custom(2, BOX), (1, 4, 4), faces)

    assert np.isfinite(answer).all()


def test_region_is_sampled_between_pixel_centers_and_0_outside(run_node):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(3, 10, 12, 2)).astype(np.float32)
    faces = landmarks(3, 6, 3) * np.float32(0.6)
    matrices = np.stack([box_matrix(face) for face in faces]).astype(np.float32)
    expected = np.zeros((3, 4, 8, 2))
    for n, row, column in np.ndindex(3, 4, 8):
        x, y = matrices[n, :2] @ [column + 0.5, row + 0.5, 0, 1] - 0.5
        expected[n, row, column] = bilinear(features[n], x, y)

    options = Custom(2, {"output_width": 8, "output_height": 4})
    answer = run_node("TransformTensorBilinear", options, (1, 4, 8, 2), features, matrices)

    assert (expected == 0).any()
    assert (expected != 0).any()
    np.testing.assert_allclose(answer, expected, atol=1e-4)


def test_landmarks_are_moved_by_their_own_matrix(run_node):
    points, faces = landmarks(3, 5, 2), landmarks(3, 6, 3)
    matrices = np.stack([box_matrix(face) for face in faces]).astype(np.float32)
    expected = [p @ m[:2, :2].T + m[:2, 3] for p, m in zip(points, matrices, strict=True)]

    answer = run_node("TransformLandmarks", Custom(2, {}), (1, 5, 2), points, matrices)

    np.testing.assert_allclose(answer, expected, rtol=1e-5)


def test_other_versions_of_the_operators_are_refused(run_node):
    with pytest.raises(OperatorUnsupported, match="version 2"):
        run_node("Landmarks2TransformMatrix", Custom(1, BOX), (1, 4, 4), landmarks(1, 6, 3))


def test_missing_options_are_damage(run_node):
    with pytest.raises(GraphUnreadable, match="subset_idxs"):
        run_node(
            "Landmarks2TransformMatrix",
            Custom(2, BOX | {"subset_idxs": 3}),
            (1, 4, 4),
            landmarks(1, 6, 3),
        )
