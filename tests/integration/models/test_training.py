"""One story: a network is trained, stopped, trained on, published and imported again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import warnings

import pytest
import torch
from PIL import Image

from limner_models.recipes import RECIPES
from limner_models.starters import read_facts
from limner_registry.store import MlflowClient  # which it has hushed
from tests.unit.models.conftest import write_portrait
from tests.unit.models.data.test_pairs import picture_of
from tests.unit.models.networks.test_eyes import vgg19

RECIPE = "hair_segmenter_dense"


@pytest.fixture(scope="module")
def portraits(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portraits")
    for number in range(11):
        write_portrait(folder / f"{number:06d}.npz", number)
    return folder


def command(state, portraits, *more, recipe=RECIPE):
    return [
        *(sys.executable, "-c", "from limner_models.commands.train import train; train()", recipe),
        *("--state", str(state)),
        *("--data", str(portraits), "--drawings", "10", "--workers", "0", "--device", "cpu"),
        *("--json", *more),
    ]


def run_of(state):
    run = (state / "training" / RECIPE / "mlflow_run.txt").read_text().splitlines()[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLflow's own
        client = MlflowClient(tracking_uri=f"sqlite:///{state / 'registry/mlflow.db'}")
        return client.get_run(run)


def test_a_network_is_trained_published_and_kept_as_a_starter(portraits, tmp_path):
    state, starter = tmp_path / "state", tmp_path / "starter"
    wanted = command(state, portraits, "--steps", "2", "--starter", str(starter))

    done = subprocess.run(wanted, capture_output=True, text=True, timeout=240, check=False)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["recipe"], answer["steps"], answer["version"]) == (RECIPE, 2, 1)
    facts = read_facts(RECIPES[RECIPE], starter)
    assert facts.scores == answer["scores"]
    assert "seeds 1 to 10" in facts.trained_on
    run = run_of(state)
    assert run.info.status == "FINISHED"
    assert run.data.params["studio_seeds"] == "1-10"
    assert run.data.params["data_sha256"] == facts.data_sha256
    assert run.data.metrics["cross_entropy"] > 0

    again = subprocess.run(wanted, capture_output=True, text=True, timeout=240, check=False)
    assert json.loads(again.stdout)["version"] == 1  # the same weights are the same version
    assert run_of(state).info.status == "FINISHED"


def test_a_stylizer_is_taught_by_the_vgg_of_whoever_has_one(portraits, tmp_path):
    state, starter, photos = (tmp_path / name for name in ("state", "starter", "photos"))
    photos.mkdir()
    for seed in range(9):
        Image.fromarray(picture_of(seed)).save(photos / f"{seed}.png")
    torch.save(vgg19(), tmp_path / "vgg.pth")
    more = ("--steps", "2", "--backgrounds", str(photos), "--vgg", str(tmp_path / "vgg.pth"))
    kept = ("--no-publish", "--starter", str(starter))
    wanted = command(state, portraits, *more, *kept, recipe="stylizer")

    done = subprocess.run(wanted, capture_output=True, text=True, timeout=240, check=False)

    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["recipe"], answer["steps"]) == ("stylizer", 2)
    assert set(answer["scores"]) == {"psnr_40", "ssim", "edge_f"}
    facts = read_facts(RECIPES["stylizer"], starter)
    assert "7 photos and wallpapers" in facts.trained_on
    assert "VGG19 from a file of the trainer's own" in facts.trained_on
    assert "2 photos and wallpapers that were never trained on" in facts.scored_on


def test_a_training_asked_to_end_says_so_and_goes_on_later(portraits, tmp_path):
    state = tmp_path / "state"
    long = command(state, portraits, "--steps", "400", "--no-publish")
    running = subprocess.Popen(long, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    record = state / "training" / RECIPE / "mlflow_run.txt"
    while not record.exists() and running.poll() is None:
        time.sleep(0.2)
    time.sleep(5)

    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=120)

    assert running.returncode == 130, said
    assert "the same call goes on" in said
    assert (state / "training" / RECIPE / "checkpoint.safetensors").exists()
    assert run_of(state).info.status == "KILLED"
