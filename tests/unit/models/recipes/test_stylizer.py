"""The stylizer's recipe: steps that teach, a training that resumes, and an honest card."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from functools import partial

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from limner_models.data.pairs import THUMBNAIL, Pairs
from limner_models.errors import WeightsRefused
from limner_models.networks.eyes import MobileEye
from limner_models.networks.mobilenet import MobileNetEncoder
from limner_models.networks.stylizer import LARGEST, STRIDE, Stylizer
from limner_models.recipes import stylizer, stylizer_scores
from limner_models.recipes.recipe import Drawings, Material
from limner_models.recipes.stylizer import STYLIZER_RECIPE, Stylizing, drawing_losses, drawn_head
from limner_models.recipes.stylizer_scores import FRAME, drawn_by, held_out_scores, thumbnail_of
from limner_models.train import Run, train
from limner_registry.color import srgb_to_lab
from limner_registry.styles import STYLES
from tests.unit.models.data.test_pairs import picture_of

CPU = torch.device("cpu")
SIZE = 48
DRAWN = Drawings(count=4, held_out=2, size=64)


def eye():
    torch.manual_seed(5)
    return MobileEye(MobileNetEncoder().state_dict())


def task_of(_recipe, _material, device):
    return Stylizing(Stylizer(4), eye(), device)


def small_pairs(recipe, material):
    composed = stylizer.pairs(recipe, material)
    return Pairs(composed.photos, composed.heads, composed.backgrounds, recipe.batch, SIZE, 2)


TINY = replace(
    STYLIZER_RECIPE,
    data=DRAWN,
    steps=4,
    batch=2,
    network=partial(Stylizer, 4),
    task=task_of,
    sampler=small_pairs,
)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    for seed in range(9):
        Image.fromarray(picture_of(seed)).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def material(portraits_folder, photos):
    return Material(portraits_folder, photos)


@pytest.fixture(scope="module")
def batch(portraits_folder, photos):
    arrays = small_pairs(TINY, Material(portraits_folder, photos))(np.random.default_rng(2))
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


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

    expected, found = load_file(whole.weights), load_file(resumed.weights)
    assert set(found) == set(Stylizer(4).state_dict())
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name


def test_the_loss_network_looks_every_other_step_and_never_changes(batch):
    torch.manual_seed(0)
    task = task_of(TINY, None, CPU)
    before = {name: tensor.clone() for name, tensor in task.eye.state_dict().items()}

    looked, alone = task.step(batch, 0), task.step(batch, 1)

    assert set(looked) == {"pixels", "fields", "gradients", "variation", "content", "style"}
    assert set(alone) == set(looked) - {"content", "style"}
    assert all(torch.equal(task.eye.state_dict()[name], was) for name, was in before.items())
    assert "eye" not in task.modules  # a checkpoint holds what changes


def test_pairs_are_learned(batch):
    torch.manual_seed(0)
    task = task_of(TINY, None, CPU)
    for group in task.optimizers["adam"].param_groups:
        group["lr"] = 5e-3

    losses = [task.step(batch, step) for step in range(40)]

    assert losses[-1]["fields"] < 0.8 * losses[0]["fields"]
    assert losses[-2]["content"] < losses[0]["content"]


def test_the_true_drawing_costs_nothing_but_its_variation(batch):
    rim = stylizer.RIM
    inside = np.s_[:, rim:-rim, rim:-rim]
    smooth, drawn = (batch[name][inside].permute(0, 3, 1, 2) / 255 for name in ("smooth", "drawn"))
    line = batch["line"][inside][:, None] / 255

    losses = drawing_losses(torch.cat((smooth, line), 1), drawn, batch)

    variation = float(losses.pop("variation"))
    assert variation > 0
    assert all(float(loss) == pytest.approx(0, abs=1e-5) for loss in losses.values())


def test_what_lies_on_the_rim_is_not_judged(batch):
    torch.manual_seed(0)
    values = []
    for beyond in (0, 200):
        changed = {name: tensor.clone() for name, tensor in batch.items()}
        for name in ("drawn", "smooth", "line"):
            changed[name][:, : stylizer.RIM] = beyond
        fields, drawn = (torch.full((2, planes, 16, 16), 0.5) for planes in (4, 3))
        values.append(drawing_losses(fields, drawn, changed))

    assert values[0] == values[1]


def test_pictures_are_compared_by_vgg_where_there_is_one(material, tmp_path):
    from tests.unit.models.networks.test_eyes import vgg19

    file = tmp_path / "vgg.safetensors"
    state = vgg19()
    save_file(state, file)

    task = STYLIZER_RECIPE.task(STYLIZER_RECIPE, replace(material, vgg=file), CPU)

    assert torch.equal(task.eye.features[28].weight, state["features.28.weight"])
    assert not any(weight.requires_grad for weight in task.eye.parameters())

    del state["features.28.weight"]
    save_file(state, file)
    with pytest.raises(WeightsRefused, match=r"vgg\.safetensors is no vgg19"):
        STYLIZER_RECIPE.task(STYLIZER_RECIPE, replace(material, vgg=file), CPU)


def test_scores_are_shares_and_are_measured_on_photos_held_out(material, monkeypatch):
    torch.manual_seed(0)
    read = []
    true = cv2.imread
    monkeypatch.setattr(cv2, "imread", lambda name, how: read.append(name) or true(name, how))

    scores = held_out_scores(Stylizer(4).eval(), TINY, material)

    assert set(scores) == {"psnr_40", "ssim", "edge_f"}
    assert all(0 < score <= 1 for score in scores.values())
    at_full_size = [name for name in read if name.endswith(("/0.png", "/8.png"))]
    assert len(at_full_size) == 4  # looked at from afar, then scored


def test_without_photos_heads_held_out_are_scored(portraits_folder):
    torch.manual_seed(0)

    scores = held_out_scores(Stylizer(4).eval(), TINY, Material(portraits_folder))

    assert all(0 < score <= 1 for score in scores.values())


class Perfect(torch.nn.Module):
    """Answers what image processing would, in the one style it is asked for."""

    def forward(self, tile, _thumbnail, style):
        from limner_models.data.illustration import lines, smoothed

        style = STYLES[int(style)]
        smooth = smoothed(tile[0].numpy(), style.smoothing)
        line = lines(smooth, style.line_from, style.line_full)
        fields = np.concatenate((smooth, line[..., None]), 2)
        return torch.from_numpy((fields * LARGEST + 0.5).astype(np.int16))[None]


def test_true_fields_score_far_better_than_the_photo_itself(material):
    class Photo(torch.nn.Module):
        def forward(self, tile, _thumbnail, _style):
            line = torch.zeros_like(tile[..., :1])
            return (torch.cat((tile, line), 3).float() * LARGEST / 255).to(torch.int16)

    perfect, photo = (held_out_scores(each, TINY, material) for each in (Perfect(), Photo()))

    assert all(perfect[name] > photo[name] for name in photo)
    assert perfect["edge_f"] > 0.9
    assert perfect["ssim"] > 0.9


def test_a_picture_that_comes_out_exactly_counts_once(material, monkeypatch):
    """One exact picture must not make a perfect score of the others."""
    monkeypatch.setattr(stylizer_scores, "_pictures", lambda *_: [flat(), picture_of(0, 64, 64)])

    scores = held_out_scores(Perfect(), TINY, material)

    assert scores["psnr_40"] < 1


def flat():
    return np.full((64, 64, 3), 40, np.uint8)


def test_wallpapers_with_nothing_to_draw_are_not_scored(tmp_path):
    for number in range(9):
        Image.fromarray(picture_of(number)).save(tmp_path / f"{number}.png")
    Image.fromarray(np.full((500, 500, 3), 9, np.uint8)).save(tmp_path / "0.png")
    material = Material(tmp_path, tmp_path)

    assert len(stylizer_scores._photos(material)) == 1
    assert "1 photos and wallpapers" in STYLIZER_RECIPE.scored_on(STYLIZER_RECIPE, material)


@pytest.mark.parametrize("count", [1, 2, 24])
def test_a_photo_is_drawn_at_its_size_however_few_its_colors(count):
    photo = picture_of(0, 64, 80)
    palette = srgb_to_lab(np.linspace((0.1, 0.2, 0.3), (0.9, 0.8, 0.7), count, dtype=np.float32))

    drawn = drawn_by(Stylizer(4).eval(), photo, 1, palette)

    assert drawn.shape == photo.shape
    assert drawn.dtype == np.uint8


def test_a_network_sees_no_black_beyond_a_photo_s_edges():
    class Watching(torch.nn.Module):
        def forward(self, tile, thumbnail, _style):
            assert tile.shape == (1, 64 + 2 * FRAME, 80 + 2 * FRAME, 3)
            assert (tile == 90).all()
            assert thumbnail.shape == (1, 64, 80, 3)
            assert FRAME % STRIDE == 0
            seen = tile.float() * LARGEST / 255
            return torch.cat((seen, 0 * seen[..., :1]), 3).to(torch.int16)

    gray = np.full((64, 80, 3), 90, np.uint8)
    palette = srgb_to_lab(gray[:1, :1].reshape(1, 3))
    bare = drawn_by(Watching(), gray, 2, palette)

    assert np.ptp(bare.reshape(-1, 3), axis=0).max() == 0


@pytest.mark.parametrize("size", [(40, 50), (100, 1000), (720, 1280), (17, 3), (5, 2000)])
def test_a_thumbnail_has_sides_the_network_takes(size):
    small = thumbnail_of(np.zeros((*size, 3), np.uint8))

    assert all(16 <= side <= THUMBNAIL and side % STRIDE == 0 for side in small.shape[:2])


def test_golden_inputs_show_a_part_and_the_whole():
    examples = drawn_head()

    assert examples["tile"].shape == (1, 128, 96, 3)
    assert examples["thumbnail"].shape == (1, 96, 96, 3)
    assert np.ptp(examples["tile"]) > 100


def test_the_card_says_which_pictures_and_which_loss_network(material, tmp_path):
    said = TINY.trained_on(TINY, material)
    assert "7 photos and wallpapers" in said
    assert "seeds 2 to 5" in said
    assert "MobileNetV2" in said

    own = replace(TINY, facts={**TINY.facts, "vgg": "ab" * 32})
    said = own.trained_on(own, replace(material, vgg=tmp_path / "vgg.pth"))
    assert f"VGG19 from a file of the trainer's own, sha256 `{'ab' * 32}`" in said
    assert "MobileNetV2" not in said

    assert "2 photos" in TINY.scored_on(TINY, material)
    assert "2 drawn heads" in TINY.scored_on(TINY, replace(material, backgrounds=None))
