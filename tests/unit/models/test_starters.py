"""Starters: committed weights fit their recipes and become releases."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from limner_models import starters
from limner_models.cards import Facts, card
from limner_models.errors import CheckpointDamaged
from limner_models.recipes import RECIPES
from limner_registry.prove import prove
from tests.unit.models.tiny import TINY, Doubler

FACTS = Facts(
    trained_on="Nothing.",
    steps=12,
    seconds=90.0,
    machine="one core",
    data_sha256="0" * 64,
    commit="unknown",
    scores={"doubled": 0.75},
    scored_on="Nothing either.",
    notices=("NOTICE: of somebody.",),
    limits=("It knows no colors.",),
    extra={"Compared with": "nobody"},
)
COMMITTED = [name for name, recipe in RECIPES.items() if starters.weights_file(recipe).exists()]


@pytest.fixture
def folder(tmp_path):
    save_file(Doubler().state_dict(), tmp_path / "trained.safetensors")
    starters.commit(TINY, tmp_path / "trained.safetensors", FACTS, tmp_path)
    return tmp_path


def test_what_is_committed_is_half_as_large_and_comes_back_as_a_proven_release(folder):
    small = load_file(starters.weights_file(TINY, folder))
    release = starters.release(TINY, folder)

    assert small["linear.weight"].dtype == torch.float16
    assert small["seen"].dtype == torch.int64
    prove(release.network, TINY.contract, release.golden)
    assert release.scores == {"doubled": 0.75}
    assert release.license == FACTS.license
    assert release.card == (folder / "doubler.md").read_text()


def test_a_training_publishes_the_very_network_its_starter_would(folder):
    trained = starters.release_from(TINY, folder / "trained.safetensors", FACTS)

    assert trained.network == starters.release(TINY, folder).network


def test_facts_survive_their_file(folder):
    assert starters.read_facts(TINY, folder) == FACTS


def test_a_card_says_everything_that_is_known():
    text = card(TINY, FACTS)

    for part in (TINY.title, *TINY.limits, *FACTS.limits, *FACTS.notices, "0.750", "2 minutes"):
        assert part in text
    assert "## Compared with\n\nnobody" in text


def test_weights_of_another_network_and_broken_files_are_named(folder):
    save_file({"linear.weight": torch.zeros(3, 3)}, starters.weights_file(TINY, folder))
    with pytest.raises(CheckpointDamaged, match="does not fit"):
        starters.release(TINY, folder)
    starters.weights_file(TINY, folder).write_bytes(b"weights")
    with pytest.raises(CheckpointDamaged, match="does not fit"):
        starters.release(TINY, folder)
    starters.weights_file(TINY, folder).with_suffix(".json").write_text('{"steps": 1}')
    with pytest.raises(CheckpointDamaged, match="no facts"):
        starters.release(TINY, folder)


def test_the_hair_segmenter_is_committed():
    assert "hair_segmenter" in COMMITTED


@pytest.mark.parametrize("name", COMMITTED)
def test_committed_weights_fit_their_network_and_say_what_they_are(name):
    recipe = RECIPES[name]
    network = recipe.network()
    starters.load_weights(network, starters.weights_file(recipe))

    facts = starters.read_facts(recipe)
    assert all(0 <= value <= 1 for value in facts.scores.values())
    assert all(torch.isfinite(tensor.float()).all() for tensor in network.state_dict().values())
    text = starters.weights_file(recipe).with_suffix(".md").read_text()
    assert text == card(recipe, facts)


def test_loaded_weights_answer_by_the_norms_they_learned(tmp_path):
    taught = nn.BatchNorm2d(3)
    taught(torch.randn(8, 3, 4, 4) * 5 + 2)
    save_file(taught.state_dict(), tmp_path / "taught.safetensors")

    network = nn.BatchNorm2d(3)
    starters.load_weights(network, tmp_path / "taught.safetensors")

    alone = torch.randn(1, 3, 4, 4)
    torch.testing.assert_close(network(alone), taught.eval()(alone), rtol=0, atol=5e-3)


def test_only_recipes_with_weights_that_can_be_served_become_releases(folder, monkeypatch):
    learned_from = replace(TINY, name="learned_from", contract=replace(TINY.contract, model="l"))
    starters.commit(learned_from, folder / "trained.safetensors", FACTS, folder)
    recipes = {"doubler": TINY, "other": replace(TINY, name="other"), "learned": learned_from}
    monkeypatch.setattr("limner_models.recipes.RECIPES", recipes)
    monkeypatch.setattr(starters, "CONTRACTS", (TINY.contract,))
    said = []

    (release,) = starters.releases(said.append, folder)

    assert release.contract is TINY.contract
    assert said == ["exporting doubler"]
