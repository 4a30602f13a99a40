from __future__ import annotations

import pytest

from limner_registry.importers.cards import model_card
from limner_registry.importers.mediapipe import SOURCES


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.contract.model)
def test_a_card_says_whose_the_network_is_and_what_it_cannot_do(source):
    member = source.member
    card = model_card(source.facts, member.path, member.sha256, "mediapipe 0.10.21")

    assert card.startswith(f"# {source.facts.title}\n")
    assert f"From: mediapipe 0.10.21, `{member.path}`" in card
    assert member.sha256 in card
    assert "NOTICE: Copyright The MediaPipe Authors" in card
    assert all(f"\n- {limit}\n" in card for limit in source.facts.limits)
