"""`limner train` and `limner evaluate`: what they take, refuse and answer."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save_file

from limner_models.commands import options
from limner_models.commands.evaluate import evaluate
from limner_models.commands.train import publishes, released, train
from limner_models.recipes import RECIPES
from limner_models.starters import read_facts, weights_file
from limner_models.train import WEIGHTS
from tests.unit.models.test_evaluate import write_photo


@pytest.fixture(autouse=True)
def _single_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_help_loads_no_torch(command):
    code = (
        f"import sys; from limner_models.commands.{command} import {command};"
        f"{command}(['--help'], standalone_mode=False);"
        "print(sorted({'torch', 'mlflow', 'onnxruntime', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert "--json: {" in done.stdout
    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Missing argument"),
        (["nothing"], "there are hair_segmenter"),
        (["hair_segmenter", "--steps", "0"], "--steps"),
        (
            ["hair_segmenter", "--data", "/nowhere"],
            "limner studio draw --layers --n 3100 --size 256",
        ),
        (
            ["animalizer", "--data", "/nowhere"],
            "limner studio draw --layers --animals --n 1090 --size 512",
        ),
        (["hair_segmenter", "--registry", "ftp://here"], "no portraits"),
    ],
)
def test_bad_usage_ends_with_two_and_says_what_is_wanted(arguments, says, tmp_path):
    state = tmp_path / "state"
    answer = CliRunner().invoke(train, arguments, env={"LIMNER_STATE": str(state)})

    assert answer.exit_code == 2
    assert says in answer.output
    assert not state.exists()


def test_missing_portraits_end_with_one_line(portraits_folder, tmp_path):
    answer = CliRunner().invoke(
        train,
        ["hair_segmenter", "--data", str(portraits_folder), "--state", str(tmp_path / "state")],
    )

    assert answer.exit_code == 2
    assert "lacks" in answer.output
    assert "Traceback" not in answer.output


UNSERVED = ("animal_keypoints", "animal_segmenter", "animal_generator")


@pytest.mark.parametrize("name", UNSERVED)
def test_what_no_model_is_served_by_is_not_published_and_said_so_before(name, tmp_path, capsys):
    answer = CliRunner().invoke(train, [name, "--publish", "--state", str(tmp_path / "state")])

    assert answer.exit_code == 2
    assert f"no model is served by {name}" in answer.output
    assert not (tmp_path / "state").exists()
    assert not publishes(RECIPES[name], wished=None)
    assert "is not published" in capsys.readouterr().err
    assert not publishes(RECIPES[name], wished=False)
    assert not capsys.readouterr().err


def test_all_else_is_published_unless_told_otherwise():
    served = [recipe for name, recipe in RECIPES.items() if name not in UNSERVED]

    assert all(publishes(recipe, wished=None) for recipe in served)
    assert not any(publishes(recipe, wished=False) for recipe in served)


def test_a_generator_of_portraits_is_released_to_those_who_search_with_it():
    recipe = RECIPES["portrait_generator"]

    made = released(recipe, weights_file(recipe), read_facts(recipe))

    assert made.contract.model == "hair_optimizer"


def test_an_unknown_device_is_refused():
    with pytest.raises(options.click.BadParameter, match="cannot be used"):
        options.device_of("abacus", 1)


def test_a_file_of_vgg_s_weights_is_part_of_what_is_trained(tmp_path):
    recipe, file = RECIPES["stylizer"], tmp_path / "vgg.pth"
    prints = set()
    for content in (b"one", b"another"):
        file.write_bytes(content)
        prints.add(options.compared_by(recipe, file).fingerprint())

    assert options.compared_by(recipe, None) is recipe
    assert len(prints | {recipe.fingerprint()}) == 3


def test_a_recipe_that_compares_no_pictures_takes_no_vgg(tmp_path):
    (tmp_path / "vgg.pth").write_bytes(b"weights")
    arguments = ["hair_segmenter", "--vgg", str(tmp_path / "vgg.pth")]

    answer = CliRunner().invoke(train, [*arguments, "--state", str(tmp_path / "state")])

    assert answer.exit_code == 2
    assert "hair_segmenter compares no pictures" in answer.output
    assert not (tmp_path / "state").exists()


def test_fewer_portraits_leave_fewer_to_measure_on():
    recipe = RECIPES["hair_segmenter"]

    short = options.shortened(recipe, 5, 40)

    assert (short.steps, short.data.count, short.data.held_out) == (5, 40, 4)
    assert options.shortened(recipe, None, None) == recipe


def test_photos_are_scored_one_by_one_and_together(tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    write_photo(photos, "one", (210, 170, 90, 70))
    arguments = ["hair_segmenter", "--photos", str(photos), "--state", str(tmp_path), "--json"]

    answer = CliRunner().invoke(evaluate, arguments)

    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["weights"] == str(weights_file(RECIPES["hair_segmenter"]))
    assert document["photos"][0]["name"] == "one"
    assert 0 <= document["scores"]["photo_hair_iou_mean"] <= 1


def test_the_last_training_is_scored_before_the_starter(portraits_folder, tmp_path):
    folder = tmp_path / "training/hair_segmenter"
    folder.mkdir(parents=True)
    save_file(RECIPES["hair_segmenter"].network().state_dict(), folder / WEIGHTS)
    arguments = ["hair_segmenter", "--drawings", "4", "--data", str(portraits_folder)]

    answer = CliRunner().invoke(evaluate, [*arguments, "--state", str(tmp_path), "--json"])

    assert answer.exit_code == 0, answer.output
    document = json.loads(answer.stdout)
    assert document["weights"] == str(folder / WEIGHTS)
    assert set(document["scores"]) == {"drawn_hair_iou", "drawn_mean_iou"}
    assert document["photos"] == []


def test_weights_that_are_none_end_with_one_line(tmp_path):
    (tmp_path / "weights").write_bytes(b"none")
    arguments = ["hair_segmenter", "--weights", str(tmp_path / "weights")]

    answer = CliRunner().invoke(evaluate, [*arguments, "--photos", str(tmp_path)])

    assert answer.exit_code == 1
    assert "does not fit its network" in answer.output
