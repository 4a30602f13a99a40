"""The card of a network made here: what it learned from, how long, how well, and its limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_models.recipes.recipe import Recipe


@dataclass(frozen=True)
class Facts:
    """What is known of one training's outcome; kept as JSON beside committed weights."""

    trained_on: str
    """One paragraph: which drawings, which backgrounds."""
    steps: int
    seconds: float
    machine: str
    """What it was trained on, such as `2 CPU cores, bfloat16`."""
    data_sha256: str
    commit: str
    """Of the code that trained it; `unknown` outside a checkout."""
    scores: Mapping[str, float]
    """In [0, 1], higher better, by name."""
    scored_on: str
    """One paragraph: what the scores were measured on, and how."""
    license: str = "Apache-2.0"
    notices: tuple[str, ...] = ()
    """Whose pretrained weights are in it, under which license."""
    limits: tuple[str, ...] = ()
    """Found by measuring this outcome, beyond the recipe's own."""
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further sections, Markdown by heading."""

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Facts:
        """Return facts as `to_json` wrote them.

        Raises:
            TypeError: A field is missing or unknown.
        """
        values = dict(document)
        for name in ("notices", "limits"):
            values[name] = tuple(values.get(name, ()))
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)


def card(recipe: Recipe, facts: Facts) -> str:
    """Return a network's model card, Markdown."""
    scores = "\n".join(f"| {name} | {value:.3f} |" for name, value in facts.scores.items())
    limits = "\n".join(f"- {limit}" for limit in (*recipe.limits, *facts.limits))
    notices = "".join(f"\n{notice}\n" for notice in facts.notices)
    extra = "".join(f"\n## {heading}\n\n{text}\n" for heading, text in facts.extra.items())
    minutes = facts.seconds / 60
    return f"""# {recipe.title}

Answers `{recipe.contract.id}`. Made by `limner train {recipe.name}`.

## Trained on

{facts.trained_on}

{facts.steps} steps of {recipe.batch} samples in {minutes:.0f} minutes on {facts.machine}.

- Digest of the drawings: `{facts.data_sha256}`
- Commit of the code: `{facts.commit}`
- License: {facts.license}
{notices}
## Scores

{facts.scored_on}

| score | value |
|---|---|
{scores}
{extra}
## What it cannot do

{limits}

It is no means to identify, rate or judge a person.
"""
