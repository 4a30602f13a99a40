"""A training of the generator as a release of the searches."""

from __future__ import annotations

import shutil

import pytest
import torch
from safetensors.torch import save_file

from limner_models import starters
from limner_models.cards import Facts
from limner_models.errors import CheckpointDamaged
from limner_models.loho.answering import Answering
from limner_models.loho.release import release
from limner_models.networks.portrait_generator import PortraitGenerator
from limner_models.recipes.portrait_generator import PORTRAIT_GENERATOR_RECIPE
from limner_registry.contracts import HAIR_OPTIMIZER
from limner_registry.prove import prove

FACTS = Facts(
    trained_on="Nothing.",
    steps=0,
    seconds=0.0,
    machine="none",
    data_sha256="ab" * 32,
    commit="unknown",
    scores={"ssim": 0.5},
    scored_on="Nothing.",
)


def test_a_release_holds_all_that_a_search_needs_and_answers_its_golden_inputs(tmp_path):
    torch.manual_seed(0)
    save_file(PortraitGenerator().state_dict(), tmp_path / "weights.safetensors")

    made = release(tmp_path / "weights.safetensors", FACTS)

    prove(made.network, HAIR_OPTIMIZER, made.golden)
    (tmp_path / "model.safetensors").write_bytes(made.network)
    answering = Answering(tmp_path / "model.safetensors", "cpu", 1)
    (answer,) = answering.answers(made.golden.inputs, lambda: None)
    assert made.golden.difference(answer) is None
    assert answering._networks.encoder is not None
    assert "portrait_generator" in made.origin


def test_committed_weights_are_a_starter(tmp_path):
    network = PortraitGenerator()
    save_file(network.state_dict(), tmp_path / "trained.safetensors")
    starters.commit(PORTRAIT_GENERATOR_RECIPE, tmp_path / "trained.safetensors", FACTS, tmp_path)
    for file in starters.WEIGHTS.glob("hair_segmenter.*"):
        shutil.copy(file, tmp_path)

    said = []
    models = [made.contract.model for made in starters.releases(said.append, tmp_path)]

    assert models == ["hair_segmenter", "hair_optimizer"]
    assert said[-1] == "packing hair_optimizer"


def test_weights_of_another_network_are_refused(tmp_path):
    save_file({"start": torch.zeros(1)}, tmp_path / "weights.safetensors")

    with pytest.raises(CheckpointDamaged):
        release(tmp_path / "weights.safetensors", FACTS)
