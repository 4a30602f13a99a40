"""A training's record: whatever the registry does, the training goes on and no point is lost."""

from __future__ import annotations

import pytest

from limner_models.commands.record import PAUSE_SECONDS, Record
from limner_models.curves import EVERY
from limner_registry.errors import RegistryUnavailable


class Curves:
    """A registry that is away when it is told to be."""

    def __init__(self):
        self.points, self.ended, self.is_away, self.asked = [], [], False, 0

    def _answer(self):
        self.asked += 1
        if self.is_away:
            raise RegistryUnavailable("the registry does not answer")

    def log(self, run_id, step, values):
        self._answer()
        self.points.append((run_id, step, dict(values)))

    def end_run(self, run_id, *, done):
        self._answer()
        self.ended.append((run_id, done))


@pytest.fixture
def story():
    curves, said, now = Curves(), [], [0.0]
    record = Record(curves, "run", said.append, lambda: now[0])

    def take(first, last):
        for step in range(first, last + 1):
            record(step, {"loss": float(step)})

    return curves, record, said, now, take


def steps_of(curves):
    return [step for _, step, _ in curves.points]


def test_points_that_were_not_taken_come_with_the_next(story):
    curves, record, said, now, take = story
    take(1, EVERY)
    curves.is_away = True
    take(EVERY + 1, 3 * EVERY)
    assert steps_of(curves) == [EVERY]
    assert len(said) == 1
    assert "the training goes on" in said[0]

    curves.is_away, now[0] = False, PAUSE_SECONDS
    take(3 * EVERY + 1, 4 * EVERY + 1)
    record.close(done=True)

    assert steps_of(curves) == [EVERY, 2 * EVERY, 3 * EVERY, 4 * EVERY, 4 * EVERY + 1]
    assert curves.points[1] == ("run", 2 * EVERY, {"loss": 1.5 * EVERY + 0.5})
    assert curves.ended == [("run", True)]
    assert len(said) == 1


def test_a_registry_that_is_away_is_not_asked_at_every_point(story):
    curves, _, said, now, take = story
    curves.is_away = True
    take(1, 5 * EVERY)
    assert curves.asked == 1

    now[0] = PAUSE_SECONDS
    take(5 * EVERY + 1, 7 * EVERY)
    assert curves.asked == 2
    assert len(said) == 1


def test_a_registry_that_is_away_at_the_end_raises_nothing(story):
    curves, record, said, _, take = story
    take(1, EVERY + 1)
    curves.is_away = True

    record.close(done=True)

    assert "lacks the last 1 points" in said[-1]
    assert not curves.ended


def test_an_interrupted_training_is_closed_as_such(story):
    curves, record, said, _, take = story
    take(1, 3)

    record.close(done=False)

    assert curves.points == [("run", 3, {"loss": 2.0})]
    assert curves.ended == [("run", False)]
    assert not said
