from __future__ import annotations

import hashlib
import json
import time
from types import SimpleNamespace

import numpy as np
import pytest

from limner.v1 import model_pb2
from limner.v1.reasons import ModelNotReady, ModelVersionUnknown, ParameterOutOfRange
from limner_registry.animals import ANIMALS, HEAD, TOLD
from limner_registry.contracts import ANIMALIZER, FACE_MESH
from limner_registry.face_template import ON_MESH, TEMPLATE
from limner_registry.routes import Routes
from limner_server.call import Call
from limner_server.services.model import PIECE, ModelService
from limner_server.triton.exports import ALIGNMENTS, read_export

NETWORK = np.random.default_rng(0).bytes(2 * PIECE + 77)
ABOUT = {
    "contract": "face_mesh/1",
    "license": "Apache-2.0",
    "network_sha256": hashlib.sha256(NETWORK).hexdigest(),
    "origin": "mediapipe 0.10.21, face_landmark.tflite",
}


def put(models, model, version, revision=1):
    folder = models / f"{model}.v{version}"
    (folder / str(version)).mkdir(parents=True)
    about = ABOUT | {"contract": f"{model}/{revision}"}
    (folder / "about.json").write_text(json.dumps(about))
    (folder / str(version) / "model.onnx").write_bytes(NETWORK)


@pytest.fixture
def models(tmp_path):
    put(tmp_path, "face_mesh", 2)
    put(tmp_path, "face_mesh", 3)
    (tmp_path / "secret").write_text("not for export")
    return tmp_path


async def exported(models, *, stable=2, **fields):
    routes = Routes(1, {"face_mesh": stable} if stable else {})
    Call("/limner.v1.ModelService/ExportModel", time.monotonic() + 60, routes).enter()
    service = ModelService(SimpleNamespace(placed=models))
    request = model_pb2.ExportModelRequest(**{"model": "face_mesh"} | fields)
    return [message async for message in service.ExportModel(request, None)]


async def test_the_manifest_comes_first_and_the_file_after_it_in_pieces(models):
    first, *rest = await exported(models)

    manifest = first.manifest
    assert (manifest.model, manifest.version, manifest.contract) == ("face_mesh", 2, "face_mesh/1")
    assert (manifest.license, manifest.network_bytes) == ("Apache-2.0", len(NETWORK))
    assert [len(message.piece.data) for message in rest] == [PIECE, PIECE, 77]
    file = b"".join(message.piece.data for message in rest)
    assert hashlib.sha256(file).hexdigest() == manifest.network_sha256


async def test_the_document_says_it_all_as_json(models):
    (first, *_) = await exported(models)
    document = json.loads(first.manifest.document)
    assert document["network"] == {
        "file": "model.onnx",
        "sha256": ABOUT["network_sha256"],
        "bytes": len(NETWORK),
    }
    assert document["contract"]["id"] == FACE_MESH.id
    assert document["contract"]["inputs"][0]["shape"] == [192, 192, 3]
    assert document["contract"]["outputs"][0]["meaning"] == FACE_MESH.outputs[0].meaning
    assert (document["license"], document["origin"]) == (ABOUT["license"], ABOUT["origin"])
    assert document["alignment"] is None


def test_a_model_that_sees_aligned_crops_says_how(tmp_path):
    put(tmp_path, "animalizer", 1)
    document = json.loads(read_export(tmp_path, ANIMALIZER, 1).document)
    alignment = document["alignment"]
    assert alignment["head"] == HEAD
    assert alignment["five"] == [list(which) for which in ON_MESH]
    assert list(alignment["told"]) == list(TOLD)
    assert list(alignment["animals"]) == list(ANIMALS)
    for name, animal in ANIMALS.items():
        assert alignment["animals"][name]["coats"] == list(animal.coats)
        np.testing.assert_allclose(alignment["animals"][name]["template"], animal.template)
    np.testing.assert_allclose(ALIGNMENTS["composer"]["template"], TEMPLATE)


async def test_a_version_is_had_by_number_and_else_the_one_that_callers_get(models):
    for fields, version in (({}, 2), ({"stable": 3}, 3), ({"version": 3}, 3)):
        (first, *_) = await exported(models, **fields)
        assert first.manifest.version == version


@pytest.mark.parametrize("model", ["newt", "../secret", "secret", "/etc"])
async def test_a_model_there_is_none_of_is_answered_with_those_there_are(models, model):
    with pytest.raises(ModelVersionUnknown, match="there are face_detector"):
        await exported(models, model=model)


async def test_a_version_that_does_not_lie_here_is_unknown_and_none_at_all_not_ready(models):
    with pytest.raises(ModelVersionUnknown, match="face_mesh has no version 9"):
        await exported(models, version=9)
    with pytest.raises(ModelNotReady, match="no version of face_mesh is ready"):
        await exported(models, stable=0)


async def test_what_is_wrong_is_told_at_once(models):
    with pytest.raises(ParameterOutOfRange) as caught:
        await exported(models, model="", version=-1, options={"request_id": "a b"})
    fields = [violation.field for violation in caught.value.violations]
    assert fields == ["options.request_id", "model", "version"]


async def test_validating_sends_the_manifest_alone(models):
    (only,) = await exported(models, options={"validate_only": True})
    assert only.manifest.version == 2


async def test_a_version_of_another_contract_is_not_handed_out(models):
    put(models, "face_mesh", 4, revision=0)

    with pytest.raises(ModelVersionUnknown, match="keeps contract face_mesh/0, not face_mesh/1"):
        await exported(models, version=4)
