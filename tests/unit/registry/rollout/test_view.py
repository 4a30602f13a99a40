"""What operators see of a rollout: nothing cut short, and every number that decides."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from rich.console import Console

from limner.v1 import rollouts_pb2
from limner_registry.commands.rollout import rollout as command
from limner_registry.commands.rollout_view import (
    events_table,
    generations,
    line,
    picture,
    recall,
    rollouts_table,
    span,
    summary,
)
from limner_registry.control.messages import rollout_message, struct
from limner_registry.rollout.evidence import Arm, Epoch, Pairs
from limner_registry.rollout.judge import judge
from limner_registry.rollout.machine import apply
from limner_registry.rollout.record import new_rollout
from limner_registry.rollout.spec import DEFAULT, Kind
from limner_registry.rollout.triggers import (
    Abort,
    AllAcked,
    Begin,
    Pause,
    Reason,
    Routed,
    StepDone,
    Verified,
)

NAME = "face_mesh_attention-12-a04ef0"
EPOCHS = (
    Epoch(3, 0, Arm(5000, {Kind.ERROR: 20}), Arm(), Pairs(500, {Kind.ERROR: 1}, {Kind.ERROR: 2})),
    Epoch(4, 100, Arm(6000, {Kind.ERROR: 30}), Arm(60, {Kind.ERROR: 7})),
)


def rollout(*triggers):
    made = new_rollout(
        NAME, "face_mesh_attention", 11, 12, DEFAULT, salt="s", creator="ann", now=0.0
    )
    for number, trigger in enumerate(triggers):
        made = apply(made, trigger, 60.0 * number)
    return made


STEP_TWO = (Begin(), Verified(), Routed(3), StepDone(), Routed(4))


def explained(*triggers, epochs=EPOCHS):
    now = 60.0 * len(triggers)
    found = rollout(*triggers)
    answer = rollouts_pb2.ExplainRolloutResponse(
        rollout=rollout_message(found, now), stable_units=6000, canary_units=60
    )
    verdict = judge(DEFAULT, DEFAULT.steps[found.step], epochs, found.active_seconds(now))
    event = rollouts_pb2.RolloutEvent(
        type="Abort", evidence=struct({"documents": [verdict.to_json()], "details": {}})
    )
    if not found.ended:
        recall(answer, [event])
        answer.missing.extend(verdict.missing)
    return answer, event


def printed(*renderables, width=80):
    text = io.StringIO()
    Console(file=text, width=width, color_system=None).print(*renderables)
    return text.getvalue()


def test_a_picture_shows_state_share_both_arms_and_evidence_against_thresholds():
    answer, _ = explained(*STEP_TWO)
    shown = printed(picture(answer))

    assert "face_mesh_attention  version 11 -> 12  progressing  1 %  2 min in step 2" in shown
    assert "shadow 10 % > 1 % > 5 % > 25 % > 50 % > 100 %" in shown
    assert "stable answered 6,000, version 12 answered 60" in shown
    (errors,) = (row for row in shown.splitlines() if row.startswith("error"))
    assert errors.split()[:3] == ["error", "31", "9"]
    assert "of 250" in errors
    assert "of 40" in errors
    assert "routing: 0.99 % of 6,060 callers got the new version, meant are 1 %" in shown
    assert "- 60 of 500 canary units were seen" in shown


def test_nothing_of_a_picture_is_cut_short_on_a_usual_terminal():
    answer, _ = explained(*STEP_TWO)

    assert "…" not in printed(picture(answer))
    assert "…" not in printed(rollouts_table([answer.rollout]))
    assert NAME in printed(rollouts_table([answer.rollout]))


def test_evidence_beyond_all_doubt_fits_a_usual_terminal_too():
    arms = Arm(900_000, {Kind.ERROR: 90_000}), Arm(100_000, {Kind.ERROR: 20_000})
    answer, _ = explained(*STEP_TWO, epochs=(Epoch(4, 1000, *arms),))
    shown = printed(picture(answer))

    assert ">1e6 of 250" in shown
    assert "<0.01 of 40" in shown
    assert "…" not in shown


def test_explaining_lists_what_every_table_came_to():
    answer, _ = explained(*STEP_TWO)
    rows = [row.split() for row in printed(generations(answer)).splitlines()]

    assert ["3", "shadow", "error", "1", "2", "1.7"] in rows
    assert ["4", "1", "%", "error", "30", "7", "0.5"] in rows


def test_a_rollout_that_is_over_is_explained_by_what_ended_it():
    over, event = explained(*STEP_TWO, Abort(Reason.EVIDENCE, "error: too many"), AllAcked())
    assert not over.evidence

    recall(over, [rollouts_pb2.RolloutEvent(type="Create", evidence=struct({})), event])

    shown = printed(picture(over), generations(over))
    assert "aborted" in shown
    assert "error: too many" in shown
    assert ["4", "1", "%", "error", "30", "7", "0.5"] in [row.split() for row in shown.splitlines()]
    assert "in step" not in shown


def test_a_summary_says_who_began_it_and_why_it_stands():
    paused = rollout(*STEP_TWO, Pause(Reason.PERSON, "lunch"))
    shown = printed(summary(rollout_message(paused, 400.0)))

    assert "paused" in shown
    assert "lunch" in shown
    assert "by ann, etag 7" in shown


def test_a_line_tells_a_step_from_the_next():
    lines = [line(rollout_message(rollout(*STEP_TWO[:number]), 500.0)) for number in range(5)]

    assert lines[0] == "pending"
    assert lines[2] == "shadowing, step 1 of 6, shadow 10 %"
    assert lines[4] == "progressing, step 2 of 6, 1 %"


def test_events_say_why():
    reason = rollouts_pb2.RolloutEvent(type="Pause", actor="ann", reason="lunch [now]")
    verdict = {"documents": [{"text": "all is shown"}], "details": {}}
    judged = rollouts_pb2.RolloutEvent(type="StepDone", evidence=struct(verdict))
    routed = rollouts_pb2.RolloutEvent(
        type="Routed", evidence=struct({"documents": [], "details": {"generation": 4}})
    )

    shown = printed(events_table([reason, judged, routed]))

    assert "lunch [now]" in shown
    assert "all is shown" in shown
    assert "table 4" in shown


def test_ages_count_from_the_step_or_from_the_end():
    ended = rollout(*STEP_TWO, Abort(), AllAcked())
    now = datetime.fromtimestamp(360.0 + 7200, UTC)

    shown = printed(rollouts_table([rollout_message(ended, 400.0)], now))

    assert shown.split()[-2:] == ["2", "h"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (119, "119 s"), (120, "2 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_spans_read_as_people_say_them(seconds, words):
    assert span(seconds) == words


def test_no_rollouts_are_said_to_be_none():
    assert printed(rollouts_table([])) == "No rollouts yet.\n"


def test_freezing_says_whose_calls_it_leaves_alone():
    told = CliRunner().invoke(command, ["freeze", "--help"]).output

    assert "pin" in told
    assert "header" in told
