from __future__ import annotations

import pytest

from limner_registry.contracts import CONTRACTS
from limner_registry.routes import Routes, write_routes
from limner_server.stack.launch import MEDIAPIPE, ready_versions, sources_missing

OURS = [contract.model for contract in CONTRACTS if contract not in MEDIAPIPE]
THEIRS = [contract.model for contract in CONTRACTS if contract in MEDIAPIPE]


@pytest.mark.parametrize(
    ("placed", "missing"),
    [
        ([], ["mediapipe", *(["starter"] if OURS else [])]),
        (THEIRS, ["starter"] if OURS else []),
        (THEIRS[1:], ["mediapipe", *(["starter"] if OURS else [])]),
        ([*THEIRS, *OURS], []),
    ],
)
def test_only_the_sources_of_models_that_are_not_placed_are_missing(tmp_path, placed, missing):
    (tmp_path / "models").mkdir()
    write_routes(tmp_path / "models", Routes(1, dict.fromkeys(placed, 1)))
    assert sources_missing(tmp_path) == missing


def test_a_state_that_is_not_there_misses_all_sources(tmp_path):
    assert sources_missing(tmp_path / "none")[0] == "mediapipe"


def test_versions_that_answer_are_told_from_those_that_do_not_yet(tmp_path):
    page = tmp_path / "metrics"
    page.write_text(
        "# TYPE limner_model_ready gauge\n"
        'limner_model_ready{model="stylizer",version="1"} 1.0\n'
        'limner_model_ready{model="stylizer",version="2"} 0.0\n'
        "# TYPE limner_loop_lag_seconds gauge\nlimner_loop_lag_seconds 1.0\n"
    )
    assert ready_versions(page.as_uri()) == {("stylizer", 1)}
