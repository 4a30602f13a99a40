from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from skimage.data import astronaut

from limner_registry.importers.mediapipe import SOURCES, releases

DATA = Path(__file__).parents[3] / "data"
FACE = (slice(10, 202), slice(128, 320))
"""The astronaut's face as tests/data/record_mediapipe.py cuts it."""
MODELS = [source.contract.model for source in SOURCES]
MAX_ERROR = 3.1e-4
"""Pixels, logits or probabilities; the largest that two runtimes were seen to differ by."""


@pytest.fixture(scope="session")
def imported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("downloads")
    made = {release.contract.model: release for release in releases(folder, lambda _: None)}
    assert list(folder.iterdir()) == []
    return made


@pytest.fixture(scope="session")
def sessions(imported):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return {
        model: onnxruntime.InferenceSession(
            release.network, options, providers=["CPUExecutionProvider"]
        )
        for model, release in imported.items()
    }


@pytest.fixture(scope="session")
def recorded():
    with np.load(DATA / "networks_astronaut.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def photo_for(model):
    photo = astronaut()
    return (photo[::2, ::2] if model == "person_segmenter" else photo[FACE])[None]


def answers(session, images):
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"image": images}), strict=True))


@pytest.mark.parametrize(
    ("model", "output", "reference"),
    [
        ("face_detector", "boxes", "detector.Identity"),
        ("face_detector", "scores", "detector.Identity_1"),
        ("face_mesh", "landmarks", "mesh.conv2d_21"),
        ("face_mesh", "presence", "mesh.conv2d_31"),
        ("face_mesh_attention", "landmarks", "attention.landmarks"),
        ("person_segmenter", "person", "selfie.activation_10"),
    ],
)
def test_networks_answer_as_the_original_does(sessions, recorded, model, output, reference):
    answer = answers(sessions[model], photo_for(model))[output]

    expected = recorded[reference].reshape(answer.shape)
    np.testing.assert_allclose(answer, expected, rtol=0, atol=MAX_ERROR)


@pytest.mark.parametrize("model", MODELS)
def test_a_batch_is_answered_as_its_images_are_one_by_one(sessions, model):
    photo = photo_for(model)
    images = np.concatenate([photo, photo[:, :, ::-1], 255 - photo])

    together = answers(sessions[model], images)

    for name, batch in together.items():
        alone = [answers(sessions[model], images[k : k + 1])[name] for k in range(3)]
        np.testing.assert_allclose(batch, np.concatenate(alone), rtol=0, atol=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_networks_have_the_tensors_of_their_contract(imported, sessions, model):
    contract, session = imported[model].contract, sessions[model]

    dtypes = {"uint8": "tensor(uint8)", "float32": "tensor(float)"}
    for tensors, values in (
        (contract.inputs, session.get_inputs()),
        (contract.outputs, session.get_outputs()),
    ):
        declared = [(value.name, value.type, tuple(value.shape)) for value in values]
        assert declared == [(t.name, dtypes[t.dtype], ("batch", *t.shape)) for t in tensors]


@pytest.mark.parametrize("model", MODELS)
def test_golden_answers_are_small_and_hold(imported, sessions, model, tmp_path):
    golden = imported[model].golden

    golden.write(tmp_path)

    assert (tmp_path / "golden.npz").stat().st_size < 300_000
    assert golden.difference(answers(sessions[model], golden.inputs["image"])) is None


def test_the_presence_of_drawn_faces_is_seen(imported):
    assert (imported["face_mesh"].golden.outputs["presence"] > 0).all()
    assert (imported["face_detector"].golden.outputs["scores"].max((1, 2)) > 0).all()
    near, far = imported["face_mesh_attention"].golden.outputs["presence"]
    assert near > 0 > far


def test_presence_of_the_attention_mesh_is_seen_on_a_photo(sessions):
    answer = answers(sessions["face_mesh_attention"], photo_for("face_mesh_attention"))

    assert answer["presence"].item() > 0


@pytest.mark.parametrize("model", MODELS)
def test_releases_say_where_they_come_from(imported, model):
    release = imported[model]

    assert release.license == "Apache-2.0"
    assert release.origin.startswith("PyPI mediapipe 0.10.21, mediapipe/modules/")
    assert release.data_sha256 in release.card
    assert len(release.network) < 12_000_000


def test_the_same_file_converts_to_the_same_bytes(imported, tmp_path):
    again = {release.contract.model: release for release in releases(tmp_path, lambda _: None)}

    for model, release in imported.items():
        assert again[model].network == release.network
        onnx.checker.check_model(onnx.load_from_string(release.network), full_check=True)
