from __future__ import annotations

import hashlib
import json

import pytest

from limner.errors import UnknownReason
from limner.v1.reasons import ModelVersionUnknown

NETWORK = bytes(range(250))


async def test_an_export_is_the_network_and_what_is_to_be_known_of_it(limner, double, tmp_path):
    exported = await limner.export_model("animalizer")
    await limner.export_model("animalizer", version=2)

    assert (exported.model, exported.version) == ("animalizer", 4)
    assert (exported.contract, exported.license) == ("animalizer/1", "Apache-2.0")
    assert exported.network == NETWORK
    assert exported.sha256 == hashlib.sha256(NETWORK).hexdigest()
    assert [request.version for request in double.requests] == [0, 2]
    exported.save(tmp_path / "new" / "here")
    assert (tmp_path / "new/here/model.onnx").read_bytes() == NETWORK
    assert json.loads((tmp_path / "new/here/manifest.json").read_text()) == {"model": "animalizer"}


async def test_a_network_that_did_not_arrive_whole_is_none(limner, double):
    double.lost_pieces = 1
    with pytest.raises(UnknownReason, match="did not arrive as it was published"):
        await limner.export_model("animalizer")


async def test_a_model_there_is_none_of_is_a_typed_error(limner, double):
    double.failures.append(ModelVersionUnknown("no model is named 'newt'"))
    with pytest.raises(ModelVersionUnknown, match="newt"):
        await limner.export_model("newt")


def test_the_command_writes_both_files_and_says_so(command, tmp_path):
    code, stdout, stderr = command("models", "export", "animalizer", "-o", tmp_path / "a")
    assert code == 0, stderr
    assert "animalizer version 4 (0.0 MB, Apache-2.0)" in stdout
    assert {path.name for path in (tmp_path / "a").iterdir()} == {"model.onnx", "manifest.json"}

    told = ("--version", "2", "--json")
    code, stdout, _ = command("models", "export", "animalizer", "-o", tmp_path / "b", *told)
    document = json.loads(stdout)
    assert (document["version"], document["bytes"]) == (2, 250)
    assert document["files"] == [str(tmp_path / "b/model.onnx"), str(tmp_path / "b/manifest.json")]


def test_the_command_ends_as_the_others_do(command, double, tmp_path, closed_address):
    double.failures.append(ModelVersionUnknown("no model is named 'newt'; there are cat"))
    code, _, stderr = command("models", "export", "newt", "-o", tmp_path / "a")
    assert (code, (tmp_path / "a").exists()) == (2, False)
    assert "no model is named 'newt'" in stderr
    away = ("--address", closed_address)
    assert command("models", "export", "newt", "-o", tmp_path / "a", *away)[0] == 3
    taken = tmp_path / "file"
    taken.write_text("")
    code, _, stderr = command("models", "export", "newt", "-o", taken / "below")
    assert code == 1
    assert "cannot write to" in stderr
