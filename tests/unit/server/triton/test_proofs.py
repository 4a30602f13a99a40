from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from limner.v1.reasons import ModelNotReady
from limner_registry.contracts import PERSON_SEGMENTER
from limner_registry.golden import Golden
from limner_server.triton.proofs import proof_of

IMAGE = np.zeros((2, 256, 256, 3), np.uint8)
PERSON = np.full((2, 256, 256), 0.5, np.float32)


def place(folder, inputs=None, outputs=None, about=None):
    (folder / "7").mkdir()
    golden = Golden(inputs or {"image": IMAGE}, outputs or {"person": PERSON}, 1e-3)
    golden.write(folder / "7")
    if about is not None:
        (folder / "about.json").write_text(json.dumps(about))


@pytest.mark.parametrize("about", [None, {}, {"contract": PERSON_SEGMENTER.id}])
def test_a_version_that_keeps_the_contract_is_proven_by_its_golden_answers(tmp_path, about):
    place(tmp_path, about=about)

    golden = proof_of(PERSON_SEGMENTER, 7, tmp_path)

    np.testing.assert_array_equal(golden.inputs["image"], IMAGE)
    np.testing.assert_array_equal(golden.outputs["person"], PERSON)


def test_a_version_that_says_it_keeps_another_revision_is_not_ready(tmp_path):
    place(tmp_path, about={"contract": PERSON_SEGMENTER.id})
    later = replace(PERSON_SEGMENTER, revision=2)

    with pytest.raises(ModelNotReady, match=r"7 keeps contract person_segmenter/1, .* speaks .*/2"):
        proof_of(later, 7, tmp_path)


@pytest.mark.parametrize(
    "tensors",
    [
        {"inputs": {"image": IMAGE, "hole": IMAGE}},
        {"inputs": {"picture": IMAGE}},
        {"inputs": {"image": IMAGE[:, :128]}},
        {"inputs": {"image": IMAGE.astype(np.float32)}},
        {"outputs": {"person": PERSON[..., None]}},
        {"outputs": {"person": PERSON, "hair": PERSON}},
    ],
)
def test_a_version_with_other_tensors_is_not_ready_whatever_it_says(tmp_path, tensors):
    place(tmp_path, about={"contract": PERSON_SEGMENTER.id}, **tensors)

    with pytest.raises(ModelNotReady, match="other tensors"):
        proof_of(PERSON_SEGMENTER, 7, tmp_path)


def test_a_version_that_is_not_placed_is_not_ready(tmp_path):
    with pytest.raises(ModelNotReady, match="not placed"):
        proof_of(PERSON_SEGMENTER, 7, tmp_path)


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_version_that_tells_nothing_readable_is_not_ready(tmp_path, text):
    place(tmp_path)
    (tmp_path / "about.json").write_text(text)

    with pytest.raises(ModelNotReady, match="not placed"):
        proof_of(PERSON_SEGMENTER, 7, tmp_path)
