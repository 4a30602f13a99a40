"""The routing table on disk is always whole."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.routes import FILE, Routes, RoutesDamaged, read_routes, write_routes

tables = st.builds(
    Routes,
    st.integers(1, 10**9),
    st.dictionaries(st.from_regex(r"[a-z_]{1,12}", fullmatch=True), st.integers(1, 10**6)),
)


@given(tables)
def test_a_table_comes_back_as_it_was_written(tmp_path_factory, routes):
    folder = tmp_path_factory.mktemp("models")
    write_routes(folder, routes)

    assert read_routes(folder) == routes


def test_the_format_is_the_documented_one(tmp_path):
    write_routes(tmp_path, Routes(3, {"face_mesh": 2, "face_detector": 1}))

    assert json.loads((tmp_path / FILE).read_text()) == {
        "generation": 3,
        "models": {"face_detector": {"stable": 1}, "face_mesh": {"stable": 2}},
    }


def test_no_file_is_an_empty_table(tmp_path):
    assert read_routes(tmp_path) == Routes(0, {})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"generation": 1}', '{"models": {}}', "\x00"])
def test_a_damaged_table_is_told_apart_from_none(tmp_path, text):
    (tmp_path / FILE).write_text(text)

    with pytest.raises(RoutesDamaged, match=FILE):
        read_routes(tmp_path)


def test_a_reader_beside_a_writer_never_sees_half_a_table(tmp_path):
    write_routes(tmp_path, Routes(1, {"face_mesh": 1}))

    def write():
        for generation in range(2, 60):
            write_routes(tmp_path, Routes(generation, {"face_mesh": generation}))

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while writer.is_alive():
        seen.append(read_routes(tmp_path))
    writer.join()

    assert all(routes.stable == {"face_mesh": routes.generation} for routes in seen)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
