"""A rollout as a value: what is known of it, its clocks, and the bytes it is kept as.

Instants are seconds since 1970 in UTC, as floats; no clock is read here. Each is one that the
log holds, so a restarted controller, or a second one, measures the same times as the first.
"""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from limner_registry.rollout.document import read_spec
from limner_registry.rollout.spec import HeaderRule, Headers, Spec
from limner_registry.rollout.triggers import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(enum.StrEnum):
    """Where a rollout stands."""

    PENDING = "pending"
    VERIFYING = "verifying"
    SHADOWING = "shadowing"
    PROGRESSING = "progressing"
    PAUSED = "paused"
    AWAITING_APPROVAL = "awaiting_approval"
    PROMOTING = "promoting"
    """All traffic is the canary's; it is not called stable yet."""
    SUCCEEDED = "succeeded"
    ABORTING = "aborting"
    """No traffic is meant for the canary any more; servers have yet to say so."""
    ABORTED = "aborted"
    SUPERSEDED = "superseded"


ENDED = frozenset((State.SUCCEEDED, State.ABORTED, State.SUPERSEDED))
ACTIVE = frozenset(State) - ENDED - {State.ABORTING}
"""States in which a rollout has, or will have, its model to itself. One that is aborting has
given it up already: a server that does not answer must not hold up the next version."""

UNROUTED = frozenset((State.PENDING, State.VERIFYING, State.ABORTING))
"""States before the end in which no call at all is meant for the canary."""


@dataclass(frozen=True)
class Rollout:
    """One attempt after the other to bring a version of a model into traffic."""

    id: str
    model: str
    stable: int
    """The version that served when the present attempt began, and goes on whatever happens."""
    canary: int
    """The version on trial."""
    spec: Spec
    salt: str
    """Keys the hash that sorts traffic; new with every attempt, so that other callers go first."""
    creator: str
    created_at: float
    updated_at: float
    started_at: float
    """When the present attempt began."""
    step_started_at: float
    """When the step began, or the state before or after all steps; in PROMOTING, once all
    servers have acknowledged, when they had."""
    state: State = State.PENDING
    reason: Reason = Reason.NONE
    text: str = ""
    """`reason` in a sentence, with its numbers."""
    step: int = 0
    """Index of the step; the number of steps when all are done."""
    attempt: int = 1
    weight_bps: int = 0
    """Share of traffic that is the canary's, in [0, 10000]."""
    shadow_bps: int = 0
    """Share of traffic that the canary gets a copy of, in [0, 10000]."""
    generation: int = 0
    """Routing generation in which the present weights came into force; 0 before that."""
    paused_at: float | None = None
    paused_seconds: float = 0.0
    """Pauses of this step that are over."""
    attempt_paused_seconds: float = 0.0
    """Pauses and waits for an approval, of this attempt, that are over."""
    resumes: State | None = None
    """What a paused rollout goes back to; None when it is not paused."""
    acked: bool = False
    """In PROMOTING: every live server gives the canary all traffic."""
    ended_at: float | None = None
    said: str = ""
    """What the judge of a dry run last said it would have done in this step."""
    etag: int = 1
    """Counts the transitions; a change names the one it was decided on."""

    @property
    def active(self) -> bool:
        """Whether it has, or will have, its model to itself."""
        return self.state in ACTIVE

    @property
    def ended(self) -> bool:
        """Whether nothing but Retry can still happen to it."""
        return self.state in ENDED

    @property
    def rules(self) -> tuple[HeaderRule, ...]:
        """The callers that get the canary whatever its weight: those of the last Headers step."""
        if self.ended or (self.resumes or self.state) in UNROUTED:
            return ()
        begun = reversed(self.spec.steps[: self.step + 1])
        return next((step.rules for step in begun if isinstance(step, Headers)), ())

    def active_seconds(self, now: float) -> float:
        """Return how long the step has run, its pauses taken out."""
        return max(0.0, self._until(now) - self.step_started_at - self.paused_seconds)

    def attempt_seconds(self, now: float) -> float:
        """Return how long the whole attempt has run, pauses and waits for people taken out."""
        idle = self.attempt_paused_seconds + self.waited_seconds(now)
        return max(0.0, self._until(now) - self.started_at - idle)

    def waited_seconds(self, now: float) -> float:
        """Return how long the step has waited for a person's approval, its pauses taken out."""
        awaits = (self.resumes or self.state) is State.AWAITING_APPROVAL
        return self.active_seconds(now) if awaits else 0.0

    def _until(self, now: float) -> float:
        if self.ended_at is not None:
            return self.ended_at
        return max(now, self.updated_at) if self.paused_at is None else self.paused_at

    def to_json(self) -> dict[str, Any]:
        """Return every field as a JSON value."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}


def new_rollout(
    rollout_id: str,
    model: str,
    stable: int,
    canary: int,
    spec: Spec,
    *,
    salt: str,
    creator: str,
    now: float,
) -> Rollout:
    """Return a rollout that is yet to begin; its id and salt are the caller's randomness."""
    return Rollout(
        rollout_id,
        model,
        stable,
        canary,
        spec,
        salt,
        creator,
        created_at=now,
        updated_at=now,
        started_at=now,
        step_started_at=now,
    )


def read_rollout(document: Mapping[str, Any]) -> Rollout:
    """Return the rollout that `to_json` wrote.

    Raises:
        ValueError: A field is absent, unknown or no value of its kind.
    """
    given = dict(document)
    try:
        given["spec"] = read_spec(given["spec"])
        given["state"] = State(given["state"])
        given["reason"] = Reason(given["reason"])
        if given["resumes"] is not None:
            given["resumes"] = State(given["resumes"])
        return Rollout(**given)
    except (KeyError, TypeError) as error:
        raise ValueError(f"this is no record of a rollout: {error}") from error


def canonical(value: Any) -> str:
    """Return the one way to write a JSON value: ASCII, sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256(document: str) -> str:
    """Return the digest that a canonical document is known by, in hexadecimal."""
    return hashlib.sha256(document.encode()).hexdigest()


def digest(rollout: Rollout) -> str:
    """Return the digest of everything known of a rollout, as its events name it."""
    return sha256(canonical(rollout.to_json()))


def _plain(value: Any) -> Any:
    if isinstance(value, Spec):
        return value.to_json()
    return str(value) if isinstance(value, enum.StrEnum) else value
