"""The training loop: resumed, it goes on as if it had never stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from limner_models import checkpoint
from limner_models.errors import CheckpointDamaged, CheckpointForeign, TrainingDiverged
from limner_models.recipes.recipe import Material
from limner_models.train import Run, train
from tests.unit.models.tiny import TINY, Doubling


def run_in(folder, recipe=TINY, data="d", workers=0):
    return Run(recipe, Material(folder), data, folder, torch.device("cpu"), workers)


def unseen(_step, _values):
    """Watch nothing."""


def stop_at(wanted):
    def watch(step, _values):
        if step == wanted:
            os.kill(os.getpid(), signal.SIGTERM)

    return watch


def test_a_resumed_training_ends_with_the_very_weights_of_one_that_never_stopped(tmp_path):
    whole = train(run_in(tmp_path / "whole"), unseen)

    parts = run_in(tmp_path / "parts")
    for step in (3, 4, 9):
        stopped = train(parts, stop_at(step))
        assert stopped.progress.step == step
        assert stopped.weights is None
    resumed = train(parts, unseen)

    expected, found = load_file(whole.weights), load_file(resumed.weights)
    assert set(expected) == set(found) == {"linear.weight", "linear.bias", "seen"}
    for name, tensor in expected.items():
        assert torch.equal(tensor, found[name]), name
    assert int(found["seen"]) == TINY.steps


def test_worker_processes_change_nothing(tmp_path):
    alone = load_file(train(run_in(tmp_path / "alone"), unseen).weights)
    helped = load_file(train(run_in(tmp_path / "helped", workers=1), unseen).weights)

    assert all(torch.equal(tensor, helped[name]) for name, tensor in alone.items())


STORY = """
import os, pathlib, sys, time
from dataclasses import replace
from limner_models.train import train
from tests.unit.models.noise import Noise
from tests.unit.models.test_train import TINY, run_in, unseen

class Stopping(Noise):
    def __call__(self, rng):
        calls.append(rng)
        if len(calls) == 5:
            time.sleep(0.2)  # the training waits for this batch
            os.killpg(0, int(sys.argv[2]))
        return super().__call__(rng)

calls = []
if __name__ == "__main__":
    recipe = replace(TINY, sampler=lambda *_: Stopping(TINY.batch))
    trained = train(run_in(pathlib.Path(sys.argv[1]), recipe, workers=1), unseen)
    print("weights:", trained.weights)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_training_stopped_with_all_its_processes_saves_its_state(tmp_path, number):
    """A terminal's ctrl-C reaches the workers, too, as does the end of a service."""
    (tmp_path / "story.py").write_text(STORY)

    done = subprocess.run(
        [sys.executable, tmp_path / "story.py", tmp_path / "state", str(int(number))],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([*sys.path, str(Path.cwd())])},
        start_new_session=True,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.stdout == "weights: None\n", done.stderr
    resumed = []
    train(run_in(tmp_path / "state"), lambda step, _: resumed.append(step))
    assert 1 < resumed[0] <= 6


def test_it_learns_and_shows_every_step_with_its_rate(tmp_path):
    shown = {}
    train(run_in(tmp_path, replace(TINY, steps=200)), shown.__setitem__)

    assert list(shown) == list(range(1, 201))
    assert shown[200]["loss"] < 0.1 * shown[1]["loss"]
    assert [shown[step]["rate"] for step in (1, 2)] == pytest.approx([0.025, 0.05])
    assert shown[200]["seconds"] >= shown[100]["seconds"] > 0


def test_each_group_of_weights_has_its_share_of_the_rate(tmp_path):
    tasks = []
    recipe = replace(TINY, task=lambda *_: tasks.append(Doubling()) or tasks[0])

    train(run_in(tmp_path, recipe), unseen)

    rates = [opt.param_groups[0]["lr"] for opt in tasks[0].optimizers.values()]
    assert rates[1] == pytest.approx(0.5 * rates[0])


