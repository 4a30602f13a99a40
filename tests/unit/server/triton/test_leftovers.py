from __future__ import annotations

import os
import shutil
import subprocess

import psutil
import pytest

from limner_server.triton import leftovers
from limner_server.triton.installation import Installation
from limner_server.triton.leftovers import SHM, Leftovers, shm_prefix
from limner_server.triton.process import Ports, command


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Where folders are looked for; of this machine's Tritons none is asked."""
    monkeypatch.setattr(leftovers, "TEMPORARY", tmp_path)
    monkeypatch.setattr(leftovers, "_strangers", list)
    return tmp_path


def made(folder):
    folder.mkdir()
    return folder


def test_only_the_regions_of_ones_own_state_are_swept(tmp_path):
    mine = SHM / f"{shm_prefix(tmp_path)}test"
    other = SHM / f"{shm_prefix(tmp_path / 'other')}test"
    try:
        mine.touch()
        other.touch()
        Leftovers(tmp_path).sweep()
        assert not mine.exists()
        assert other.exists()
    finally:
        mine.unlink(missing_ok=True)
        other.unlink(missing_ok=True)


def test_the_empty_folder_of_a_killed_triton_is_removed(temporary):
    leftovers = Leftovers(temporary)
    left = made(temporary / "python_env_a1B2c3")
    leftovers.sweep()
    assert not left.exists()


def test_folders_that_are_full_older_or_of_another_name_stay(temporary):
    older = made(temporary / "python_env_d4E5f6")
    leftovers = Leftovers(temporary)
    full = made(temporary / "python_env_a1B2c3")
    (full / "environment.tar.gz").touch()
    other = made(temporary / "python_env")
    leftovers.sweep()
    assert all(folder.is_dir() for folder in (older, full, other))


@pytest.mark.parametrize("whose", ["a stranger's", "Limner's"])
def test_what_a_stranger_s_running_triton_may_have_made_stays(whose, tmp_path, monkeypatch):
    monkeypatch.setattr(leftovers, "TEMPORARY", tmp_path)
    told = command(Installation.find(), tmp_path, Ports(grpc=1, http=2, metrics=3))[1:]
    if whose == "a stranger's":
        told = []
    pretender = [shutil.copy("/bin/sh", tmp_path / "tritonserver"), "-c", "read line", *told]
    seen = Leftovers(tmp_path)
    killed_s, its = (made(tmp_path / f"python_env_{name}") for name in ("a1B2c3", "d4E5f6"))
    with subprocess.Popen(pretender, stdin=subprocess.PIPE) as running:
        began = psutil.Process(running.pid).create_time()
        os.utime(killed_s, (began - 60, began - 60))
        seen.sweep()
        running.kill()
    assert not killed_s.exists()
    assert its.exists() is (whose == "a stranger's")
