from __future__ import annotations

import pytest

from limner.v1.reasons import ModelFailed
from limner_server.triton.unanswered import LONG_SECONDS, Unanswered


@pytest.fixture
def clock():
    return [100.0]


@pytest.fixture
def unanswered(clock):
    return Unanswered(lambda: clock[0])


def test_a_run_that_is_answered_casts_no_doubt(unanswered, clock):
    with unanswered.run("toy", 1):
        clock[0] += LONG_SECONDS - 0.1
        assert not unanswered.casts_doubt("toy", 1)
    clock[0] += LONG_SECONDS
    assert not unanswered.casts_doubt("toy", 1)


def test_a_run_that_goes_on_for_long_casts_doubt_until_it_is_answered(unanswered, clock):
    with unanswered.run("toy", 1):
        clock[0] += LONG_SECONDS
        assert unanswered.casts_doubt("toy", 1)
        assert not unanswered.casts_doubt("toy", 2)
    assert not unanswered.casts_doubt("toy", 1)


def test_a_run_that_comes_to_nothing_casts_doubt_until_the_version_is_trusted(unanswered):
    with pytest.raises(ModelFailed), unanswered.run("toy", 1):
        raise ModelFailed("no number")
    assert unanswered.casts_doubt("toy", 1)
    unanswered.trust("toy", 1)
    assert not unanswered.casts_doubt("toy", 1)


def test_a_run_that_hangs_beside_one_that_answers_casts_doubt(unanswered, clock):
    with unanswered.run("toy", 1):
        clock[0] += LONG_SECONDS
        with unanswered.run("toy", 1):
            pass
        unanswered.trust("toy", 1)
        assert unanswered.casts_doubt("toy", 1)