def test_a_finished_training_only_writes_its_weights_again(tmp_path):
    before = load_file(train(run_in(tmp_path), unseen).weights)
    shown = {}

    again = train(run_in(tmp_path), shown.__setitem__)

    assert not shown
    assert all(torch.equal(before[name], new) for name, new in load_file(again.weights).items())


def test_state_of_another_recipe_or_other_data_is_left_alone(tmp_path):
    train(run_in(tmp_path), stop_at(2))
    before = (tmp_path / checkpoint.FILE).read_bytes()

    for other in (run_in(tmp_path, replace(TINY, batch=3)), run_in(tmp_path, data="other")):
        with pytest.raises(CheckpointForeign, match="another recipe or with other data"):
            train(other, unseen)
    assert (tmp_path / checkpoint.FILE).read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"garbage"])
def test_a_damaged_checkpoint_is_named(tmp_path, content):
    (tmp_path / checkpoint.FILE).write_bytes(content)

    with pytest.raises(CheckpointDamaged, match=checkpoint.FILE):
        train(run_in(tmp_path), unseen)


def test_a_truncated_checkpoint_is_named(tmp_path):
    train(run_in(tmp_path), stop_at(2))
    whole = (tmp_path / checkpoint.FILE).read_bytes()
    (tmp_path / checkpoint.FILE).write_bytes(whole[:-20])

    with pytest.raises(CheckpointDamaged):
        train(run_in(tmp_path), unseen)


def test_it_begins_with_the_weights_it_is_given(tmp_path):
    before = train(run_in(tmp_path / "before"), unseen).weights
    known = {name: tensor.half().float() for name, tensor in load_file(before).items()}
    seen = []

    class Looking(Doubling):
        def step(self, batch, step):
            seen.append({name: each.clone() for name, each in self.network.state_dict().items()})
            return super().step(batch, step)

    recipe = replace(TINY, task=lambda *_: Looking())
    after = train(replace(run_in(tmp_path / "after", recipe), first=before), unseen)

    assert all(torch.equal(seen[0][name], known[name]) for name in ("linear.weight", "linear.bias"))
    assert int(load_file(after.weights)["seen"]) == 2 * TINY.steps


def test_state_that_began_with_other_weights_is_left_alone(tmp_path):
    first = train(run_in(tmp_path / "first"), unseen).weights
    begun = replace(run_in(tmp_path / "begun"), first=first)
    train(begun, unseen)

    with pytest.raises(CheckpointForeign):
        train(replace(begun, first=None), unseen)


def test_weights_of_another_network_are_no_beginning(tmp_path):
    save_file({"linear.weight": torch.zeros(2, 2)}, tmp_path / "other.safetensors")

    with pytest.raises(CheckpointDamaged, match=r"other\.safetensors does not fit"):
        train(replace(run_in(tmp_path), first=tmp_path / "other.safetensors"), unseen)


def test_a_loss_that_is_no_number_ends_the_training_and_keeps_the_last_state(tmp_path):
    class Diverging(Doubling):
        def step(self, batch, step):
            values = super().step(batch, step)
            return {"loss": float("nan")} if step == 5 else values

    train(run_in(tmp_path), stop_at(4))
    with pytest.raises(TrainingDiverged, match="loss of step 6"):
        train(run_in(tmp_path, replace(TINY, task=lambda *_: Diverging())), unseen)
    assert train(run_in(tmp_path), stop_at(5)).progress.step == 5


def test_an_error_between_two_steps_ends_the_training_with_its_state_saved(tmp_path):
    def fail(step, _values):
        if step == 7:
            raise ConnectionError("whoever watches is gone")

    with pytest.raises(ConnectionError):
        train(run_in(tmp_path), fail)

    resumed = []
    train(run_in(tmp_path), lambda step, _: resumed.append(step))
    assert resumed[0] == 8


def test_the_signals_handlers_are_given_back(tmp_path):
    before = signal.getsignal(signal.SIGINT)

    train(run_in(tmp_path), unseen)

    assert signal.getsignal(signal.SIGINT) is before
