"""A version is born with all its tags, or not at all."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry import metadata
from limner_registry.contracts import CONTRACTS, PERSON_SEGMENTER
from limner_registry.errors import MetadataIncomplete
from limner_registry.golden import Golden
from limner_registry.manifest import PARTS, Manifest
from limner_registry.release import Release

SEALED = Manifest(dict.fromkeys(PARTS, "ab" * 32))


def release(**changes):
    facts = {
        "contract": PERSON_SEGMENTER,
        "network": b"",
        "golden": Golden({}, {"person": np.zeros(1)}, 0.0),
        "scores": {"iou": 0.9},
        "card": "# Card",
        "license": "Apache-2.0",
        "data_sha256": "cd" * 32,
        "origin": "a test",
    }
    return Release(**(facts | changes))


def test_a_complete_release_carries_every_required_tag():
    tags = metadata.tags_of(release(), SEALED, None, "0" * 40)

    assert set(tags) == {*metadata.REQUIRED, metadata.COMMIT, "score.iou"}
    assert tags[metadata.PARENT] == "none"
    assert tags[metadata.CONTRACT] == "person_segmenter/1"
    assert metadata.scores_of(tags) == {"iou": 0.9}


def test_an_unknown_commit_leaves_no_tag():
    assert metadata.COMMIT not in metadata.tags_of(release(), SEALED, 3, None)


@pytest.mark.parametrize("key", metadata.REQUIRED)
def test_the_gate_names_a_missing_key(key):
    tags = metadata.tags_of(release(), SEALED, None, None)
    del tags[key]

    with pytest.raises(MetadataIncomplete, match=key):
        metadata.gate(tags)


def test_the_gate_names_all_missing_keys_at_once():
    with pytest.raises(MetadataIncomplete) as caught:
        metadata.tags_of(release(license=" ", origin=""), SEALED, None, None)

    assert metadata.LICENSE in str(caught.value)
    assert metadata.ORIGIN in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"origin": "x" * 4001}, metadata.ORIGIN),
        ({"origin": "ä" * 2001}, metadata.ORIGIN),
        ({"data_sha256": "CD" * 32}, metadata.DATA_SHA256),
        ({"data_sha256": "unknown"}, metadata.DATA_SHA256),
        ({"scores": {"iou": 1.5}}, "score.iou"),
        ({"scores": {"iou": float("nan")}}, "score.iou"),
        ({"scores": {"a b": 0.5}}, "a b"),
    ],
)
def test_what_a_tag_cannot_carry_is_named(changes, named):
    with pytest.raises(MetadataIncomplete, match=named):
        metadata.tags_of(release(**changes), SEALED, None, None)


@given(st.dictionaries(st.from_regex(r"[a-z_.]{1,9}", fullmatch=True), st.floats(0, 1)))
def test_scores_come_back_as_they_went_in(scores):
    tags = metadata.tags_of(release(scores=scores), SEALED, None, None)

    assert metadata.scores_of(tags) == pytest.approx(scores, abs=1e-6)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.model)
def test_every_signature_is_compact_and_fits_a_tag(contract):
    text = metadata.signature(contract)

    assert len(text.encode()) <= metadata.MAX_BYTES
    assert " " not in text
    assert [entry["name"] for entry in json.loads(text)["outputs"]] == [
        tensor.name for tensor in contract.outputs
    ]
