"""How a rollout moves from state to state: pure, so that a log of triggers is all of its life.

    PENDING ─Begin→ VERIFYING ─Verified→ the steps ─StepDone→ … ─StepDone→ PROMOTING
                        │ Refused           │                                 │ AllAcked, Soaked
                        ↓                   ↓ Abort, from any of them         ↓
                    ABORTING ←──────────────┘                             SUCCEEDED
                        │ AllAcked
                        ↓
                    ABORTED ─Retry→ PENDING, as another attempt

A step is SHADOWING, PROGRESSING or AWAITING_APPROVAL. PAUSED stands aside of any state before the
end and goes back to where it came from; its weights stay in force, so Abort reaches it there too.
Supersede ends whatever has not given up its model.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from limner_registry.rollout.errors import TransitionIllegal
from limner_registry.rollout.record import Rollout, State
from limner_registry.rollout.spec import WHOLE_BPS, Headers, Shadow, Weight
from limner_registry.rollout.spec import Approve as ApproveStep
from limner_registry.rollout.triggers import (
    HEALING,
    SPENT,
    Abort,
    Advance,
    AllAcked,
    Approve,
    Begin,
    DryRunSpoke,
    Pause,
    Promote,
    Reason,
    Refused,
    Resume,
    Retry,
    Routed,
    Soaked,
    StepDone,
    Supersede,
    Trigger,
    Verified,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from limner_registry.rollout.spec import Step

_ALWAYS = (Pause, Abort, Supersede)
_RUNNING = (StepDone, Advance, Promote, Routed, DryRunSpoke, *_ALWAYS)
_LEGAL: Mapping[State, tuple[type[Trigger], ...]] = {
    State.PENDING: (Begin, *_ALWAYS),
    State.VERIFYING: (Verified, Refused, Routed, *_ALWAYS),
    State.SHADOWING: _RUNNING,
    State.PROGRESSING: _RUNNING,
    State.AWAITING_APPROVAL: (Approve, Promote, Routed, DryRunSpoke, *_ALWAYS),
    State.PROMOTING: (AllAcked, Soaked, Routed, DryRunSpoke, *_ALWAYS),
    State.ABORTING: (AllAcked, Routed),
    State.ABORTED: (Retry,),
    State.SUCCEEDED: (),
    State.SUPERSEDED: (),
}
_THROUGH_A_PAUSE = (Routed, DryRunSpoke, Advance, Promote, Abort, Supersede)
"""What a paused rollout takes, where the state it goes back to takes it."""

PERSONAL = (Advance, Approve, Pause, Resume, Promote, Abort, Retry)
"""What people let happen to a rollout; all else is the controller's."""


def legal(rollout: Rollout) -> frozenset[type[Trigger]]:
    """Return the kinds of trigger that the rollout's state allows."""
    if rollout.state is State.PAUSED and rollout.resumes is not None:
        beneath = set(_LEGAL[rollout.resumes])
        over = {Pause} if rollout.reason in HEALING else set()
        return frozenset(beneath & set(_THROUGH_A_PAUSE) | over | {Resume})
    kinds = set(_LEGAL.get(rollout.state, ()))
    if rollout.state is State.PROMOTING:
        kinds.discard(AllAcked if rollout.acked else Soaked)
    return frozenset(kinds)


def apply(rollout: Rollout, trigger: Trigger, now: float) -> Rollout:
    """Return the rollout as it is after a trigger.

    Args:
        rollout: Stays as it is.
        trigger: What happened.
        now: The instant, in seconds since 1970. One before the rollout's last transition, as a
            second machine's clock may tell it, is taken for that of the transition.

    Raises:
        TransitionIllegal: The rollout's state does not allow it; the message says what people may
            do instead.
    """
    kinds = legal(rollout)
    if type(trigger) not in kinds:
        raise TransitionIllegal(
            f"rollout {rollout.id} is {_standing(rollout)}: {type(trigger).__name__} is not for "
            f"that state, {_listed(kinds)}"
        )
    if not math.isfinite(now):
        raise ValueError(f"{now} is no instant")
    now = max(float(now), rollout.updated_at)
    moved = _moved(rollout, trigger, now)
    return replace(moved, updated_at=now, etag=rollout.etag + 1)


def _moved(rollout: Rollout, trigger: Trigger, now: float) -> Rollout:
    """Return the rollout after a trigger that its state allows."""
    match trigger:
        case Pause():
            moved = _paused(rollout, trigger, now)
        case Resume():
            moved = _resumed(rollout, now)
        case Abort():
            moved = _aborted(rollout, trigger.reason, trigger.text, now)
        case Refused():
            moved = _aborted(rollout, Reason.REFUSED, trigger.text, now)
        case Supersede():
            moved = _ended(rollout, State.SUPERSEDED, Reason.SUPERSEDED, trigger.text, now)
        case Routed():
            moved = _routed(rollout, trigger)
        case AllAcked():
            moved = _acked(rollout, now)
        case Retry():
            moved = _retried(rollout, trigger, now)
        case _:
            moved = _onward(rollout, trigger, now)
    return moved


def _onward(
    rollout: Rollout,
    trigger: Begin | Verified | StepDone | Advance | Approve | Promote | Soaked | DryRunSpoke,
    now: float,
) -> Rollout:
    """Return the rollout after a trigger on the way to the end that was hoped for."""
    match trigger:
        case Begin():
            moved = _phase(rollout, State.VERIFYING, now)
        case Verified():
            moved = _step(rollout, 0, now)
        case StepDone() | Advance() | Approve():
            moved = _step(rollout, rollout.step + 1, now)
        case Promote():
            moved = _step(rollout, len(rollout.spec.steps), now)
            moved = replace(moved, reason=Reason.PERSON, text=trigger.justification)
        case Soaked():
            moved = _ended(rollout, State.SUCCEEDED, rollout.reason, rollout.text, now)
        case DryRunSpoke():
            moved = replace(rollout, said=trigger.text)
        case _:
            assert_never(trigger)
    return moved


