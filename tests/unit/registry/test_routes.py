"""The routing table on disk is always whole."""

from __future__ import annotations

import json
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from limner_registry.routes import (
    FILE,
    WHOLE,
    Arm,
    Caller,
    Canary,
    Choice,
    Routes,
    RoutesDamaged,
    bucket,
    read_routes,
    write_routes,
)

models = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
numbers = st.integers(1, 10**6)
shares = st.integers(0, WHOLE)
texts = st.text(max_size=20)
canaries = st.builds(
    Canary,
    numbers,
    texts,
    texts,
    shares,
    shares,
    st.lists(st.tuples(texts, texts), max_size=3).map(tuple),
    st.floats(0, 100),
)
tables = st.builds(
    Routes,
    st.integers(1, 10**9),
    st.dictionaries(models, numbers),
    st.dictionaries(models, numbers),
    st.dictionaries(models, canaries),
    st.booleans(),
)

CANARY = Canary(7, "dye-7", "salt", weight_bps=500)
GOLDEN_BUCKETS = [7588, 3090, 9876, 8415, 9144]
ROUTES = Routes(3, {"dye": 6}, {"dye": 5}, {"dye": CANARY})


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


@given(tables)
def test_equal_tables_have_equal_digests_and_others_others(routes):
    again = Routes.from_json(json.loads(json.dumps(routes.to_json())))

    assert again.digest() == routes.digest()
    assert Routes(routes.generation + 1).digest() != routes.digest()


def test_every_version_of_a_table_is_to_be_ready():
    assert ROUTES.versions() == {("dye", 6), ("dye", 5), ("dye", 7)}


def test_the_buckets_are_those_that_other_languages_are_held_to():
    units = [("salt", "user-1"), ("salt", "user-2"), ("", ""), ("naïve", "Zoë"), ("s" * 80, "x")]

    assert [bucket(*unit) for unit in units] == GOLDEN_BUCKETS


def test_five_percent_are_five_percent_of_many():
    callers = [Caller(f"user-{number}") for number in range(100_000)]

    taken = sum(
        ROUTES.choose("dye", caller) == Choice(7, Arm.CANARY, "dye-7") for caller in callers
    )

    assert abs(taken / len(callers) - 0.05) < 0.003


@given(texts, shares, shares)
def test_a_greater_weight_only_adds_callers(unit, one, other):
    low, high = (Canary(7, "dye-7", "salt", weight) for weight in sorted((one, other)))

    assert high.takes(unit) or not low.takes(unit)


def test_rollouts_choose_independently_of_each_other():
    units = [f"user-{number}" for number in range(100_000)]
    ours = {unit for unit in units if CANARY.takes(unit)}
    theirs = {unit for unit in units if Canary(2, "matte-2", "pepper", 500).takes(unit)}

    assert 0.0015 < len(ours & theirs) / len(units) < 0.0035


def test_a_pin_wins_over_all_else():
    caller = Caller("user-1", {"x-beta": "yes"}, {"dye": 5})

    assert ROUTES.choose("dye", caller) == Choice(5, Arm.PINNED, "dye-7")


def test_a_header_brings_the_canary_even_while_all_is_frozen():
    canary = Canary(7, "dye-7", "salt", rules=(("x-beta", "yes"),))
    routes = Routes(3, {"dye": 6}, {}, {"dye": canary}, frozen=True)

    assert routes.choose("dye", Caller("u", {"x-beta": "yes"})) == Choice(7, Arm.CANARY, "dye-7")
    assert routes.choose("dye", Caller("u", {"x-beta": "no"})) == Choice(6, Arm.STABLE, "dye-7")


@given(texts)
def test_frozen_routes_give_everybody_the_stable_version(unit):
    canary = Canary(7, "dye-7", "salt", weight_bps=WHOLE)

    choice = Routes(3, {"dye": 6}, {}, {"dye": canary}, frozen=True).choose("dye", Caller(unit))

    assert choice == Choice(6, Arm.STABLE, "dye-7")


@given(texts)
def test_a_canary_taken_out_gets_nobody(unit):
    welcome = Canary(7, "dye-7", "salt", WHOLE, WHOLE, (("x-beta", "yes"),))
    routes = Routes(3, {"dye": 6}, {}, {"dye": welcome}).without("dye-7")

    choice = routes.choose("dye", Caller(unit, {"x-beta": "yes"}))

    assert choice == Choice(6, Arm.STABLE)
    assert not routes.canaries["dye"].shadows(unit)
    assert routes.versions() == {("dye", 6), ("dye", 7)}


def test_other_rollouts_go_on_when_one_is_taken_out():
    routes = Routes(3, {"dye": 6}, {}, {"dye": CANARY})

    assert routes.without("matte-2") == routes


def test_a_model_without_a_version_gives_no_choice():
    assert ROUTES.choose("matte", Caller("user-1")) is None
