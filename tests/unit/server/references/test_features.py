from __future__ import annotations

import json

import pytest
from hypothesis import given

from limner_server.references.features import Features, FeaturesUnreadable
from tests.unit.server.references.people import people, someone


@given(people)
def test_what_is_known_survives_a_file(person):
    found = Features.from_json(json.loads(json.dumps(person.to_json())))
    again = Features.from_json(found.to_json())
    assert again == found
    assert found.pose.yaw == pytest.approx(person.pose.yaw, abs=1e-3)
    assert (found.hair is None) == (person.hair is None)
    if person.hair:
        assert found.hair.style.outline == person.hair.style.outline
        assert found.hair.style.reach == pytest.approx(person.hair.style.reach, abs=1e-3)


@pytest.mark.parametrize(
    "change",
    [
        {"pose": {"yaw": 1.0}},
        {"pose": {"yaw": float("nan"), "pitch": 0, "roll": 0}},
        {"pose": {"yaw": "far", "pitch": 0, "roll": 0}},
        {"head": [1, 2]},
        {"head": [1, 2, 1e9]},
        {"hair": {"lab": [1, 2, 3]}},
        {"hair": {"lab": [1, 2, 3], "style": {"outline": ["ffffffffff"] * 32}}},
        {"hair": 4},
    ],
)
def test_what_is_not_known_is_not_read(change):
    with pytest.raises(FeaturesUnreadable):
        Features.from_json(someone().to_json() | change)
    with pytest.raises(FeaturesUnreadable):
        Features.from_json([change])
