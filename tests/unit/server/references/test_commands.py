from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from limner_server.references.commands import references
from limner_server.references.store import ReferenceStore
from tests.unit.server.references.photos import photo_of, put


@pytest.fixture
def photo(tmp_path):
    file = tmp_path / "me.jpg"
    file.write_bytes(photo_of(90))
    return file


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("LIMNER_REFERENCES", str(tmp_path / "references"))
    return lambda *arguments: CliRunner().invoke(references, [*map(str, arguments)])


def test_what_is_added_is_what_the_server_stores(run, photo, tmp_path):
    done = run(
        *("add", photo, "--name", "sea-waves", "--title", "Sea [salt] waves", "--tag", "long"),
        *("--tag", "wavy", "--license", "CC0-1.0"),
        *("--product", "Salt spray=https://shop.example/spray?size=2", "--json"),
    )
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)

    found = ReferenceStore(tmp_path / "references").find("sea-waves")

    assert found.described.to_json() == {name: said[name] for name in found.described.to_json()}
    assert said["products"] == [{"title": "Salt spray", "url": "https://shop.example/spray?size=2"}]
    listed = json.loads(run("list", "--json").stdout)
    assert said in listed["references"]
    assert len(listed["references"]) > 12
    assert "Sea [salt] waves" in run("list").stdout

    assert run("remove", "sea-waves").exit_code == 0
    assert [*(tmp_path / "references").iterdir()] == []


def test_photos_beside_the_first_are_its_other_views(run, photo, tmp_path):
    side = tmp_path / "side.png"
    side.write_bytes(photo_of(99, "PNG"))

    said = json.loads(run("add", photo, side, "--name", "waves", "--json").stdout)

    store = ReferenceStore(tmp_path / "references")
    assert [store.photo(view) for view in store.find("waves").views] == [
        photo_of(90),
        photo_of(99, "PNG"),
    ]
    assert said["views"] == 2
    assert said in json.loads(run("list", "--json").stdout)["references"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "Waves"], "a-z"),
        (["--name", "w", "--tag", "UP"], "tag"),
        (["--name", "w", "--product", "https//shop"], "TITLE=URL"),
        (["--name", "w", "--product", "Wax=http://shop.example"], "https"),
        (["--name", "w", "--title", "x" * 129], "title"),
        (["--name", "taken"], "already"),
    ],
)
def test_a_request_that_is_at_fault_is_told_and_stores_nothing(
    run, photo, arguments, said, tmp_path
):
    run("add", photo, "--name", "taken")
    done = run("add", photo, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert [*ReferenceStore(tmp_path / "references").references(["w"])] == []
    assert len([*(tmp_path / "references").iterdir()]) == 2


def test_a_state_folder_has_its_own_references(photo, tmp_path):
    state = tmp_path / "state"
    done = CliRunner().invoke(
        references, ["add", str(photo), "--name", "w", "--state", str(state)], env={}
    )
    assert done.exit_code == 0, done.output
    assert ReferenceStore(state / "references").find("w").name == "w"


def test_what_is_no_photo_is_not_stored(run, tmp_path):
    file = tmp_path / "notes.jpg"
    file.write_text("notes")
    assert run("add", file, "--name", "notes").exit_code == 2
    assert run("remove", "notes").exit_code == 2


def test_what_is_skipped_is_listed_with_its_reason(run, tmp_path):
    put(tmp_path / "references", "shop", tags=["Not A Tag"])
    done = run("list", "--json")
    assert done.exit_code == 0
    assert "Not A Tag" in json.loads(done.stdout)["skipped"]["shop"]
    assert "shop is skipped" in run("list").stderr


def test_a_folder_that_cannot_be_written_is_another_matter(run, photo):
    done = run("add", photo, "--name", "w", "--folder", photo / "below")
    assert done.exit_code == 1
    assert str(photo) in done.stderr.replace("\n", "")
