"""The recipe of the portrait generator: steps that teach, trainings that resume, honest scores."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from functools import partial

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file

from limner_models.data import portraits
from limner_models.data.aligned import Aligned
from limner_models.data.backgrounds import Backgrounds
from limner_models.export import export
from limner_models.networks.eyes import MobileEye
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.portrait_generator import PortraitGenerator
from limner_models.recipes import portrait_scores
from limner_models.recipes.portrait_generator import (
    PORTRAIT_GENERATOR_RECIPE,
    Portraying,
    drawn_heads,
)
from limner_models.recipes.portrait_scores import generated_scores
from limner_models.recipes.recipe import Drawings, Material
from limner_models.train import Run, train

CPU = torch.device("cpu")
SIDE = 32
untrained = partial(PortraitGenerator, SIDE, widest=16, width=32, encoder=(8, 16, 16))


def eye():
    torch.manual_seed(5)
    return MobileEye(MobileNetEncoder().state_dict())


def task_of(recipe, _material, device):
    return Portraying(untrained(), eye(), recipe.steps, device)


def sampler_of(recipe, material):
    files = portraits.files(material.portraits, recipe.data.trained)
    return Aligned(files, Backgrounds(None), recipe.batch, SIDE)


TINY = replace(
    PORTRAIT_GENERATOR_RECIPE,
    data=Drawings(count=9, held_out=3, size=64),
    steps=4,
    batch=2,
    network=untrained,
    task=task_of,
    sampler=sampler_of,
)


@pytest.fixture(scope="module")
def material(faces_folder):
    return Material(faces_folder)


@pytest.fixture
def without_download(monkeypatch):
    """Let scores see with untrained eyes: what they measure is not of interest here."""
    state = MobileNetEncoder().state_dict()
    monkeypatch.setattr(portrait_scores, "state_of", lambda *_: state)


def unseen(_step, _values):
    """Watch nothing."""


def stop_at(wanted):
    def watch(step, _values):
        if step == wanted:
            os.kill(os.getpid(), signal.SIGTERM)

    return watch


def test_a_training_that_was_stopped_ends_with_the_very_weights_of_one_that_was_not(
    material, tmp_path
):
    whole = train(Run(TINY, material, "d", tmp_path / "whole", CPU, 0), unseen)
    parts = Run(TINY, material, "d", tmp_path / "parts", CPU, 0)
    assert train(parts, stop_at(2)).weights is None
    resumed = train(parts, unseen)

    one, other = load_file(whole.weights), load_file(resumed.weights)
    assert one.keys() == other.keys()
    assert all(torch.equal(tensor, other[name]) for name, tensor in one.items())


def test_steps_teach_to_draw_portraits_again_and_move_the_mean_style(material):
    torch.manual_seed(0)
    task = task_of(TINY, material, CPU)
    batch = {
        name: torch.from_numpy(array)
        for name, array in sampler_of(TINY, material)(np.random.default_rng(0)).items()
    }
    for optimizer in task.optimizers.values():
        for group in optimizer.param_groups:
            group["lr"] = 3e-3
    before = {name: value.clone() for name, value in task.judge.state_dict().items()}

    curves = [task.step(batch, step) for step in range(40)]

    first, last = (np.mean([each["pixels"] for each in part]) for part in (curves[:4], curves[-4:]))
    assert last < 0.6 * first
    alone = {"pixels", "content", "near"}
    assert all(set(curve) == alone for curve in curves[:2]), "the judge joins later"
    assert {*alone, "judge", "judged"} == set(curves[2])
    assert {*alone, "judge", "judged", "smooth"} == set(curves[16])
    assert task.network.generator.mean.abs().max() > 0
    assert any(not torch.equal(value, before[n]) for n, value in task.judge.state_dict().items())


def test_what_is_only_judged_is_never_learned_from_by_the_judge_s_own_loss(material):
    torch.manual_seed(1)
    task = task_of(TINY, material, CPU)
    true = torch.rand(2, 3, SIDE, SIDE) * 2 - 1

    task.step({"image": ((true + 1) * 127).permute(0, 2, 3, 1).to(torch.uint8)}, TINY.steps)

    assert all(weight.requires_grad for weight in task.judge.parameters())
    assert not any(weight.requires_grad for weight in task.eye.parameters())


@pytest.mark.usefixtures("without_download")
def test_scores_tell_a_generator_that_copies_from_one_that_does_not(material):
    class Copying(torch.nn.Module):
        """Draws every picture again to the bit, and people as the untrained one does."""

        def __init__(self):
            super().__init__()
            self.generator = untrained().generator

        def forward(self, image):
            return image, torch.zeros(len(image), 1)

    torch.manual_seed(2)
    copied, untaught = (
        generated_scores(network, TINY, material) for network in (Copying(), untrained())
    )

    assert copied["psnr_40"] == copied["ssim"] == copied["content"] == 1
    for name in ("psnr_40", "ssim", "content"):
        assert 0 <= untaught[name] < 0.9, name
    assert all(0 <= score <= 1 for score in untaught.values())
    assert untaught.keys() == copied.keys() == {"psnr_40", "ssim", "content", "kid_again", "kid"}


def test_it_is_exported_for_batches_of_any_size():
    torch.manual_seed(3)
    recipe = PORTRAIT_GENERATOR_RECIPE
    network = recipe.network()
    for reader in network.encoder.readers:
        torch.nn.init.normal_(reader[-1].weight, std=0.02)
    image = np.concatenate([drawn_heads()["image"]] * 2)[:3]

    session = onnxruntime.InferenceSession(export(network, recipe.contract, drawn_heads()))
    picture, styles = session.run(["picture", "styles"], {"image": image})

    with torch.inference_mode():
        expected, its_styles = network(torch.from_numpy(image))
    assert np.abs(picture.astype(int) - expected.numpy()).max() <= 1
    np.testing.assert_allclose(styles, its_styles.numpy(), atol=1e-3)


def test_the_weights_travel_in_less_than_twenty_megabytes():
    state = PORTRAIT_GENERATOR_RECIPE.network().state_dict()

    assert 2 * sum(tensor.numel() for tensor in state.values()) < 20e6
