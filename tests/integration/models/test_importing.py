"""A StyleGAN2 of one's own becomes a version that searches draw with."""

from __future__ import annotations

import hashlib
import json

import pytest
import torch
from click.testing import CliRunner

from limner_models.commands.importing import IMPORTS
from limner_models.loho.answering import Answering
from limner_registry.golden import Golden
from limner_registry.store import Registry
from tests.unit.models.importers.published import rosinality


@pytest.fixture(autouse=True)
def _threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_generator_of_rosinality_s_is_imported_published_and_searched_with(tmp_path):
    torch.save({"g_ema": rosinality()}, tmp_path / "theirs.pt")
    arguments = [str(tmp_path / "theirs.pt"), "--license", "CC-BY-NC-4.0", "--publish", "--json"]
    where = ["-o", str(tmp_path / "ours.safetensors"), "--state", str(tmp_path / "state")]

    answer = CliRunner().invoke(IMPORTS["stylegan2"], [*arguments, *where])

    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.stdout)["version"] == 1
    registry = Registry.open(tmp_path / "state")
    (version,) = registry.versions("hair_optimizer")
    source = hashlib.sha256((tmp_path / "theirs.pt").read_bytes()).hexdigest()
    assert version.tags["limner.data_sha256"] == source
    assert version.tags["limner.weights_license"] == "CC-BY-NC-4.0 AND Apache-2.0 AND MIT"
    files = registry.fetch(version, tmp_path / "fetched")
    golden = Golden.read(files)
    answering = Answering(files / "model.safetensors", "cpu", 1)
    (begun,) = answering.answers(golden.inputs, lambda: None)
    assert golden.difference(begun) is None
    assert begun["picture"].shape == (1, 64, 64, 3)
    *_, found = answering.answers({**golden.inputs, "steps": golden.inputs["steps"] + 1}, list)
    assert found["steps"].tolist() == [[2, 2]]
