from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from limner_registry.contract import Contract
from limner_registry.importers.graph import Graph
from limner_registry.importers.mediapipe import SOURCES, TOLERANCE, golden_answers
from limner_registry.importers.onnx_graph import Drawing, image_planes
from limner_registry.tensors import Tensor

TINY = Contract(
    "tiny",
    1,
    (Tensor("image", "uint8", (24, 24, 3), ""),),
    (Tensor("planes", "float32", (3, 24, 24), ""),),
    8,
)


@pytest.fixture(scope="module")
def network():
    drawing = Drawing(Graph((), (), (), (), (), {}))
    drawing.rename(image_planes(drawing, "image", 1 / 127.5, -1), "planes")
    return drawing.model(TINY)


def test_each_source_is_for_a_contract_of_its_own():
    assert len({source.contract.id for source in SOURCES}) == len(SOURCES)
    assert len({source.member.sha256 for source in SOURCES}) == len(SOURCES)


def test_images_become_scaled_planes(network):
    image = np.random.default_rng(0).integers(0, 256, (2, 24, 24, 3), np.uint8)

    (planes,) = onnxruntime.InferenceSession(network).run(None, {"image": image})

    np.testing.assert_allclose(planes, image.transpose(0, 3, 1, 2) / 127.5 - 1, atol=1e-6)


def test_golden_answers_are_those_of_the_network(network):
    golden = golden_answers(TINY, network)

    image = golden.inputs["image"]
    (planes,) = onnxruntime.InferenceSession(network).run(None, dict(golden.inputs))
    assert image.shape == (2, 24, 24, 3)
    assert golden.tolerance == TOLERANCE
    assert golden.difference({"planes": planes}) is None


def test_golden_answers_keep_an_eighth_of_the_tolerance(network):
    golden = golden_answers(TINY, network)

    exact = golden.inputs["image"].transpose(0, 3, 1, 2) / 127.5 - 1
    gap = np.abs(golden.outputs["planes"] - exact).max()
    assert gap <= TOLERANCE / 8 * np.ptp(exact) + 1e-6


def test_golden_answers_refuse_swapped_channels(network):
    golden = golden_answers(TINY, network)

    swapped = {"image": golden.inputs["image"][..., ::-1]}
    (planes,) = onnxruntime.InferenceSession(network).run(None, swapped)
    assert "planes is off" in golden.difference({"planes": planes})
