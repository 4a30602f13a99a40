from __future__ import annotations

import pytest

from limner_server.admission.patience import SHORTEST, Patience


def crowded(patience: Patience) -> Patience:
    """Return it once two of three calls were turned away for a while."""
    for number in range(300):
        patience.learn(refused=number % 3 > 0)
    return patience


def test_a_call_waits_as_long_as_it_takes():
    patience = Patience(4)
    assert patience.of(3.0) == 3.0
    assert patience.of(0.001) == SHORTEST


def test_in_a_crowd_it_waits_half_the_time_from_one_free_place_to_the_next():
    assert crowded(Patience(1)).of(3.0) == pytest.approx(1.5)
    assert crowded(Patience(6)).of(3.0) == pytest.approx(0.25)


def test_once_the_crowd_has_gone_it_waits_as_before():
    patience = crowded(Patience(4))
    for _ in range(20):
        patience.learn(refused=False)
    assert patience.of(3.0) == 3.0


def test_a_few_that_come_at_once_are_no_crowd():
    patience = Patience(4)
    for _ in range(10):
        patience.learn(refused=True)
    assert patience.of(3.0) == 3.0


def test_what_it_was_told_holds_in_a_crowd():
    assert crowded(Patience(4, told=2.0)).of(0.5) == 2.0
