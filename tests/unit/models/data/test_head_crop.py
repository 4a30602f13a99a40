"""The head crop against FFHQ's own construction."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from limner_models.data.head_crop import DOWN, WIDER, face_points, head_crop

places = st.floats(-500, 2000)
POINTS = np.array([(100.0, 120.0), (160.0, 126.0), (104.0, 190.0), (152.0, 194.0)])


def ffhq_quad(points):
    """Corners as the script that made FFHQ computes them, from eyes and mouth corners."""
    left, right, mouth_left, mouth_right = points
    eye = (left + right) * 0.5
    eye_to_eye = right - left
    mouth = (mouth_left + mouth_right) * 0.5
    eye_to_mouth = mouth - eye
    x = eye_to_eye - np.flipud(eye_to_mouth) * [-1, 1]
    x /= np.hypot(*x)
    x *= max(np.hypot(*eye_to_eye) * 2.0, np.hypot(*eye_to_mouth) * 1.8)
    y = np.flipud(x) * [-1, 1]
    c = eye + eye_to_mouth * 0.1
    return np.stack([c - x - y, c - x + y, c + x + y, c + x - y])


def moved(matrix, points):
    return points @ matrix[:, :2].T + matrix[:, 2]


def test_the_ffhq_square_lies_in_the_crop_upright_and_by_the_margins_agreed_on():
    corners = moved(head_crop(POINTS, 300), ffhq_quad(POINTS))

    side = 300 / WIDER
    low, up = 149.5 - side / 2, 149.5 - side / 2 - DOWN * side
    expected = [(low, up), (low, up + side), (low + side, up + side), (low + side, up)]
    np.testing.assert_allclose(corners, expected, atol=1e-6)


@given(places, places, st.floats(-3, 3), st.floats(0.2, 5))
def test_the_crop_follows_a_head_wherever_it_moves_turns_and_grows(x, y, angle, scale):
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    elsewhere = POINTS @ turn.T + [x, y]

    seen = moved(head_crop(elsewhere, 256), elsewhere)

    np.testing.assert_allclose(seen, moved(head_crop(POINTS, 256), POINTS), atol=1e-4)


@given(st.floats(0.5, 2), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3))
def test_scale_and_shift_count_in_sides_of_the_crop(scale, right, down):
    seen = moved(head_crop(POINTS, 256, scale, (right, down)), POINTS)

    straight = moved(head_crop(POINTS, 256), POINTS)
    middle = (straight - 127.5) / scale + 127.5
    np.testing.assert_allclose(seen, middle - 256 * np.array([right, down]), atol=1e-6)


def test_roll_leans_the_crop_clockwise_so_that_the_head_leans_the_other_way():
    seen = moved(head_crop(POINTS, 256, roll=0.2), POINTS)

    eyes = seen[1] - seen[0]
    straight = moved(head_crop(POINTS, 256), POINTS)
    before = straight[1] - straight[0]
    np.testing.assert_allclose(
        np.arctan2(eyes[1], eyes[0]), np.arctan2(before[1], before[0]) - 0.2, atol=1e-6
    )


def test_face_points_go_from_the_images_left_to_its_right():
    points = face_points(
        {"pupil_l": (60, 10), "pupil_r": (20, 11), "mouth_l": (50, 40), "mouth_r": (30, 41)}
    )

    assert points.tolist() == [[20, 11], [60, 10], [30, 41], [50, 40]]
