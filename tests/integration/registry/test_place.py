"""Placing from a real registry: whole or not at all, once and then never touched."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from limner_registry.errors import DiskFull, RegistryError, VersionDamaged, VersionUnknown
from limner_registry.manifest import file_sha256
from limner_registry.place import STAGING, place, place_stable
from limner_registry.placed import verify_placed
from limner_registry.publish import publish
from limner_registry.routes import read_routes

MODEL = "person_segmenter"


@pytest.fixture
def version(registry, make_release):
    return publish(registry, make_release())


def tree(folder):
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.usefixtures("version")
def test_a_placed_version_has_the_layout_triton_loads(registry, models):
    folder = place(registry, MODEL, 1, models)

    assert folder == models / "person_segmenter.v1"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "config.pbtxt",
        "about.json",
        "1/model.py",
        "1/__pycache__/model.cpython-311.pyc",
        "1/model.onnx",
        "1/golden.npz",
        "1/card.md",
        "1/manifest.json",
    }
    assert list((models / STAGING).iterdir()) == []
    about = json.loads((folder / "about.json").read_text())
    assert about["contract"] == "person_segmenter/1"
    assert about["license"] == registry.version(MODEL, 1).tags["limner.weights_license"]
    assert about["network_sha256"] == file_sha256(folder / "1/model.onnx")


@pytest.mark.usefixtures("version")
def test_placing_again_writes_nothing(registry, models):
    folder = place(registry, MODEL, 1, models)
    before = tree(models)

    assert place(registry, MODEL, 1, models) == folder
    assert tree(models) == before


def test_several_at_once_place_one_folder(registry, version, models):
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(lambda _: place(registry, MODEL, 1, models), range(4)))

    assert set(folders) == {models / "person_segmenter.v1"}
    verify_placed(folders[0], version)
    assert list((models / STAGING).iterdir()) == []


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


NAMES = [
    "config.pbtxt",
    "about.json",
    "1/model.py",
    "1/__pycache__/model.cpython-311.pyc",
    "1/model.onnx",
    "1/golden.npz",
    "1/card.md",
    "1/manifest.json",
]


@pytest.mark.parametrize("name", NAMES)
def test_damage_in_a_placed_file_is_named_and_repaired_on_demand(registry, version, models, name):
    folder = place(registry, MODEL, 1, models)
    damage(folder / name)

    with pytest.raises(VersionDamaged, match=name.rsplit("/", 1)[-1]):
        place(registry, MODEL, 1, models)
    place(registry, MODEL, 1, models, repair=True)
    verify_placed(folder, version)


@pytest.mark.parametrize(
    "name", ["extra.txt", "2", "1/extra.py", "1/__pycache__/model.cpython-311.opt-1.pyc"]
)
def test_what_does_not_belong_in_a_placed_folder_is_named(registry, version, models, name):
    folder = place(registry, MODEL, 1, models)
    (folder / name).touch()

    with pytest.raises(VersionDamaged, match="does not belong"):
        verify_placed(folder, version)


@pytest.mark.usefixtures("version")
def test_damage_in_the_registry_is_never_placed(registry, models, state):
    (stored,) = state.glob("registry/artifacts/*/artifacts/model.onnx")
    damage(stored)

    with pytest.raises(VersionDamaged, match=r"model\.onnx"):
        place(registry, MODEL, 1, models)
    assert [path.name for path in models.iterdir()] == [STAGING]
    assert list((models / STAGING).iterdir()) == []


@pytest.mark.usefixtures("version")
def test_an_unknown_version_is_named(registry, models):
    with pytest.raises(VersionUnknown):
        place(registry, MODEL, 2, models)
    assert not models.exists()


@pytest.mark.usefixtures("version")
def test_what_dead_processes_left_in_staging_is_swept(registry, models):
    (models / STAGING / "left" / "deep").mkdir(parents=True)

    place(registry, MODEL, 1, models)

    assert not [*(models / STAGING).iterdir()]


KILLED = """
import os, sys
from pathlib import Path
from limner_registry.place import place_stable
from limner_registry.store import Registry

state, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
registry = Registry.open(state)
real, calls = getattr(os, name), 0

def dying(*arguments, **keywords):
    global calls
    calls += 1
    if calls == count:
        os._exit(9)
    return real(*arguments, **keywords)

setattr(os, name, dying)
place_stable(registry, state / "models")
"""


@pytest.mark.parametrize(
    ("call", "count"), [("fsync", 1), ("fsync", 5), ("rename", 1), ("rename", 2), ("replace", 1)]
)
def test_a_kill_in_the_middle_leaves_nothing_half_done(
    registry, version, state, models, call, count
):
    """The process dies before its `count`-th call of a system function; then all is done again."""
    command = [sys.executable, "-c", KILLED, str(state), call, str(count)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 9, done.stderr
    for folder in models.glob("*.v*"):
        verify_placed(folder, version)
    assert read_routes(models).stable == {}
    assert place_stable(registry, models).routes.stable == {MODEL: 1}
    verify_placed(models / "person_segmenter.v1", version)


@pytest.mark.usefixtures("version")
def test_routes_change_only_when_a_stable_version_does(registry, models, make_release):
    first = place_stable(registry, models).routes
    written = (models / "routes.json").stat().st_mtime_ns
    again = place_stable(registry, models).routes
    unchanged = (models / "routes.json").stat().st_mtime_ns
    registry.make_stable(publish(registry, make_release(2.0)))
    third = place_stable(registry, models).routes

    assert (first.generation, dict(first.stable)) == (1, {MODEL: 1})
    assert again == first
    assert unchanged == written
    assert (third.generation, dict(third.stable)) == (2, {MODEL: 2})
    assert read_routes(models) == third
    assert (models / "person_segmenter.v1").is_dir()


@pytest.mark.usefixtures("version")
def test_a_damaged_version_leaves_the_routes_as_they_were(registry, models, make_release):
    before = place_stable(registry, models).routes
    registry.make_stable(publish(registry, make_release(2.0)))
    damage(place(registry, MODEL, 2, models) / "2/model.onnx")

    with pytest.raises(RegistryError):
        place_stable(registry, models)
    assert read_routes(models) == before


def test_a_full_disk_leaves_nothing_half_done(registry, version, models):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        with pytest.raises(DiskFull, match="File too large"):
            place(registry, MODEL, version.number, models)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [*models.iterdir()] == [models / ".staging"]
    assert not [*(models / ".staging").iterdir()]
    assert place(registry, MODEL, version.number, models).is_dir()
