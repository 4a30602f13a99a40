from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_server.imaging import detection
from limner_server.imaging.detection import (
    Detection,
    afar,
    detections,
    letterbox,
    merge,
    tiles,
    turned,
)
from limner_server.imaging.geometry import Region

sides = st.integers(10, 4000)


def silence():
    return np.zeros((2304, 16), np.float32), np.full((2304, 1), -20, np.float32)


def speak(boxes, scores, anchor, center, size, logit):
    """Write a face of a size in input pixels around a center into one anchor's answer."""
    place = detection.ANCHORS[anchor] * 192
    boxes[anchor] = np.tile(np.array(center) - place, 8)
    boxes[anchor, 2:4] = size
    scores[anchor] = logit


def face(left, top, right, bottom, score=0.9):
    return Detection(left, top, right, bottom, score, np.zeros((6, 2), np.float32))


def test_anchors_lie_in_the_middle_of_every_fourth_pixel_row_by_row():
    np.testing.assert_allclose(detection.ANCHORS[0] * 192, [2, 2])
    np.testing.assert_allclose(detection.ANCHORS[1] * 192, [6, 2])
    np.testing.assert_allclose(detection.ANCHORS[48] * 192, [2, 6])
    assert detection.ANCHORS.shape == (2304, 2)


def test_silence_finds_nothing():
    assert detections(*silence(), letterbox(100, 80)) == []


@given(st.integers(0, 2303), st.floats(0, 192), st.floats(0, 192), st.floats(5, 100), sides, sides)
def test_a_face_is_found_where_its_anchor_says(anchor, x, y, size, width, height):
    boxes, scores = silence()
    speak(boxes, scores, anchor, (x, y), size, 3.0)

    (found,) = detections(boxes, scores, letterbox(width, height))

    side = max(width, height)
    at = np.array([x, y]) / 192 * side + (np.array([width, height]) - side) / 2
    half = size / 192 * side / 2
    edges = [found.left, found.top, found.right, found.bottom]
    np.testing.assert_allclose(edges, [*(at - half), *(at + half)], atol=side * 1e-4)
    np.testing.assert_allclose(found.keypoints, np.tile(at, (6, 1)), atol=side * 1e-4)
    assert found.score == pytest.approx(1 / (1 + np.exp(-3.0)))


@given(st.floats(20, 172), st.floats(20, 172), sides, sides)
def test_a_face_in_a_turned_photo_has_its_box_where_it_lies(x, y, width, height):
    boxes, scores = silence()
    speak(boxes, scores, 1000, (x, y), 10, 3.0)
    boxes[1000, 3] = 20  # twice as high as wide, as the turned look sees it

    upside_down = detections(boxes, scores, turned(width, height)[2])[0]
    lying = [detections(boxes, scores, region)[0] for region in turned(width, height)[:2]]

    upright = detections(boxes, scores, letterbox(width, height))[0]
    assert upside_down.left == pytest.approx(width - upright.right, abs=1)
    assert upside_down.top == pytest.approx(height - upright.bottom, abs=1)
    for found in lying:
        assert (found.width, found.height) == pytest.approx((upright.height, upright.width), abs=1)


@given(st.floats(60, 132), st.floats(60, 132), sides, sides)
def test_a_photo_seen_from_afar_has_its_faces_at_their_place_and_size(x, y, width, height):
    near, far = silence(), silence()
    speak(*near, 1000, (x, y), 40, 3.0)
    speak(*far, 1000, (96 + (x - 96) / 2, 96 + (y - 96) / 2), 20, 3.0)

    (one,) = detections(*near, letterbox(width, height))
    (other,) = detections(*far, afar(width, height))

    edges = ([face.left, face.top, face.right, face.bottom] for face in (one, other))
    np.testing.assert_allclose(*edges, atol=max(width, height) * 1e-4)


def test_boxes_over_one_face_are_averaged_by_their_scores():
    boxes, scores = silence()
    speak(boxes, scores, 1000, (90, 90), 40, 2.0)
    speak(boxes, scores, 1001, (94, 90), 40, 1.0)

    (found,) = detections(boxes, scores, Region(96, 96, 192, 192))

    weights = 1 / (1 + np.exp(-np.array([2.0, 1.0])))
    center = (weights * [90, 94]).sum() / weights.sum()
    assert (found.left + found.right) / 2 == pytest.approx(center, abs=1e-3)
    assert found.score == pytest.approx(weights[0])


def test_faces_apart_stay_apart_the_surest_first():
    boxes, scores = silence()
    speak(boxes, scores, 10, (30, 30), 30, 1.0)
    speak(boxes, scores, 20, (120, 120), 30, 2.0)

    found = detections(boxes, scores, Region(96, 96, 192, 192))

    assert [round(one.left) for one in found] == [105, 15]


@given(st.floats(0, 1))
def test_nothing_below_the_threshold_is_found(threshold):
    boxes, scores = silence()
    speak(boxes, scores, 5, (50, 50), 30, 0.7)

    found = detections(boxes, scores, letterbox(10, 10), threshold)

    assert bool(found) == (threshold <= 1 / (1 + np.exp(-np.float64(np.float32(0.7)))))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_answers_without_sense_are_left_out(value):
    boxes, scores = silence()
    speak(boxes, scores, 5, (50, 50), value, 5.0)
    speak(boxes, scores, 6, (50, 50), -3, 5.0)
    speak(boxes, scores, 7, (50, 50), 30, np.nan)

    assert detections(boxes, scores, letterbox(10, 10)) == []


def test_there_are_never_more_faces_than_the_limit():
    boxes, scores = silence()
    for anchor in range(0, 2304, 3):
        speak(boxes, scores, anchor, detection.ANCHORS[anchor] * 192, 4, 3.0)

    assert len(detections(boxes, scores, letterbox(99, 99))) == detection.MAX_FACES


@given(sides, sides)
def test_tiles_are_half_size_and_cover_the_photo_with_overlap(width, height):
    side = max(width, height) / 2
    found = tiles(width, height)

    for x, y in [(0, 0), (width, 0), (0, height), (width, height), (width / 2, height / 2)]:
        assert any(
            abs(x - tile.center_x) <= side / 2 + 1e-6 and abs(y - tile.center_y) <= side / 2 + 1e-6
            for tile in found
        )
    assert {(tile.width, tile.height, tile.angle) for tile in found} == {(side, side, 0.0)}
    columns = sorted({tile.center_x for tile in found})
    assert np.all(np.diff(columns) <= side / 2 + 1e-6)
    assert len(found) <= 9


def test_merging_keeps_the_surer_of_a_face_and_its_half():
    whole, half = face(10, 10, 50, 50, 0.9), face(12, 10, 30, 48, 0.7)
    other = face(100, 10, 140, 50, 0.8)

    assert merge([half, other, whole]) == [whole, other]


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(0, 1)), max_size=100))
def test_merging_twice_changes_nothing(places):
    faces = [face(x, y, x + 60, y + 60, score) for x, y, score in places]

    once = merge(faces)

    assert merge(once) == once
    assert len(once) <= detection.MAX_FACES
