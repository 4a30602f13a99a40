"""What the commands say before anything is opened."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from limner_registry.commands import models

COMMANDS = ("export", "import", "list", "place", "publish", "show", "verify")
ELSEWHERE = {"export", "import"}
"""A command that asks a server, and needs no folder; and a group."""
IMPORTS = ("face-parsing", "lpips", "mediapipe", "starter", "stylegan2", "vgg")


def test_the_group_holds_the_documented_commands():
    assert tuple(sorted(models.commands)) == COMMANDS


@pytest.mark.parametrize("name", sorted({*COMMANDS} - ELSEWHERE))
def test_every_command_explains_itself_its_folder_and_its_json(name):
    answer = CliRunner().invoke(models, [name, "--help"])

    assert answer.exit_code == 0
    assert "--state" in answer.output
    assert "--registry" in answer.output
    assert "--json: {" in answer.output


def test_everything_there_is_to_import_explains_itself():
    for name in IMPORTS:
        answer = CliRunner().invoke(models, ["import", name, "--help"])
        assert answer.exit_code == 0
        assert "--state" in answer.output
        assert "--json: {" in answer.output
    listed = CliRunner().invoke(models, ["import", "--help"]).output
    assert all(f"  {name} " in listed for name in IMPORTS)


def test_a_command_that_asks_a_server_explains_where_that_is_and_its_json():
    answer = CliRunner().invoke(models, ["export", "--help"])

    assert answer.exit_code == 0
    assert "--address" in answer.output
    assert "--state" not in answer.output
    assert "--json: {" in answer.output


def test_help_loads_neither_mlflow_nor_onnxruntime():
    code = (
        "import sys; from limner_registry.commands import models;"
        "models(['place', '--help'], standalone_mode=False);"
        "models(['import', 'vgg', '--help'], standalone_mode=False);"
        "print(sorted({'torch', 'mlflow', 'sqlalchemy', 'onnx', 'onnxruntime'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)

    assert done.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["place", "--stable"],
        ["place", "face_mesh", "--stable"],
        ["show"],
        ["show", "face_mesh", "0"],
        ["show", "face_mesh", "one"],
        ["import", "elsewhere"],
        ["import", "vgg", "nowhere.pth", "--license", "MIT", "-o", "a.safetensors"],
        ["import", "vgg", __file__, "-o", "a.safetensors"],
        ["publish", "nothing"],
        ["nothing"],
        ["list", "--registry", "postgresql://somewhere"],
    ],
)
def test_bad_usage_ends_with_two_and_writes_nothing(arguments, tmp_path):
    state = tmp_path / "state"
    answer = CliRunner().invoke(models, arguments, env={"LIMNER_STATE": str(state)})

    assert answer.exit_code == 2
    assert not state.exists()


@pytest.mark.parametrize(
    "told",
    [{"LIMNER_STORE_URI": "postgresql://db/limner"}, {"LIMNER_CONTROLLER": "controller:50053"}],
    ids=lambda told: next(iter(told)),
)
def test_nobody_else_says_what_is_stable_where_a_controller_is_elsewhere(told, tmp_path):
    arguments = ["place", "face_mesh", "2", "--stable", "--state", str(tmp_path)]
    answer = CliRunner().invoke(models, arguments, env=told)

    assert answer.exit_code == 2
    assert "limner rollout create face_mesh 2" in answer.output
    assert not list(tmp_path.iterdir())
