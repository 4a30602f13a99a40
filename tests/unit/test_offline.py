"""The example that runs an exported animalizer without a server."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from limner_registry.animals import ANIMALS, TOLD, onto, told_of_mesh
from limner_registry.contracts import ANIMALIZER
from limner_registry.face_template import five_of_mesh, mapped
from limner_server.imaging.fusing import Layer, fuse, premultiplied
from limner_server.triton.exports import read_export
from tests.unit.server.pipelines.test_animalize import still_face

EXAMPLE = Path(__file__).parents[2] / "examples/animalize_offline.py"
TYPES = {"uint8": TensorProto.UINT8, "float32": TensorProto.FLOAT}
WHICH = list(TOLD).index("mouth_l")
SQUARE = np.s_[:, 150:400, 130:330]


def network(nodes, **constants):
    """Return an animalizer that draws what nodes make `drawn` of."""
    inputs, outputs = (
        [
            helper.make_tensor_value_info(
                tensor.name, TYPES[tensor.dtype], ["batch", *tensor.shape]
            )
            for tensor in tensors
        ]
        for tensors in (ANIMALIZER.inputs, ANIMALIZER.outputs)
    )
    constants["middle"] = np.full((1, 9, 2), 0.5, np.float32)
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    nodes = [helper.make_node(*node, **rest) for *node, rest in nodes]
    nodes.append(helper.make_node("Identity", ["middle"], ["anchors"]))
    graph = helper.make_graph(nodes, "stand_in", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", 13)]
    return onnx.shape_inference.infer_shapes(
        helper.make_model(graph, opset_imports=opsets, ir_version=8)
    )


def telling():
    """Draw a square whose color is where a corner of the mouth was said to be, and the animal."""
    square = np.zeros((1, 512, 512, 4), np.float32)
    square[SQUARE] = 255
    return network(
        [
            ("Gather", ["points", "which"], ["corner"], {"axis": 1}),
            ("Cast", ["animal"], ["real"], {"to": TensorProto.FLOAT}),
            ("Mul", ["real", "fifth"], ["share"], {}),
            ("Concat", ["corner", "share", "one"], ["color"], {"axis": 1}),
            ("Reshape", ["color", "everywhere"], ["paint"], {}),
            ("Mul", ["paint", "square"], ["painted"], {}),
            ("Cast", ["painted"], ["drawn"], {"to": TensorProto.UINT8}),
        ],
        which=np.array(WHICH),
        fifth=np.array(0.2, np.float32),
        one=np.ones((1, 1), np.float32),
        everywhere=np.array([1, 1, 1, 4]),
        square=square,
    )


def mirroring():
    """Draw what is seen, so that the photo comes back as it was."""
    return network(
        [
            ("Cast", ["image"], ["real"], {"to": TensorProto.FLOAT}),
            ("Resize", ["real", "", "twice"], ["large"], {"mode": "linear"}),
            ("Cast", ["large"], ["seen"], {"to": TensorProto.UINT8}),
            ("Concat", ["seen", "opaque"], ["drawn"], {"axis": 3}),
        ],
        twice=np.array([1, 2, 2, 1], np.float32),
        opaque=np.full((1, 512, 512, 1), 255, np.uint8),
    )


@pytest.fixture
def landmarks():
    """A face that leans and is turned a little, in a photo of 400 x 300 pixels."""
    yaw, roll = 0.3, 0.25
    face = still_face() @ np.array(
        [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    )
    turn = np.array([[np.cos(roll), np.sin(roll)], [-np.sin(roll), np.cos(roll)]])
    face[:, :2] = 1.1 * face[:, :2] @ turn + (210, 150)
    return face.astype(np.float32)


def run(tmp_path, model, photo, landmarks, animal):
    version = tmp_path / "animalizer.v1/1"
    version.mkdir(parents=True)
    (version / "model.onnx").write_bytes(model.SerializeToString())
    about = {
        "contract": ANIMALIZER.id,
        "network_sha256": "",
        "license": "Apache-2.0",
        "origin": "a test",
    }
    (version.parent / "about.json").write_text(json.dumps(about))
    (version / "manifest.json").write_text(read_export(tmp_path, ANIMALIZER, 1).document)
    found = {"faces": [{"landmarks": landmarks.tolist()}]}
    (tmp_path / "me.json").write_text(json.dumps(found))
    cv2.imwrite(str(tmp_path / "me.png"), photo[..., ::-1])
    files = [tmp_path / name for name in ("me.png", "me.json", "out.png")]
    arguments = [str(version), *map(str, files[:2]), animal, str(files[2])]
    subprocess.run([sys.executable, str(EXAMPLE), *arguments], check=True)
    return cv2.imread(str(files[2]))[..., ::-1].astype(int)


def test_it_has_forty_lines_at_most():
    assert len(EXAMPLE.read_text().splitlines()) <= 40


@pytest.mark.parametrize("animal", ["cat", "fox"])
def test_it_lays_the_head_where_the_server_does_and_tells_the_same_points(
    tmp_path, landmarks, animal
):
    photo = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    told = mapped(told_of_mesh(landmarks), onto(five_of_mesh(landmarks), ANIMALS[animal], 256))
    corner = (told[WHICH] + 0.5) / 256
    color = 255 * np.array([*corner, 0.2 * list(ANIMALS).index(animal)])
    drawn = np.zeros((1, 512, 512, 4), np.uint8)
    drawn[SQUARE] = (*color.astype(int), 255)
    matrix = onto(five_of_mesh(landmarks), ANIMALS[animal], 512)

    out = run(tmp_path, telling(), photo, landmarks, animal)

    expected, mask = fuse(photo, [Layer(premultiplied(drawn[0]), matrix)])
    apart = np.abs(out - expected).max(-1)
    inside = cv2.erode(mask, np.ones((5, 5))) == 255
    outside = cv2.dilate(mask, np.ones((5, 5))) == 0
    assert inside.sum() > 1500
    assert apart[inside].max() <= 2
    assert apart[outside].max() == 0


def test_it_brings_back_what_it_sees(tmp_path, landmarks):
    y, x = np.indices((300, 400))
    waves = [128 + 60 * np.sin(x / 23 + k) + 60 * np.cos(y / 31 - k) for k in range(3)]
    photo = np.stack(waves, -1).astype(np.uint8)
    out = run(tmp_path, mirroring(), photo, landmarks, "dog")
    assert np.abs(out - photo)[40:-40, 40:-40].max() <= 4
