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
        shelf.add(name, [photo_of(90, kind)], SAID)
    assert set(shelf.references()) == {"one", "two", "three"}
    assert shelf.photo(shelf.references()["two"]) == photo_of(90, "PNG")
    assert shelf.references()["one"].described == SAID
    assert shelf.references()["one"].others == ()

    shelf.remove("two")

    assert set(shelf.references()) == {"one", "three"}
    assert sorted(file.name for file in folder.iterdir()) == [
        "one.jpg",
        "one.json",
        "three.json",
        "three.webp",
    ]


def test_a_name_is_given_once(shelf):
    shelf.add("waves", [photo_of(90)], SAID)
    with pytest.raises(NameTaken):
        shelf.add("waves", [photo_of(91)], SAID)
    assert shelf.photo(shelf.references()["waves"]) == photo_of(90)
    with pytest.raises(NameUnknown):
        shelf.remove("curls")


def test_nothing_is_written_of_what_cannot_be_used(shelf, folder):
    with pytest.raises(Unusable):
        shelf.add("../waves", [photo_of(90)], SAID)
    with pytest.raises(Unusable):
        shelf.add("waves", [b"no photo"], SAID)
    with pytest.raises(Unusable):
        shelf.add("waves", [photo_of(90), b"no photo"], SAID)
    with pytest.raises(Unusable, match="more than 8"):
        shelf.add("waves", [photo_of(90)] * 9, SAID)
    with pytest.raises(Unusable):
        shelf.add("waves", [photo_of(90)], Description("Waves", ("Upper case",)))
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
        shelves, "read_reference", lambda file, *rest: read.append(file) or real(file, *rest)
    )

    assert shelf.references() == before
    assert read == []

    (folder / "two.jpg").write_bytes(photo_of(200))
    os.utime(folder / "two.jpg", ns=(1, 1))

    assert shelf.references()["two"].sha256 != before["two"].sha256
    assert read == ["two.jpg"]


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
    found = shelf.references()["waves"]
    (folder / "waves.jpg").unlink()
    with pytest.raises(Unusable):
        shelf.photo(found)


def test_what_is_added_with_others_is_one_reference_of_several_views(shelf, folder):
    photos = [photo_of(90), photo_of(91, "PNG"), photo_of(92)]
    added = shelf.add("waves", photos, SAID)

    assert shelf.references() == {"waves": added}
    assert [view.name for view in added.views] == ["waves"] * 3
    assert [shelf.photo(view) for view in added.views] == photos
    assert len({view.sha256 for view in added.views}) == 3

    shelf.remove("waves")
    assert [*folder.iterdir()] == []


def test_a_photo_with_a_word_after_the_name_is_another_view_of_it(shelf, folder):
    put(folder, "waves", 90)
    put(folder, "waves-long", 91)
    before = shelf.references()["waves"]
    (folder / "waves.from-the-left.png").write_bytes(photo_of(92, "PNG"))

    found = shelf.references()

    assert set(found) == {"waves", "waves-long"}
    assert found["waves"].sha256 == before.sha256
    assert [shelf.photo(view) for view in found["waves"].views] == [
        photo_of(90),
        photo_of(92, "PNG"),
    ]
    assert found["waves-long"].others == ()


def test_a_view_that_cannot_be_used_is_told_of(shelf, folder):
    put(folder, "broken")
    (folder / "broken.side.jpg").write_bytes(b"no photo")
    put(folder, "many")
    for number in range(8):
        (folder / f"many.{number}.jpg").write_bytes(photo_of(number))
    put(folder, "lost")
    (folder / "lost.jpg").rename(folder / "lost.side.jpg")

    assert shelf.references() == {}
    faults = shelf.faults()

    assert set(faults) == {"broken", "many", "lost"}
    assert "9 photos" in faults["many"]
    assert "no photos of its name alone" in faults["lost"]
