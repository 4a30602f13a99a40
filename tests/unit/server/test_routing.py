from __future__ import annotations

import json

import pytest

from limner.v1.reasons import ModelNotReady
from limner_server.routing import Routes, RoutesDamaged, read_routes


def test_a_table_is_read_as_the_registry_writes_it(tmp_path):
    table = {"generation": 3, "models": {"face_mesh": {"stable": 7}}}
    (tmp_path / "routes.json").write_text(json.dumps(table))
    assert read_routes(tmp_path / "routes.json") == Routes(3, {"face_mesh": 7})


def test_an_absent_file_routes_nothing(tmp_path):
    assert read_routes(tmp_path / "routes.json") == Routes()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"generation": 1, "models": {"a": {}}}', "nul"])
def test_a_damaged_file_is_no_empty_table(tmp_path, text):
    (tmp_path / "routes.json").write_text(text)
    with pytest.raises(RoutesDamaged):
        read_routes(tmp_path / "routes.json")


def test_a_model_without_a_version_is_not_ready_yet():
    with pytest.raises(ModelNotReady) as caught:
        Routes().version_of("face_mesh")
    assert caught.value.retry_after
