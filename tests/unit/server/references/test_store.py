from __future__ import annotations

import pytest

from limner.v1.reasons import ReferenceUnknown
from limner_server.imaging import codec
from limner_server.references.reference import Source
from limner_server.references.store import SHIPPED, ReferenceStore
from tests.unit.server.references.photos import photo_of, put


@pytest.fixture
def store(tmp_path):
    return ReferenceStore(tmp_path)


def test_the_studio_s_portraits_come_with_the_server(store):
    found = store.references()
    assert len(found) >= 12
    assert {one.source for one in found} == {Source.STUDIO}
    assert {one.described.license for one in found} == {"Apache-2.0"}
    for one in found:
        for view in one.views:
            assert codec.decode(store.photo(view)).shape == (640, 640, 3)
        assert one.described.title
        assert one.described.tags
    files = {view.file for one in found for view in one.views}
    assert files | {f"{one.name}.json" for one in found} == {
        file.name for file in SHIPPED.iterdir()
    }
    assert sum(file.stat().st_size for file in SHIPPED.iterdir()) < 2.5e6


def test_an_operator_s_reference_goes_before_the_studio_s(store, tmp_path):
    put(tmp_path, "afro-black", 77)
    found = store.find("afro-black")
    assert found.source is Source.OPERATOR
    assert store.photo(found) == photo_of(77)
    assert [one.name for one in store.references()].count("afro-black") == 1


def test_tags_narrow_and_names_order(store, tmp_path):
    put(tmp_path, "zz", tags=["long", "summer"])
    put(tmp_path, "aa", tags=["summer"])
    assert [one.name for one in store.references(["summer"])] == ["aa", "zz"]
    assert [one.name for one in store.references(["summer", "long"])] == ["zz"]
    every = [one.name for one in store.references()]
    assert every == sorted(every)


def test_an_unknown_name_is_told_with_those_most_like_it(store):
    with pytest.raises(ReferenceUnknown, match="afro-black"):
        store.find("afro-blak")
    with pytest.raises(ReferenceUnknown):
        store.find("../" * 1000)


def test_a_reference_that_goes_in_between_is_unknown(store, tmp_path):
    put(tmp_path, "waves")
    found = store.find("waves")
    (tmp_path / "waves.json").unlink()
    store.references()
    with pytest.raises(ReferenceUnknown):
        store.photo(found)
