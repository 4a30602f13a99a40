"""What composites are taught by and measured by: steps help, and better pictures score better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from limner_models.data.backgrounds import Backgrounds
from limner_models.data.composites import Composites, measured_pairs
from limner_models.networks.composer import Composer
from limner_models.recipes.composer import COMPOSER_RECIPE, Composing, composing_losses
from limner_models.recipes.composite_scores import (
    Quality,
    as_scores,
    composed,
    conventional,
    measured,
    pasted_as_it_is,
    quality,
)
from limner_models.recipes.conventional import (
    BACKGROUND_BLENDER_RECIPE,
    COLOR_CORRECTOR_RECIPE,
    FACE_EXTRACTOR_RECIPE,
    roughly,
)
from limner_models.recipes.recipe import Material

CHAIN = (FACE_EXTRACTOR_RECIPE, COLOR_CORRECTOR_RECIPE, BACKGROUND_BLENDER_RECIPE)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def composites(faces_folder):
    return Composites(tuple(sorted(faces_folder.glob("*.npz"))), Backgrounds(None), 4, (64,))


@pytest.fixture(scope="module")
def batch(composites):
    arrays = composites(np.random.default_rng(4))
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


@pytest.fixture(scope="module")
def pair(composites):
    return next(iter(measured_pairs(composites, 1, 128, 3)))


def total_after(task, batch, steps):
    for group in next(iter(task.optimizers.values())).param_groups:
        group["lr"] = 2e-3
    torch.manual_seed(0)
    totals = [sum(task.step(batch, step).values()) for step in range(steps)]
    return np.mean(totals[:2]), np.mean(totals[-2:])


def test_steps_bring_composites_nearer_to_the_truth(batch):
    torch.manual_seed(0)

    before, after = total_after(Composing(Composer(4), 100, CPU), batch, 12)

    assert after < 0.7 * before


@pytest.mark.parametrize("recipe", CHAIN, ids=lambda recipe: recipe.name)
def test_steps_bring_each_link_nearer_to_the_truth(recipe, batch):
    torch.manual_seed(0)

    before, after = total_after(recipe.task(recipe, None, CPU), batch, 20)

    assert after < 0.9 * before


def test_crossed_pairs_count_for_tone_only_once_they_are_asked_for(batch):
    network = Composer(4)
    crossed = batch | {"crossed": torch.ones(4, 1, dtype=torch.uint8)}

    alone = composing_losses(network, crossed, crossed=False)
    joined = composing_losses(network, crossed, crossed=True)

    assert set(joined) - set(alone) == {"crossed tone", "crossed structure"}
    assert alone["skin"] == 0


def test_the_truth_scores_best_and_the_original_keeps_its_scene(pair):
    perfect, naive = (quality(picture, pair) for picture in (pair["truth"], pasted_as_it_is(pair)))

    assert perfect.psnr > 60 > naive.psnr
    assert perfect.ssim == pytest.approx(1, abs=1e-6)
    assert naive.ssim < 1
    assert (perfect.skin, perfect.border) == (0, 0)
    assert min(naive.skin, naive.border) > 0
    assert perfect.changed == naive.changed == 0
    spoiled = pair["truth"].copy()
    spoiled[0, 0] ^= 1
    assert quality(spoiled, pair).changed > 0


def test_scores_are_shares_of_what_pasting_leaves_open():
    naive = Quality(psnr=20, ssim=0.6, skin=10, border=8, changed=0)

    scores = as_scores(Quality(psnr=30, ssim=0.9, skin=1, border=2, changed=0.25), naive)

    assert scores == {
        "psnr_40": 0.75,
        "ssim": 0.9,
        "skin": pytest.approx(0.9),
        "border": 0.75,
        "kept": 0.75,
    }


def test_a_composer_and_the_chain_are_measured_alike(pair):
    torch.manual_seed(0)
    chain = conventional(*(recipe.network().eval() for recipe in CHAIN))

    for compose in (composed(Composer(4).eval()), chain):
        found = measured(compose, [pair])
        assert 0 < found.psnr < 100
        assert 0 <= found.changed <= 1


SCORES = {
    "composer": {"psnr_40", "ssim", "skin", "border", "kept"},
    "face_extractor": {"face_iou"},
    "color_corrector": {"psnr_40", "ssim", "skin"},
    "background_blender": {"psnr_40", "ssim", "border"},
}


@pytest.mark.parametrize("recipe", [COMPOSER_RECIPE, *CHAIN], ids=lambda recipe: recipe.name)
def test_scores_are_shares_measured_on_portraits_held_out(recipe, faces_folder):
    small = replace(recipe, data=replace(recipe.data, count=10, held_out=2, size=64))

    scores = small.scores(small.network().eval(), small, Material(faces_folder))

    assert set(scores) == SCORES[recipe.name]
    assert all(0 <= score <= 1 for score in scores.values())


def test_an_outline_is_off_by_no_more_than_it_may():
    mask = torch.zeros(1, 1, 128, 128)
    mask[..., 40:80, 40:80] = 1
    sides = set()
    for seed in range(12):
        torch.manual_seed(seed)
        sides.add(round(float(roughly(mask).sum()) ** 0.5))

    assert sides == {36, 38, 40, 42, 44}