def _step(rollout: Rollout, index: int, now: float) -> Rollout:
    """Return the rollout as it enters a step, or PROMOTING behind the last."""
    entered = replace(_phase(rollout, _state_of(rollout, index), now), step=index, said="")
    if index >= len(rollout.spec.steps):
        return _weighted(entered, WHOLE_BPS, 0)
    step = rollout.spec.steps[index]
    if isinstance(step, Shadow):
        return _weighted(entered, entered.weight_bps, step.bps)
    if isinstance(step, Weight):
        return _weighted(entered, step.bps, 0)
    if isinstance(step, Headers):
        return replace(entered, generation=0)  # its rules need a routing table of their own
    return entered


def _state_of(rollout: Rollout, index: int) -> State:
    if index >= len(rollout.spec.steps):
        return State.PROMOTING
    step: Step = rollout.spec.steps[index]
    if isinstance(step, Shadow):
        return State.SHADOWING
    return State.AWAITING_APPROVAL if isinstance(step, ApproveStep) else State.PROGRESSING


def _phase(rollout: Rollout, state: State, now: float) -> Rollout:
    """Return the rollout in a state whose clock starts now; a pause is over with that."""
    return replace(
        _left(rollout, now),
        state=state,
        reason=Reason.NONE,
        text="",
        step_started_at=now,
        paused_seconds=0.0,
        acked=False,
    )


def _weighted(rollout: Rollout, weight_bps: int, shadow_bps: int) -> Rollout:
    """Return the rollout with these weights; new ones are not in force until they are routed."""
    if (weight_bps, shadow_bps) == (rollout.weight_bps, rollout.shadow_bps):
        return rollout
    return replace(rollout, weight_bps=weight_bps, shadow_bps=shadow_bps, generation=0)


def _paused(rollout: Rollout, trigger: Pause, now: float) -> Rollout:
    if rollout.state is State.PAUSED:
        return replace(rollout, reason=trigger.reason, text=trigger.text)
    return replace(
        rollout,
        state=State.PAUSED,
        reason=trigger.reason,
        text=trigger.text,
        resumes=rollout.state,
        paused_at=now,
    )


def _unpaused(rollout: Rollout, now: float) -> Rollout:
    if rollout.paused_at is None:
        return rollout
    gap = now - rollout.paused_at
    return replace(
        rollout,
        paused_at=None,
        resumes=None,
        paused_seconds=rollout.paused_seconds + gap,
        attempt_paused_seconds=rollout.attempt_paused_seconds + gap,
    )


def _left(rollout: Rollout, now: float) -> Rollout:
    """Return the rollout as its step ends; what it waited for people is a pause of the attempt."""
    waited = rollout.waited_seconds(now)
    over = _unpaused(rollout, now)
    return replace(over, attempt_paused_seconds=over.attempt_paused_seconds + waited)


def _resumed(rollout: Rollout, now: float) -> Rollout:
    """Return the rollout where its pause began; a step whose time was up is given it anew."""
    state, spent = rollout.resumes or rollout.state, rollout.reason in SPENT
    over = (_left if spent else _unpaused)(rollout, now)
    resumed = replace(over, state=state, reason=Reason.NONE, text="")
    return replace(resumed, step_started_at=now, paused_seconds=0.0) if spent else resumed


def _aborted(rollout: Rollout, reason: Reason, text: str, now: float) -> Rollout:
    aborting = _weighted(_phase(rollout, State.ABORTING, now), 0, 0)
    return replace(aborting, reason=reason, text=text)


def _ended(rollout: Rollout, state: State, reason: Reason, text: str, now: float) -> Rollout:
    ended = _weighted(_left(rollout, now), 0, 0)
    return replace(ended, state=state, reason=reason, text=text, ended_at=now)


def _routed(rollout: Rollout, trigger: Routed) -> Rollout:
    if trigger.generation <= rollout.generation:
        raise TransitionIllegal(
            f"rollout {rollout.id} is routed by generation {rollout.generation} already, "
            f"{trigger.generation} is not after it"
        )
    return replace(rollout, generation=trigger.generation)


def _acked(rollout: Rollout, now: float) -> Rollout:
    """Return a promoting rollout at the start of its soak, an aborting one at its end."""
    if rollout.state is State.PROMOTING:
        return replace(rollout, acked=True, step_started_at=now, paused_seconds=0.0)
    return _ended(rollout, State.ABORTED, rollout.reason, rollout.text, now)


def _retried(rollout: Rollout, trigger: Retry, now: float) -> Rollout:
    if trigger.salt == rollout.salt:
        raise TransitionIllegal(f"rollout {rollout.id} needs a new salt to be tried again")
    return replace(
        _phase(rollout, State.PENDING, now),
        salt=trigger.salt,
        attempt=rollout.attempt + 1,
        step=0,
        started_at=now,
        attempt_paused_seconds=0.0,
        ended_at=None,
        said="",
        generation=0,
    )


def _standing(rollout: Rollout) -> str:
    where = rollout.state.replace("_", " ")
    return f"{where} ({rollout.reason})" if rollout.reason is not Reason.NONE else where


def _listed(kinds: frozenset[type[Trigger]]) -> str:
    """Return what people may do instead."""
    names = [kind.__name__.lower() for kind in PERSONAL if kind in kinds]
    return f"in which people may {', '.join(names)}" if names else "nor is anything else"
