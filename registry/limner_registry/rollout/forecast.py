"""The simulator as people ask it: what would a spec do with a canary as bad as that?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from limner_registry.errors import InputRefused
from limner_registry.rollout.form import Form
from limner_registry.rollout.simulate import simulate, unheard
from limner_registry.rollout.spec import Kind
from limner_registry.rollout.traffic import MOST_BAD, Regime, Traffic

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from limner_registry.rollout.simulated import Simulated
    from limner_registry.rollout.spec import Spec

MOST_RUNS = 100_000
LOOK_SECONDS = 10.0
MOST_LOOKS = 4320
"""At one rollout, which is half a day of the usual looks; a longer one is looked at less often."""
GIVEN = (Kind.ERROR, Kind.SLOW, Kind.QUALITY)
"""Kinds whose chances are asked for; a canary's fallbacks follow from its errors."""


class QuestionRefused(InputRefused):
    """Nothing can be simulated of this; the message names every field that is wrong."""


@dataclass(frozen=True)
class Question:
    """What is to be simulated, and how often."""

    spec: Spec
    traffic: Traffic
    runs: int = 1000
    seed: int = 0

    @property
    def look_seconds(self) -> float:
        """Time between two questions to the judge."""
        return max(LOOK_SECONDS, self.spec.progress_seconds / MOST_LOOKS)


@dataclass(frozen=True)
class Forecast:
    """What becomes of a version that is fine, and of the one that was asked about."""

    healthy: Simulated
    """Of versions just as bad as stable; what is aborted here is aborted wrongly."""
    asked: Simulated
    """Of versions as bad as the question has them."""

    def to_json(self) -> dict[str, Any]:
        """Return everything for programs."""
        return {"healthy": self.healthy.to_json(), "asked": self.asked.to_json()}


def read_question(spec: Spec, document: Any, most_runs: int = MOST_RUNS) -> Question:
    """Return the question that a document asks of a spec.

    Args:
        spec: What is to be followed.
        document: `rate` (calls a second), `stable_bad` and `canary_bad` (chances by kind; the
            canary's are stable's where they are left out), and optionally `traffic` (a `Regime`),
            `runs` and `seed`.
        most_runs: No more are played.

    Raises:
        QuestionRefused: Something in the document is wrong.
    """
    violations: list[str] = []
    form = Form(document, "", violations)
    rate = form.number("rate", 0.001, 1e6)
    stable = _read_chances(form.form("stable_bad"))
    canary = _with_fallbacks(stable | _read_chances(form.form("canary_bad")))
    regime = form.choice("traffic", Regime, Regime.STEADY)
    question = Question(
        spec,
        Traffic(rate, stable, canary, regime),
        form.whole("runs", 1, most_runs, min(Question.runs, most_runs)),
        form.whole("seed", 0, 2**31 - 1, Question.seed),
    )
    form.finish()
    if violations:
        raise QuestionRefused("nothing was simulated: " + "; ".join(violations))
    return question


def forecast(question: Question, told: Callable[[float], object] = unheard) -> Forecast:
    """Return what becomes of rollouts of a healthy version, and of the one asked about.

    Args:
        question: Same question, same answer.
        told: Is told after every look how much is done, in (0, 1]; what it raises ends it all.
    """
    traffic = question.traffic
    healthy = replace(traffic, canary_bad=_with_fallbacks(traffic.stable_bad))
    found = [
        simulate(
            question.spec,
            case,
            question.runs,
            question.seed,
            question.look_seconds,
            told=lambda done, place=place: told((place + done) / 2),  # type: ignore[misc]
        )
        for place, case in enumerate((healthy, traffic))
    ]
    return Forecast(*found)


def _read_chances(form: Form) -> dict[Kind, float]:
    chances = {kind: form.number(kind, 0, MOST_BAD) for kind in GIVEN if form.given(kind)}
    form.finish()
    return chances


def _with_fallbacks(chances: Mapping[Kind, float]) -> dict[Kind, float]:
    """Return chances in which stable answers for all of the canary's errors."""
    return {**chances, Kind.FALLBACK: chances.get(Kind.ERROR, 0.0)}
