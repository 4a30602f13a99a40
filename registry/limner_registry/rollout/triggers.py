"""Everything that can happen to a rollout, as values, and why it happened.

A trigger's class name is the type of the event it leaves, its fields are the event's details.
"""

from __future__ import annotations

import enum
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reason(enum.StrEnum):
    """Why a rollout is not simply moving on."""

    NONE = "none"
    PERSON = "person"
    EVIDENCE = "evidence"
    INCONCLUSIVE = "inconclusive"
    SAMPLE_RATIO = "sample_ratio"
    STALE_COUNTERS = "stale_counters"
    REFUSED = "refused"
    NACKED = "nacked"
    BEHIND = "behind"
    """A server keeps an old routing table."""
    BREAKER = "breaker"
    DEADLINE = "deadline"
    SUPERSEDED = "superseded"
    FROZEN = "frozen"


HEALING = frozenset((Reason.STALE_COUNTERS, Reason.NACKED, Reason.BEHIND, Reason.FROZEN))
"""Pauses that may end without a person, because what caused them can end; a person's pause may
be laid over them, and then it takes a person to resume."""

SPENT = frozenset((Reason.INCONCLUSIVE, Reason.DEADLINE))
"""Pauses because a step's time was up; resuming gives the step its time anew."""


@dataclass(frozen=True)
class Begin:
    """Its version is to be verified."""


@dataclass(frozen=True)
class Verified:
    """The version's files, contract and golden inputs are in order wherever it is loaded."""


@dataclass(frozen=True)
class Refused:
    """The version failed its gate or its golden inputs."""

    text: str


@dataclass(frozen=True)
class Routed:
    """The present weights came into force in a routing generation."""

    generation: int


@dataclass(frozen=True)
class StepDone:
    """The step has shown what it was to show."""


@dataclass(frozen=True)
class Pause:
    """Clocks stop; weights, and the judge, stay in force."""

    reason: Reason = Reason.PERSON
    text: str = ""


@dataclass(frozen=True)
class Resume:
    """Clocks go on where they stopped."""


@dataclass(frozen=True)
class Advance:
    """A person takes the rest of a step for granted."""


@dataclass(frozen=True)
class Approve:
    """A person lets the rollout past the step that asks for it."""


@dataclass(frozen=True)
class Promote:
    """A person takes all the rest for granted."""

    justification: str


@dataclass(frozen=True)
class AllAcked:
    """Every live server routes by the present weights."""


@dataclass(frozen=True)
class Soaked:
    """The version has carried all traffic for long enough to be called stable."""


@dataclass(frozen=True)
class Abort:
    """All traffic goes back to stable, for good."""

    reason: Reason = Reason.PERSON
    text: str = ""


@dataclass(frozen=True)
class Supersede:
    """Another rollout of the model takes this one's place."""

    text: str = ""


@dataclass(frozen=True)
class Retry:
    """An aborted version is given another chance, with nothing of the first held for it."""

    salt: str


@dataclass(frozen=True)
class DryRunSpoke:
    """The judge of a dry run says what it would have done."""

    text: str


Trigger = (
    Begin
    | Verified
    | Refused
    | Routed
    | StepDone
    | Pause
    | Resume
    | Advance
    | Approve
    | Promote
    | AllAcked
    | Soaked
    | Abort
    | Supersede
    | Retry
    | DryRunSpoke
)

TRIGGERS: dict[str, type[Trigger]] = {
    kind.__name__: kind
    for kind in (
        *(Begin, Verified, Refused, Routed, StepDone, Pause, Resume, Advance, Approve, Promote),
        *(AllAcked, Soaked, Abort, Supersede, Retry, DryRunSpoke),
    )
}
"""Every kind by the type of its events."""


def details(trigger: Trigger) -> dict[str, Any]:
    """Return a trigger's fields as JSON values."""
    return {name: str(v) if isinstance(v, Reason) else v for name, v in asdict(trigger).items()}


def read_trigger(kind: str, fields_: Mapping[str, Any]) -> Trigger:
    """Return the trigger that an event of a type, with these details, came from."""
    cls = TRIGGERS[kind]
    known = {field.name for field in fields(cls)}
    given = {name: value for name, value in fields_.items() if name in known}
    if "reason" in given:
        given["reason"] = Reason(given["reason"])
    return cls(**given)
