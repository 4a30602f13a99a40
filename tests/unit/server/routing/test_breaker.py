from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from limner_server.routing.breaker import IN_A_ROW, WINDOW, Breaker


def test_five_failures_in_a_row_eject_a_canary_once():
    breaker = Breaker()

    said = [breaker.ran("dye-7", failed=True) for _ in range(IN_A_ROW + 3)]

    assert [bool(why) for why in said] == [False] * 4 + [True] + [False] * 3
    assert breaker.ejected == {"dye-7"}


def test_more_than_half_of_twenty_eject_a_canary():
    breaker = Breaker()
    runs = ([True, False] * WINDOW)[: WINDOW - 1]

    assert not any(breaker.ran("dye-7", failed=failed) for failed in runs)
    assert breaker.ran("dye-7", failed=True) == "11 of the last 20 runs failed"


@given(st.lists(st.booleans(), max_size=100))
def test_a_canary_that_fails_seldom_stays(fails):
    breaker = Breaker()
    for index, failed in enumerate(fails):
        breaker.ran("dye-7", failed=failed and index % 3 == 0)

    assert not breaker.ejected


def test_one_rollout_says_nothing_of_another():
    breaker = Breaker()
    for _ in range(IN_A_ROW):
        breaker.ran("dye-7", failed=True)
        breaker.ran("matte-2", failed=False)

    assert breaker.ejected == {"dye-7"}


def test_a_rollout_that_is_over_is_forgotten():
    breaker = Breaker()
    for _ in range(IN_A_ROW):
        breaker.ran("dye-7", failed=True)

    breaker.keep({"dye-8"})

    assert not breaker.ejected
    assert not breaker.ran("dye-7", failed=True)
