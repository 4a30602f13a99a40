"""`limner up` over a state folder of an earlier Limner; what it starts is written down here."""

from __future__ import annotations

import pytest

from limner_registry.contracts import CONTRACTS
from limner_registry.routes import Routes, write_routes
from limner_server.stack import commands, launch
from limner_server.stack.launch import NotUp, Outdated

LEFT = Outdated("hair_remover", 1, None, "version 1 keeps another contract; nothing serves it.")
RENEWED = Outdated("hair_remover", 1, 2, "version 1 keeps another contract; version 2 serves.")
THEIRS = Outdated("face_mesh", 1, None, "version 1 keeps another contract; nothing serves it.")


@pytest.fixture
def state(tmp_path):
    """Return a state folder in which every model is routed to."""
    (tmp_path / "models").mkdir()
    stable = {contract.model: 1 for contract in CONTRACTS}
    write_routes(tmp_path / "models", Routes(1, stable))
    return tmp_path


@pytest.fixture
def steps(monkeypatch):
    """Return a function that says what each placing finds; it gives the steps that are taken."""

    def told(*found, imports=True):
        steps, answers = [], iter(found)

        def place(_state):
            steps.append("place")
            return next(answers)

        def bring(source, _state):
            steps.append(source)
            if not imports:
                raise NotUp(f"`limner models import {source}` failed (exit code 2)")

        monkeypatch.setattr(launch, "place_models", place)
        monkeypatch.setattr(launch, "import_models", bring)
        return steps

    return told


def said(capsys):
    return " ".join(capsys.readouterr().err.split())


def test_nothing_is_imported_where_every_version_keeps_its_contract(steps, state, capsys):
    taken = steps([])
    commands._place(state)
    assert taken == ["place"]
    assert said(capsys) == ""


def test_first_versions_are_imported_for_a_model_that_has_none_of_this_contract(
    steps, state, capsys
):
    taken = steps([LEFT], [RENEWED])
    commands._place(state)
    assert taken == ["place", "starter", "place"]
    assert said(capsys) == RENEWED.said


def test_a_version_that_has_its_successor_needs_no_import(steps, state, capsys):
    taken = steps([RENEWED])
    commands._place(state)
    assert taken == ["place"]
    assert said(capsys) == RENEWED.said


def test_where_no_first_version_keeps_the_contract_that_is_said_and_the_rest_serves(
    steps, state, capsys
):
    taken = steps([LEFT], [LEFT])
    commands._place(state)
    assert taken == ["place", "starter", "place"]
    assert said(capsys) == LEFT.said


def test_an_import_that_fails_keeps_nothing_else_from_serving(steps, state, capsys):
    taken = steps([LEFT, THEIRS], imports=False)
    commands._place(state)
    assert taken == ["place", "mediapipe", "starter"]
    words = said(capsys)
    assert "`limner models import starter` failed (exit code 2); what" in words
    assert words.endswith(f"{LEFT.said} {THEIRS.said}")


def test_what_was_imported_just_now_is_not_imported_again(steps, tmp_path):
    taken = steps([LEFT])
    commands._place(tmp_path)
    assert taken == ["mediapipe", "starter", "place"]


def test_an_import_that_fails_ends_the_first_start(steps, tmp_path):
    steps(imports=False)
    with pytest.raises(NotUp):
        commands._place(tmp_path)
