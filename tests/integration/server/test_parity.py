"""The whole way through the server against what mediapipe itself answers for the same pixels.

The references are mediapipe 0.10.21's own (tests/data/README.md). Single networks are held to
their originals in tests/integration/registry/importers.
"""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
from skimage import data

from limner.v1 import image_pb2, segment_pb2
from limner_server.imaging import detection, geometry
from tests.integration.conftest import plane

REFERENCE = Path(__file__).parents[2] / "data/mediapipe_astronaut.npz"
LEFT_EYE, RIGHT_EYE = 33, 263


@pytest.fixture(scope="module")
def reference():
    return np.load(REFERENCE, allow_pickle=False)


@pytest.fixture(scope="module")
def response(stubs):
    pixels = data.astronaut()
    raw = {
        "data": pixels.tobytes(),
        "format": image_pb2.IMAGE_FORMAT_RAW_RGB8,
        "width_px": pixels.shape[1],
        "height_px": pixels.shape[0],
    }
    return stubs.segment.Segment(segment_pb2.SegmentRequest(image=raw))


def test_without_our_two_departures_the_detection_is_mediapipes(stack, reference, monkeypatch):
    """With its threshold, and its crop that lets large photos alias: 0.0002 % of the width."""
    monkeypatch.setattr(geometry, "ALIASING", math.inf)
    network = stack.state / "models/face_detector.v1/1/model.onnx"
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    look = detection.letterbox(512, 512)
    square = geometry.crop(data.astronaut(), look, 192, 192)
    boxes, scores = session.run(["boxes", "scores"], {"image": square[None]})
    (face,) = detection.detections(boxes[0], scores[0], look, threshold=0.6)
    left, top, width, height = reference["box"]
    near = 2e-6 * width
    assert (face.left, face.top, face.width, face.height) == pytest.approx(
        (left, top, width, height), abs=near
    )
    np.testing.assert_allclose(face.keypoints, reference["keypoints"], atol=near)
    assert face.score == pytest.approx(float(reference["score"]), abs=1e-6)


def test_the_served_box_is_half_a_percent_from_mediapipes(response, reference):
    """Ours shrinks by area first, and counts answers from 0.5 on: 43 of 45 faces, not 41."""
    left, top, width, height = reference["box"]
    box = response.faces[0].box
    ours = (box.left_px, box.top_px, box.right_px, box.bottom_px)
    assert ours == pytest.approx((left, top, left + width, top + height), abs=0.005 * width)
    assert response.faces[0].score == pytest.approx(float(reference["score"]), abs=0.002)


def test_the_mesh_lies_where_mediapipes_does(response, reference):
    """Ours starts from another detector and looks twice: 2 % of the eyes' distance is unrest."""
    expected = reference["landmarks_478"]
    found = response.faces[0].landmarks
    ours = np.stack([found.x_px, found.y_px], 1)
    eyes = np.linalg.norm(expected[LEFT_EYE, :2] - expected[RIGHT_EYE, :2])
    gaps = np.linalg.norm(ours - expected[:, :2], axis=1) / eyes
    assert gaps.mean() < 0.02
    assert gaps.max() < 0.08


def test_the_networks_map_of_the_person_is_mediapipes_to_a_ten_thousandth(stack, reference):
    network = stack.state / "models/person_segmenter.v1/1/model.onnx"
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    pixels = data.astronaut()
    square = geometry.crop(pixels, geometry.whole(512, 512), 256, 256)
    (person,) = session.run(["person"], {"image": square[None]})
    gap = np.abs(cv2.resize(person[0], (512, 512)) - reference["person"] / 65535)
    assert gap.mean() < 2e-5
    assert gap.max() < 2e-4


def test_the_served_person_is_mediapipes_drawn_onto_the_photos_edges(response, reference):
    person = next(
        mask
        for mask in response.masks
        if getattr(mask, "class") == segment_pb2.SEGMENT_CLASS_PERSON
    )
    ours = plane(person.mask.data) == 255
    theirs = reference["person"] >= 0.5 * 65535
    assert (ours & theirs).sum() / (ours | theirs).sum() > 0.97
