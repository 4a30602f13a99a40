"""The recipes of dyes: a step teaches what it should, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from limner_models.networks.dye_bank import DyeBank
from limner_models.networks.dye_generator import Shape
from limner_models.recipes.dye_bank import DYE_BANK_RECIPE, BankTask, build, middle_of
from limner_models.recipes.dye_generator import DYE_GENERATOR_RECIPE, DyeTask, drawn_dyes
from limner_models.recipes.dye_scores import dye_scores
from limner_registry.hair_colors import DYE_PAIRS, HAIR_COLORS

SIDE, CPU = 32, torch.device("cpu")


def photos(count, seed):
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(0, 256, (count, SIDE, SIDE, 3), np.uint8))


def pairs():
    labs = torch.tensor([[15.0, 1, 1], [38, 9, 18], [68, 6, 30], [38, 26, 28]])
    return {
        "before": photos(4, 0),
        "after": photos(4, 1),
        "alpha": torch.full((4, SIDE, SIDE), 255, dtype=torch.uint8),
        "found": labs,
        "wanted": labs.roll(1, 0),
    }


def weights(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def moved(module, before):
    return {name for name, tensor in module.state_dict().items() if (tensor != before[name]).any()}


@pytest.fixture
def task():
    torch.manual_seed(0)
    return DyeTask(DYE_GENERATOR_RECIPE, CPU)


def test_the_judge_joins_late(task):
    early = task.step(pairs(), 0)
    before = weights(task.judge)
    assert not any("judge" in name for name in early)

    late = task.step(pairs(), DYE_GENERATOR_RECIPE.steps - 2)

    assert {"judge", "judged", "cycle", "free moment"} <= set(late)
    assert moved(task.judge, before)


def test_pairs_are_learned(task):
    for optimizer in task.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = 3e-3
    first = task.step(pairs(), 0)["true"]
    for _ in range(12):
        last = task.step(pairs(), 0)["true"]

    assert last < 0.9 * first


def test_golden_inputs_are_heads_of_the_colors_they_are_said_to_have():
    examples = drawn_dyes()

    assert examples["image"].shape == (2, 256, 256, 3)
    assert examples["found"].dtype == examples["wanted"].dtype == np.float32


@pytest.fixture
def bank():
    torch.manual_seed(0)
    colors = [(middle_of(found), middle_of(wanted)) for found, wanted in DYE_PAIRS[:4]]
    return BankTask(DYE_BANK_RECIPE, DyeBank(colors, Shape(4)), CPU)


def two_sides(pair):
    return {
        "pair": torch.tensor([pair]),
        **{
            f"{side}_{name}": photos(2, seed)
            for seed, (side, name) in enumerate(
                (side, name) for side in ("one", "other") for name in ("before", "after")
            )
        },
        "one_alpha": torch.full((2, SIDE, SIDE), 255, dtype=torch.uint8),
        "other_alpha": torch.full((2, SIDE, SIDE), 255, dtype=torch.uint8),
    }


@pytest.mark.parametrize("step", [0, DYE_BANK_RECIPE.steps - 1])
def test_a_step_moves_both_generators_of_a_pair_and_no_other(bank, step):
    before = [weights(generator) for generator in bank.network.generators]

    bank.step(two_sides(1), step)

    generators = zip(bank.network.generators, before, strict=True)
    assert [bool(moved(*each)) for each in generators] == [False, False, True, True]


def test_only_early_steps_see_the_truth(bank):
    early = bank.step(two_sides(0), 0)
    late = bank.step(two_sides(0), DYE_BANK_RECIPE.steps - 1)

    assert {"forth true", "back true"} <= set(early)
    assert {"forth cycle", "forth identity", "back judged"} <= set(late)
    assert not any("true" in name for name in late)


def test_the_bank_has_a_generator_for_each_pair_of_the_contract():
    bank = build()

    assert len(bank.generators) == len(DYE_PAIRS)
    for generator, (found, wanted) in zip(bank.generators, DYE_PAIRS, strict=True):
        assert tuple(generator.found.tolist()) in HAIR_COLORS[found]
        assert tuple(generator.wanted.tolist()) in HAIR_COLORS[wanted]
    assert sum(weight.numel() for weight in bank.parameters()) * 2 < 16_000_000


def test_a_perfect_dye_scores_one_and_none_at_all_zero():
    pair = {
        "before": np.full((16, 16, 3), 60, np.uint8),
        "after": np.full((16, 16, 3), (120, 60, 40), np.uint8),
        "alpha": np.full((16, 16), 255, np.uint8),
    }

    perfect = dye_scores(lambda _photo, given: given["after"], [pair])
    none = dye_scores(lambda photo, _pair: photo, [pair])

    assert perfect == {"true_color": 1.0, "reached": 1.0}
    assert none == {"true_color": 0.0, "reached": 0.0}
