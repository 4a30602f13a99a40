from __future__ import annotations

import pytest

from limner_registry.contracts import CONTRACTS
from limner_registry.routes import Routes, write_routes
from limner_server.stack.launch import MEDIAPIPE, sources_missing

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
