from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from limner_models.commands.studio import studio
from limner_models.studio.layers import dataset_digest

RUN = [sys.executable, "-m", "limner_client.cli"]


def call(*arguments):
    return CliRunner().invoke(studio, ["draw", *map(str, arguments)])


def test_draw_writes_pictures_and_a_sheet_and_says_so(tmp_path):
    result = call("--n", 2, "--size", 32, "--out", tmp_path, "--seed", 5, "--workers", 1, "--json")

    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["portraits"] == 2
    assert answer["first_seed"] == 5
    assert {"000005.png", "000006_alpha.png", "000006_b.png", "000005.json"} <= {
        file.name for file in tmp_path.iterdir()
    }
    with Image.open(answer["sheet"]) as sheet:
        assert sheet.size == (64, 32)


def test_draw_writes_layers_where_asked(tmp_path):
    result = call("--n", 1, "--size", 32, "--out", tmp_path, "--layers", "--workers", 1)

    assert result.exit_code == 0, result.output
    assert [file.name for file in tmp_path.iterdir()] == ["000000.npz"]


def test_animals_stand_beside_layers_where_asked(tmp_path):
    arguments = ("--n", 1, "--size", 32, "--out", tmp_path, "--layers", "--animals")
    result = call(*arguments, "--workers", 1, "--json")

    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "000000.npz") as arrays:
        assert {"person_light", "light_0", "light_1"} <= set(arrays.files)
    alone = dataset_digest(0, 1, 32)
    assert json.loads(result.stdout)["dataset_sha256"] not in {alone, None}


def test_what_hair_hides_is_drawn_beside_layers_where_asked(tmp_path):
    arguments = ("--n", 1, "--size", 32, "--out", tmp_path, "--layers", "--beneath")
    result = call(*arguments, "--workers", 1, "--json")

    assert result.exit_code == 0, result.output
    with np.load(tmp_path / "000000.npz") as arrays:
        assert {"bald_foreground", "bald_coverage", "bald_labels"} <= set(arrays.files)
    assert json.loads(result.stdout)["dataset_sha256"] != dataset_digest(0, 1, 32)


@pytest.mark.parametrize(
    "wrong",
    [
        ("--size", 8),
        ("--n", 0),
        ("--seed", -1),
        ("--workers", 0),
        ("--backgrounds", "/nowhere"),
        ("--layers", "--variants"),
        ("--beneath",),
        ("--beneath", "--layers", "--animals"),
        ("--unheard-of",),
    ],
)
def test_a_request_at_fault_exits_with_2(tmp_path, wrong):
    assert call("--out", tmp_path / "out", *wrong).exit_code == 2
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_made_is_the_requests_fault(tmp_path):
    (tmp_path / "file").write_text("")

    result = call("--n", 1, "--size", 32, "--out", tmp_path / "file/out", "--workers", 1)

    assert result.exit_code == 2
    assert "file" in result.output


def test_an_interrupt_ends_all_workers(tmp_path):
    program = "from limner_models.commands.studio import studio; studio()"
    command = [sys.executable, "-c", program, "draw", "--n", "5000", "--size", "64"]
    with subprocess.Popen([*command, "--workers", "2", "--out", str(tmp_path)]) as process:
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.05)
        children = _children(process.pid)
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(20) != 0
        finally:
            process.kill()

    assert len(children) >= 2
    deadline = time.monotonic() + 10
    while [child for child in children if _alive(child)] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [child for child in children if _alive(child)]


def _children(pid):
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in listed.stdout.split()]


def _alive(pid):
    listed = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return listed.stdout.strip() not in {"", "Z", "Z+"}
