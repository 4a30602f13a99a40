from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from limner_server.triton.installation import Installation, TritonMissing


def test_what_is_installed_here_is_complete():
    Installation.find().check()


def test_a_missing_library_is_named_before_anything_hangs(tmp_path):
    installed = Installation.find()
    moved = tmp_path / "tritonserver"  # away from the libraries that lie beside it
    for program in (installed.binary, installed.stub):
        copy = moved / program.relative_to(installed.root)
        copy.parent.mkdir(parents=True)
        shutil.copy2(program, copy)
    installation = Installation(moved, libraries=tmp_path)
    with pytest.raises(TritonMissing, match=r"without .*\.so"):
        installation.check()


def test_a_python_without_a_runner_is_named(tmp_path):
    installation = Installation(tmp_path, Installation.find().libraries)
    with pytest.raises(TritonMissing, match=r"no runner for Python 3\.11"):
        installation.check()


def test_a_runner_finds_this_interpreter_first():
    environment = Installation.find().environment()
    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_secrets_of_the_environment_do_not_reach_the_runners(monkeypatch):
    monkeypatch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", "secret")
    assert "AWS_SECRET_ACCESS_KEY" not in Installation.find().environment()
