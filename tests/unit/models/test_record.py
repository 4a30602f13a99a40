"""A training's record: whatever the registry does, the training goes on and no point is lost."""

from __future__ import annotations

import pytest

from limner_models.commands.record import PAUSE_SECONDS, Note, Record
from limner_models.curves import EVERY
from limner_registry.errors import RegistryUnavailable


class Runs:
    """A registry that is away when it is told to be."""

    def __init__(self):
        self.points, self.ended, self.is_away, self.asked = [], [], False, 0
        self.begun = []

    def _answer(self):
        self.asked += 1
        if self.is_away:
            raise RegistryUnavailable("the registry does not answer")

    def begin(self, before):
        self._answer()
        self.begun.append(before)
        return before or f"run {len(self.begun)}"

    def log(self, run_id, step, values):
        self._answer()
        self.points.append((run_id, step, dict(values)))

    def end_run(self, run_id, *, done):
        self._answer()
        self.ended.append((run_id, done))


@pytest.fixture
def story(tmp_path):
    runs, said, now = Runs(), [], [0.0]
    note = Note(tmp_path / "run.txt", "recipe data")
    record = Record(runs, runs.begin, note, said.append, lambda: now[0])

    def take(first, last):
        for step in range(first, last + 1):
            record(step, {"loss": float(step)})

    return runs, record, said, now, take


def again(runs, tmp_path, binding="recipe data"):
    return Record(runs, runs.begin, Note(tmp_path / "run.txt", binding), [].append)


def steps_of(runs):
    return [step for _, step, _ in runs.points]


def test_points_that_were_not_taken_come_with_the_next(story):
    runs, record, said, now, take = story
    take(1, EVERY)
    runs.is_away = True
    take(EVERY + 1, 3 * EVERY)
    assert steps_of(runs) == [EVERY]
    assert len(said) == 1
    assert "the training goes on" in said[0]

    runs.is_away, now[0] = False, PAUSE_SECONDS
    take(3 * EVERY + 1, 4 * EVERY + 1)
    record.done = True
    record.close()

    assert steps_of(runs) == [EVERY, 2 * EVERY, 3 * EVERY, 4 * EVERY, 4 * EVERY + 1]
    assert runs.points[1] == ("run 1", 2 * EVERY, {"loss": 1.5 * EVERY + 0.5})
    assert runs.ended == [("run 1", True)]
    assert len(said) == 1


def test_a_registry_that_is_away_is_not_asked_at_every_point(story):
    runs, _, said, now, take = story
    runs.is_away = True
    take(1, 5 * EVERY)
    assert runs.asked == 1
    assert not runs.begun

    now[0] = PAUSE_SECONDS
    take(5 * EVERY + 1, 7 * EVERY)
    assert runs.asked == 2
    assert len(said) == 1


def test_a_registry_that_is_away_at_the_end_raises_nothing(story):
    runs, record, said, _, take = story
    take(1, EVERY + 1)
    runs.is_away = True

    record.done = True
    record.close()

    assert "lacks 1 points" in said[-1]
    assert not runs.ended


def test_an_interrupted_training_is_closed_as_such(story):
    runs, record, said, _, take = story
    take(1, 3)

    record.close()

    assert runs.points == [("run 1", 3, {"loss": 2.0})]
    assert runs.ended == [("run 1", False)]
    assert not said


def test_a_training_that_goes_on_goes_on_with_its_run(story, tmp_path):
    runs, record, _, _, take = story
    take(1, 3)
    record.close()

    resumed = again(runs, tmp_path)
    resumed(4, {"loss": 1.0})

    assert runs.begun == [None, "run 1"]


def test_a_training_of_another_recipe_or_other_data_has_a_run_of_its_own(story, tmp_path):
    runs, record, _, _, take = story
    take(1, 3)
    record.close()

    other = again(runs, tmp_path, "another recipe")
    other(1, {"loss": 1.0})
    other.done = True
    other.close()

    assert runs.begun == [None, None]
    assert runs.ended == [("run 1", False), ("run 2", True)]


def test_a_note_of_no_training_is_not_gone_on_with(story, tmp_path):
    runs, _, _, _, take = story
    (tmp_path / "run.txt").write_text("older")

    take(1, 1)

    assert runs.begun == [None]


def test_a_finished_training_called_again_stays_finished(story, tmp_path):
    runs, record, _, _, take = story
    take(1, 3)
    record.done = True
    record.close()

    repeated = again(runs, tmp_path)
    repeated.done = True
    repeated.close()
    refused = again(runs, tmp_path)
    refused.close()

    assert runs.begun == [None]
    assert runs.ended == [("run 1", True)] * 2
