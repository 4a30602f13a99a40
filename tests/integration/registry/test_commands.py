"""`limner models` against a real registry."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from limner_registry.commands import models as group


@pytest.fixture
def run(state):
    def run(*arguments, code=0):
        answer = CliRunner().invoke(group, [*arguments, "--state", str(state)])
        assert answer.exit_code == code, answer.output
        return json.loads(answer.stdout) if "--json" in arguments else answer.output

    return run


@pytest.fixture
def publication(tmp_path, make_release):
    """Return the arguments that publish a release, its files written to disk."""

    def write(scale=1.0):
        release = make_release(scale)
        folder = tmp_path / f"export-{scale}"
        folder.mkdir()
        (folder / "model.onnx").write_bytes(release.network)
        (folder / "card.md").write_text(release.card)
        release.golden.write(folder)
        files = [("network", "model.onnx"), ("golden", "golden.npz"), ("card", "card.md")]
        options = [text for key, name in files for text in (f"--{key}", str(folder / name))]
        facts = ["--license", "MIT", "--data-sha256", "1" * 64, "--origin", "a test"]
        return ["publish", "person_segmenter", *options, *facts, "--score", "iou=0.5"]

    return write


def test_a_model_goes_from_files_to_traffic_and_on_to_its_next_version(run, publication, state):
    assert "No models yet" in run("list")
    (first,) = run(*publication(1.0), "--json")["versions"]
    assert (first["model"], first["version"]) == ("person_segmenter", 1)
    placed = run("place", "--json")
    assert placed["routes"] == {"generation": 1, "models": {"person_segmenter": {"stable": 1}}}

    run(*publication(2.0))
    beside = run("place", "person_segmenter", "2", "--json")
    assert beside["routes"] is None
    assert beside["placed"][0]["folder"] == str(state / "models/person_segmenter.v2")
    moved = run("place", "person_segmenter", "2", "--stable", "--json")

    assert moved["routes"] == {"generation": 2, "models": {"person_segmenter": {"stable": 2}}}
    assert run("list", "--json")["models"] == [
        {
            "model": "person_segmenter",
            "contract": "person_segmenter/1",
            "stable": 2,
            "versions": [1, 2],
            "placed": [1, 2],
        }
    ]


def test_what_a_controller_elsewhere_routes_to_is_placed_no_more(
    run, publication, registry, monkeypatch
):
    run(*publication(1.0))
    run(*publication(2.0))
    monkeypatch.setenv("LIMNER_STORE_URI", "postgresql://db/limner")
    first = run("place", "--json")["routes"]
    registry.make_stable(registry.version("person_segmenter", 2))

    again = run("place", "--json")["routes"]

    assert first == again
    assert again == {"generation": 1, "models": {"person_segmenter": {"stable": 1}}}


def test_show_says_where_a_version_comes_from(run, publication):
    run(*publication())

    shown = run("show", "person_segmenter", "--card", "--json")
    text = run("show", "person_segmenter", "1", "--card")

    assert shown["scores"] == {"iou": 0.5}
    assert shown["tags"]["limner.weights_license"] == "MIT"
    assert shown["card"].startswith("# Brightness")
    assert shown["stable"]
    assert not shown["placed"]
    assert "uint8[batch, 256, 256, 3]" in text
    assert "Calls bright pixels a person." in text


def test_verify_finds_damage_and_repair_mends_it(run, publication, state):
    run(*publication())
    run("place")
    assert run("verify", "--json")["versions"] == [
        {
            "model": "person_segmenter",
            "version": 1,
            "registry": None,
            "is_placed": True,
            "placed": None,
        }
    ]
    (state / "models/person_segmenter.v1/1/card.md").write_text("changed")

    (row,) = run("verify", "person_segmenter", "1", "--json", code=1)["versions"]
    assert row["registry"] is None
    assert "card.md" in row["placed"]
    run("place", code=1)
    run("place", "--repair")
    run("verify")


def test_errors_end_in_their_documented_exit_codes(run, publication, tmp_path):
    run("show", "hat_segmenter", code=2)
    run("show", "face_mesh", code=2)
    run("place", "person_segmenter", "7", code=2)
    run("list", "--registry", "http://127.0.0.1:9", code=3)
    junk = tmp_path / "junk.npz"
    junk.write_bytes(b"junk")
    run(*publication(), "--golden", str(junk), code=2)
    run(*publication(3.0), "--score", "iou=high", code=2)
    run(*publication(4.0), "--score", "iou=7", code=2)
