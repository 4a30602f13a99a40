"""The hair remover's recipe: steps that teach, and scores that tell good paintings from bad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner_models.data import portraits
from limner_models.data.backgrounds import Backgrounds
from limner_models.data.beneath import Beneath
from limner_models.networks.eyes import MobileEye
from limner_models.networks.hair_remover import HairRemover
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.recipes.hair_remover import HAIR_REMOVER_RECIPE, Removing, told_apart
from limner_models.recipes.hair_remover_scores import as_scores, measured, painted_by, telea

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def eye():
    torch.manual_seed(5)
    return MobileEye(MobileNetEncoder().state_dict()).eval()


@pytest.fixture(scope="module")
def beneath(bald_folder):
    return Beneath(portraits.files(bald_folder, range(6)), Backgrounds(None), 2, 64)


@pytest.fixture(scope="module")
def pairs(beneath):
    return [beneath.pair(index, np.random.default_rng(index)) for index in range(4)]


@pytest.mark.parametrize("steps", [1000, 2], ids=["alone", "judged"])
def test_steps_on_one_batch_paint_it_better(beneath, eye, steps):
    torch.manual_seed(1)
    task = Removing(HairRemover((4, 8, 16)), eye, steps, CPU)
    task.optimizers["network"].param_groups[0]["lr"] = 3e-3
    arrays = beneath(np.random.default_rng(2))
    batch = {name: torch.from_numpy(array) for name, array in arrays.items()}

    values = [task.step(batch, step) for step in range(2, 16)]

    assert values[-1]["pixels"] < 0.9 * values[0]["pixels"]
    assert any("judge" in row for row in values) == (steps == 2)
    assert all("content" in row for row in values[1::2])


def test_a_judge_errs_least_where_it_is_sure_and_only_where_it_counts():
    sure, where = torch.full((1, 1, 2, 2), 2.0), torch.ones(1, 1, 2, 2)
    mixed = torch.tensor([[[[2.0, -2.0], [2.0, -2.0]]]])
    left = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])

    assert told_apart(sure, -sure, where) == 0
    assert told_apart(-sure, sure, where) == 6
    assert told_apart(mixed, -mixed, left) == 0


def test_the_truth_scores_best_and_a_painting_outside_the_hole_is_told(pairs, eye):
    truths = iter(pairs)
    best = measured(lambda _pair: painted_truth(next(truths)), pairs, eye)
    peer = measured(telea, pairs, eye)
    none = measured(painted_by(HairRemover((4, 8, 16)).eval()), pairs, eye)
    inverted = measured(lambda pair: 255 - pair["image"], pairs, eye)

    assert best.scalp_psnr > 50 > peer.scalp_psnr > inverted.scalp_psnr
    assert best.unlike < peer.unlike < inverted.unlike
    assert best.changed == peer.changed == none.changed == 0
    assert inverted.changed > 0.9
    scores = as_scores(best, peer)
    assert scores["seen"] > 0.99
    assert all(0 <= value <= 1 for value in scores.values())


def painted_truth(pair):
    return np.where(pair["hole"][..., None] > 0, pair["truth"], pair["image"])


def test_the_fingerprint_tells_weights_of_losses_apart():
    other = replace(HAIR_REMOVER_RECIPE, facts={**HAIR_REMOVER_RECIPE.facts, "ring": "7"})

    assert other.fingerprint() != HAIR_REMOVER_RECIPE.fingerprint()
