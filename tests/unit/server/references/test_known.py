from __future__ import annotations

import pytest

from limner_server.imaging.facing import facing
from limner_server.imaging.pose import HeadPose
from limner_server.references import known
from limner_server.references.known import Known
from limner_server.references.ranking import nearest
from limner_server.references.store import ReferenceStore
from tests.unit.server.references.people import someone

ONE, OTHER = "1" * 64, "2" * 64


def test_what_was_measured_is_known_after_a_restart(tmp_path):
    file = tmp_path / "features.json"
    Known(file).add({ONE: someone(yaw=3)})
    Known(file).add({OTHER: someone(yaw=5)})

    begun = Known(file)

    assert begun.get(ONE) == someone(yaw=3)
    assert begun.get(OTHER) == someone(yaw=5)
    assert begun.get("3" * 64) is None


@pytest.mark.parametrize("text", ["", "[]", '{"1": {}}', "{" * 99_999, '{"1": null'])
def test_a_damaged_file_is_begun_anew(tmp_path, text, caplog):
    file = tmp_path / "features.json"
    file.write_text(text)

    begun = Known(file)
    assert "anew" in caplog.text
    begun.add({ONE: someone()})

    assert Known(file).get(ONE) == someone()


def test_a_folder_that_cannot_be_written_costs_the_memory_of_it_only(tmp_path, caplog):
    begun = Known(tmp_path / "nowhere" / "features.json")
    begun.add({ONE: someone()})
    assert begun.get(ONE) == someone()
    assert "not kept" in caplog.text


def test_the_longest_known_goes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(known, "MOST", 2)
    begun = Known(tmp_path / "features.json")
    for digit in "123":
        begun.add({digit * 64: someone()})
    assert [begun.get(digit * 64) is None for digit in "123"] == [True, False, False]
    assert [file.name for file in tmp_path.iterdir()] == ["features.json"]


def test_all_that_comes_with_the_server_is_known(tmp_path):
    store, begun = ReferenceStore(tmp_path), Known(tmp_path / "features.json")
    for reference in store.references():
        front, aside = (begun.get(view.sha256).pose.yaw for view in reference.views)
        assert abs(front) < 5, reference.name
        assert 24 < abs(aside) < 37, reference.name
        for view in reference.views:
            features = begun.get(view.sha256)
            assert features.hair, view.file
            assert abs(features.pose.pitch) < 12, view.file
            for length in {"short", "long"} & {*reference.described.tags}:
                assert features.hair.style.length in {length, "medium"}, view.file


@pytest.mark.parametrize("yaw", range(-48, 49, 4))
def test_whoever_is_turned_by_no_more_than_48_degrees_can_have_all_that_comes(tmp_path, yaw):
    store, begun = ReferenceStore(tmp_path), Known(tmp_path / "features.json")
    person = HeadPose(yaw, 0.0, 0.0)
    for reference in store.references():
        poses = [begun.get(view.sha256).pose for view in reference.views]
        assert not facing(person, poses[nearest(person, poses)]).is_too_far, reference.name
