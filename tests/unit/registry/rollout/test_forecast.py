"""Questions to the simulator are read whole, and answered alike however they are asked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from click.testing import CliRunner

from limner_registry.commands.rollout import rollout as command
from limner_registry.rollout.forecast import QuestionRefused, forecast, read_question
from limner_registry.rollout.simulate import simulate
from limner_registry.rollout.spec import DEFAULT, Kind, Shadow, Spec, Weight
from limner_registry.rollout.traffic import Regime, Traffic

ASKED = {"rate": 50, "stable_bad": {"error": 0.005}, "canary_bad": {"error": 0.03}, "runs": 50}
SHORT = replace(DEFAULT, progress_seconds=3600)


def ask(*options):
    return CliRunner().invoke(command, ["simulate", *options])


def test_a_worse_version_is_compared_with_one_as_good_as_stable():
    found = forecast(read_question(SHORT, ASKED))

    assert found.asked.aborted.count == 50
    assert found.healthy.aborted.count == 0
    alike = {Kind.ERROR: 0.005, Kind.FALLBACK: 0.005}
    assert found.healthy == simulate(
        SHORT, Traffic(50, {Kind.ERROR: 0.005}, alike), 50, look_seconds=10
    )


def test_a_canary_is_as_stable_is_where_nothing_else_is_said():
    told = ASKED | {"stable_bad": {"error": 0.01, "slow": 0.2}, "canary_bad": {"quality": 0.1}}

    assert read_question(DEFAULT, told).traffic.canary_bad == {
        Kind.ERROR: 0.01,
        Kind.FALLBACK: 0.01,
        Kind.SLOW: 0.2,
        Kind.QUALITY: 0.1,
    }


def test_everything_that_is_wrong_with_a_question_is_told_at_once():
    wrong = {"rate": 0, "stable_bad": {"error": 2}, "canary_bad": {"fun": 0.1}, "hurry": 1}

    with pytest.raises(QuestionRefused) as refused:
        read_question(DEFAULT, wrong | {"runs": 3000, "traffic": "none"}, most_runs=2000)

    for field in ("rate", "stable_bad.error", "canary_bad.fun", "hurry", "runs", "traffic"):
        assert f"{field} " in str(refused.value)


def test_a_month_is_looked_at_no_more_often_than_half_a_day():
    month = replace(DEFAULT, progress_seconds=30 * 86_400)

    assert read_question(month, ASKED).look_seconds == 600
    assert read_question(DEFAULT, ASKED).look_seconds == 10


def test_progress_rises_to_one_and_what_it_raises_ends_the_simulation():
    told = []
    forecast(read_question(SHORT, ASKED), told.append)

    assert told == sorted(told)
    assert told[-1] == 1.0

    def stop(_):
        raise TimeoutError

    with pytest.raises(TimeoutError):
        forecast(read_question(SHORT, ASKED), stop)


def test_rollouts_are_told_by_the_step_that_they_ended_in():
    spec = Spec((Shadow(1000, max_seconds=60, min_seconds=60), *DEFAULT.steps[-3:]))
    hopeless = Traffic(1, {}, {})
    found = simulate(spec, hopeless, 30)

    assert found.undecided_in == {0: 30}
    late = simulate(Spec((Weight(100, 60, 1, 60), Weight(10_000))), hopeless, 30)
    assert sum(late.undecided_in.values()) == late.undecided.count == 30


def test_the_command_tells_it_to_people_and_to_programs():
    options = ("--rate", "50", "--runs", "40", "--canary-bad", "0.05", "--traffic", "burst")
    for_people, for_programs = ask(*options), ask(*options, "--json")

    assert "40 rollouts of each, 50 calls a second, burst traffic" in for_people.output
    assert "step 1, shadow 10 %" in for_people.output
    told = json.loads(for_programs.output)
    question = read_question(
        DEFAULT, {key: told["question"][key] for key in told["question"] if key != "spec"}
    )
    assert question.traffic.regime is Regime.BURST
    assert {key: told[key] for key in ("healthy", "asked")} == forecast(question).to_json()
    assert told["asked"]["aborted"]["share"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--rate", "-1"), "rate must be a number"),
        (("--rate", "50", "--canary-bad", "lots"), "no chance"),
        (("--rate", "50", "--canary-bad", "fun=0.1"), "canary_bad.fun"),
        (("--rate", "50", "--spec", "nowhere.toml"), "nowhere.toml"),
        ((), "--rate"),
    ],
)
def test_what_cannot_be_simulated_ends_with_two_and_says_why(options, words):
    ended = ask(*options)

    assert ended.exit_code == 2
    assert words in ended.output


def test_a_spec_is_read_from_toml_and_json(tmp_path):
    toml, as_json = (tmp_path / name for name in ("a.toml", "a.json"))
    toml.write_text("[[steps]]\nweight = { bps = 10000, max_seconds = 120 }\n")
    as_json.write_text('{"steps": [{"weight": {"bps": 10000, "max_seconds": 120}}]}')
    options = ("--rate", "50", "--runs", "5", "--json", "--spec")

    outcomes = [json.loads(ask(*options, str(file)).output) for file in (toml, as_json)]

    assert outcomes[0] == outcomes[1]
    assert len(outcomes[0]["question"]["spec"]["steps"]) == 1


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.toml", "steps = [", "is no TOML"),
        ("a.json", "{", "is no JSON"),
        ("a.json", "[1]", "no table"),
        ("a.toml", "progress_seconds = nan", "a number that is none"),
        ("a.toml", "progress_seconds = 2026-01-01", "a date"),
        ("a.toml", "hurry = true", "hurry is not a field"),
    ],
)
def test_a_file_that_holds_no_spec_ends_with_two_and_says_why(tmp_path, name, text, words):
    file = tmp_path / name
    file.write_text(text)

    refused = ask("--rate", "50", "--spec", str(file))

    assert refused.exit_code == 2
    assert words in " ".join(refused.output.split())
