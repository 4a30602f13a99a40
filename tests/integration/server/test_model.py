"""Networks taken from a running stack, and run without it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import onnxruntime

from limner.v1 import model_pb2, reasons
from limner_registry.contracts import FACE_MESH
from limner_registry.golden import Golden
from tests.conftest import limner
from tests.integration.conftest import failure


def test_an_exported_network_answers_as_the_served_one_did(stack, tmp_path):
    out = tmp_path / "net"
    limner("models", "export", "face_mesh", "-o", out, "--address", stack.address)

    manifest = json.loads((out / "manifest.json").read_text())
    network = (out / "model.onnx").read_bytes()
    assert hashlib.sha256(network).hexdigest() == manifest["network"]["sha256"]
    assert manifest["license"] == "Apache-2.0"
    assert manifest["contract"]["id"] == FACE_MESH.id
    version = manifest["version"]
    golden = Golden.read(stack.state / f"models/face_mesh.v{version}/{version}")
    session = onnxruntime.InferenceSession(network, providers=["CPUExecutionProvider"])
    names = [tensor.name for tensor in FACE_MESH.outputs]
    answers = dict(zip(names, session.run(names, dict(golden.inputs)), strict=True))
    assert golden.difference(answers) is None
    assert all(isinstance(answer, np.ndarray) for answer in answers.values())


def test_a_version_there_is_none_of_is_a_typed_error(stubs):
    request = model_pb2.ExportModelRequest(model="face_mesh", version=99)
    error = failure(lambda request: list(stubs.model.ExportModel(request)), request)
    assert isinstance(error, reasons.ModelVersionUnknown)
