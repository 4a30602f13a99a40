from __future__ import annotations

import os

import pytest

from limner_server.references import shelf as shelves
from limner_server.references.reference import Description, Source, Unusable
from limner_server.references.shelf import NameTaken, NameUnknown, Shelf
from tests.unit.server.references.photos import photo_of, put, text_of

SAID = Description("Waves", ("long",))


@pytest.fixture
def shelf(tmp_path):
    return Shelf(tmp_path / "references", Source.OPERATOR)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "references"


def test_a_folder_that_is_not_there_holds_nothing(shelf):
    assert shelf.references() == {}


def test_what_is_added_is_there_until_it_is_removed(shelf, folder):
    for name, kind in (("one", "JPEG"), ("two", "PNG"), ("three", "WEBP")):
        shelf.add(name, photo_of(90, kind), SAID)
    assert set(shelf.references()) == {"one", "two", "three"}
    assert shelf.photo("two") == photo_of(90, "PNG")
    assert shelf.references()["one"].described == SAID

    shelf.remove("two")

    assert set(shelf.references()) == {"one", "three"}
    assert sorted(file.name for file in folder.iterdir()) == [
        "one.jpg",
        "one.json",
        "three.json",
        "three.webp",
    ]


def test_a_name_is_given_once(shelf):
    shelf.add("waves", photo_of(90), SAID)
    with pytest.raises(NameTaken):
        shelf.add("waves", photo_of(91), SAID)
    assert shelf.photo("waves") == photo_of(90)
    with pytest.raises(NameUnknown):
        shelf.remove("curls")


def test_nothing_is_written_of_what_cannot_be_used(shelf, folder):
    with pytest.raises(Unusable):
        shelf.add("../waves", photo_of(90), SAID)
    with pytest.raises(Unusable):
        shelf.add("waves", b"no photo", SAID)
    with pytest.raises(Unusable):
        shelf.add("waves", photo_of(90), Description("Waves", ("Upper case",)))
    assert not folder.exists()


def test_a_photo_counts_once_its_description_is_there(shelf, folder):
    folder.mkdir()
    (folder / "waves.jpg").write_bytes(photo_of(90))
    assert shelf.references() == shelf.faults() == {}
    (folder / "waves.json").write_bytes(text_of())
    assert set(shelf.references()) == {"waves"}


def test_a_change_is_seen_and_nothing_else_is_read_again(shelf, folder, monkeypatch):
    put(folder, "one")
    put(folder, "two")
    before = shelf.references()
    read = []
    real = shelves.read_reference
    monkeypatch.setattr(
        shelves, "read_reference", lambda name, *rest: read.append(name) or real(name, *rest)
    )

    assert shelf.references() == before
    assert read == []

    (folder / "two.jpg").write_bytes(photo_of(200))
    os.utime(folder / "two.jpg", ns=(1, 1))

    assert shelf.references()["two"].sha256 != before["two"].sha256
    assert read == ["two"]


def test_what_is_damaged_is_skipped_and_said_once(shelf, folder, caplog):
    put(folder, "good")
    put(folder, "shop", products=[{"title": "x", "url": "ftp://a.example"}])
    put(folder, "twice")
    (folder / "twice.png").write_bytes(photo_of(9, "PNG"))
    put(folder, "Upper")
    put(folder, "lost")
    (folder / "lost.jpg").unlink()
    put(folder, "link")
    (folder / "link.jpg").unlink()
    (folder / "link.jpg").symlink_to(folder / "nowhere.jpg")
    put(folder, "pipe")
    (folder / "pipe.jpg").unlink()
    os.mkfifo(folder / "pipe.jpg")

    assert set(shelf.references()) == {"good"}
    faults = shelf.faults()

    assert set(faults) == {"shop", "twice", "Upper", "lost", "link", "pipe"}
    assert "https" in faults["shop"]
    assert "2 photos" in faults["twice"]
    assert sorted(record.reference for record in caplog.records) == sorted(faults)
    shelf.remove("pipe")
    shelf.remove("twice")
    assert set(shelf.faults()) == {"shop", "Upper", "lost", "link"}


def test_a_folder_holds_so_many(shelf, folder, monkeypatch, caplog):
    monkeypatch.setattr(shelves, "MOST", 2)
    for name in ("b", "c", "a"):
        put(folder, name)
    assert set(shelf.references()) == {"a", "b"}
    shelf.references()
    assert [record.left_out for record in caplog.records] == [1]


def test_what_has_gone_since_is_told(shelf, folder):
    put(folder, "waves")
    shelf.references()
    (folder / "waves.jpg").unlink()
    with pytest.raises(Unusable):
        shelf.photo("waves")
