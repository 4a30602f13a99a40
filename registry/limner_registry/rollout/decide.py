"""What should happen to a rollout now, from what is seen of the servers and of its calls; pure.

Asked again with the same facts it gives the same answer, and whatever it asks for changes the
facts: so any number of controllers may ask, as often as they like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from limner_registry.rollout.evidence import Outcome
from limner_registry.rollout.judge import judge
from limner_registry.rollout.record import State
from limner_registry.rollout.spec import Approve, Otherwise
from limner_registry.rollout.triggers import (
    HEALING,
    Abort,
    AllAcked,
    Begin,
    DryRunSpoke,
    Pause,
    Reason,
    Refused,
    Resume,
    Routed,
    Soaked,
    StepDone,
    Verified,
)

if TYPE_CHECKING:
    from limner_registry.rollout.evidence import Epoch, Verdict
    from limner_registry.rollout.record import Rollout
    from limner_registry.rollout.triggers import Trigger

FRESH_SECONDS: Final = 30.0
"""Without word from a server for longer, nothing is decided on its counts."""
BEHIND_SECONDS: Final = 10.0
"""A server may take so long to have a table in force."""
SOAK_SECONDS: Final = 10.0
"""That a version carries all calls before it is called stable; its last step has judged it."""
EJECTIONS: Final = 2
"""Servers that left a canary out by themselves, from which on it is out for all."""
LARGE_PART: Final = 0.3
"""Of the servers: one that stands for more is enough."""


@dataclass(frozen=True)
class Server:
    """What is known of one live server."""

    instance: str
    generation: int
    """Of the table it has in force."""
    heard_at: float
    """When it last said anything, in seconds since 1970."""
    refusal: str = ""
    """Why it refused the last table it was given; empty if it did not."""
    up: bool = False
    """Whether it can serve the rollout's version."""
    trouble: str = ""
    """Why it cannot, if it tried."""
    ejected: str = ""
    """Why it left the rollout's canary out by itself, if it did."""


@dataclass(frozen=True)
class Facts:
    """All that a decision about one rollout rests on."""

    generation: int
    """Of the latest table."""
    generation_at: float
    """When that was made."""
    tabled: bool
    """Whether the latest table gives the rollout's version the weights that it is to have."""
    servers: tuple[Server, ...]
    """The live ones."""
    epochs: tuple[Epoch, ...]
    """What its calls came to, by generation."""
    refused: str = ""
    """Why the version may not be loaded anywhere; empty while nothing is wrong with it."""
    frozen: bool = False

    @property
    def acked(self) -> bool:
        """Whether the latest table is in force everywhere, on one server at least."""
        return bool(self.servers) and all(
            server.generation >= self.generation for server in self.servers
        )


@dataclass(frozen=True)
class Decision:
    """What to do, and the verdict that it rests on, if it rests on one."""

    trigger: Trigger
    verdict: Verdict | None = None


def decide(rollout: Rollout, facts: Facts, now: float) -> Decision | None:
    """Return what should happen to a rollout now; None for nothing.

    Args:
        rollout: As it is kept.
        facts: What is seen.
        now: The instant, in seconds since 1970.
    """
    state = rollout.resumes if rollout.state is State.PAUSED else rollout.state
    if rollout.ended or state is None:
        return None
    if state is State.PENDING:
        return None if rollout.state is State.PAUSED else Decision(Begin())
    if state is State.ABORTING:
        gone = facts.tabled and (facts.acked or not facts.servers)
        return Decision(AllAcked()) if gone else None
    if state is State.VERIFYING:
        return None if rollout.state is State.PAUSED else _verifying(facts)
    return _final(rollout, facts) or (
        _healed(rollout, facts, now)
        if rollout.state is State.PAUSED
        else _troubled(facts, now) or _going(rollout, facts, now)
    )


def _verifying(facts: Facts) -> Decision | None:
    """Wait until every live server has the version up; one that cannot refuses it for all."""
    if facts.refused:
        return Decision(Refused(facts.refused))
    for server in facts.servers:
        if server.trouble:
            return Decision(Refused(f"{server.instance}: {server.trouble}"))
    if facts.servers and all(server.up for server in facts.servers):
        return Decision(Verified())
    return None


def verdict_of(rollout: Rollout, facts: Facts, now: float) -> Verdict | None:
    """Return what the judge says of the step in force; None outside of all steps."""
    if rollout.step >= len(rollout.spec.steps):
        return None
    step = rollout.spec.steps[rollout.step]
    return judge(rollout.spec, step, facts.epochs, rollout.active_seconds(now))


def _final(rollout: Rollout, facts: Facts) -> Decision | None:
    """Abort, whether paused or not, on what servers or the judge say against the version.

    Or where it may not be loaded any more: an upgrade may have left its contract behind.
    """
    if facts.refused:
        return Decision(Abort(Reason.REFUSED, facts.refused))
    ejected = [server for server in facts.servers if server.ejected]
    if ejected and not rollout.spec.dry_run:
        part = len(ejected) / len(facts.servers)
        if len(ejected) >= EJECTIONS or part > LARGE_PART:
            words = "; ".join(f"{server.instance}: {server.ejected}" for server in ejected)
            return Decision(Abort(Reason.BREAKER, words))
    verdict = verdict_of(rollout, facts, rollout.updated_at)
    if verdict is None or (verdict.outcome, verdict.reason) != (Outcome.ABORT, Reason.EVIDENCE):
        return None  # that a step's time is up is no evidence: it waits where the clocks stand
    return _spoken(rollout, verdict, Abort(Reason.EVIDENCE, verdict.text))


def _spoken(rollout: Rollout, verdict: Verdict, trigger: Trigger) -> Decision | None:
    """Return a judge's decision; in a dry run what would have been done is only said.

    And once: what follows the colon are counts and seconds, which no two looks share.
    """
    if not rollout.spec.dry_run:
        return Decision(trigger, verdict)
    why = "" if verdict.reason is Reason.NONE else f" ({verdict.reason})"
    words = f"{type(trigger).__name__}{why}: "
    if rollout.said.startswith(words):
        return None
    return Decision(DryRunSpoke(words + verdict.text), verdict)


def _troubled(facts: Facts, now: float) -> Decision | None:
    """Pause where what is seen can not be relied on."""
    if facts.frozen:
        return Decision(Pause(Reason.FROZEN, "all rollouts are frozen"))
    if not facts.servers:
        return Decision(Pause(Reason.STALE_COUNTERS, "no server is connected"))
    for server in facts.servers:
        silent = now - server.heard_at
        if silent > FRESH_SECONDS:
            text = f"{server.instance} has said nothing for {silent:.0f} s"
            return Decision(Pause(Reason.STALE_COUNTERS, text))
        if server.refusal:
            return Decision(Pause(Reason.NACKED, f"{server.instance}: {server.refusal}"))
        late = now - facts.generation_at > BEHIND_SECONDS
        if late and server.generation < facts.generation:
            text = f"{server.instance} keeps table {server.generation}, not {facts.generation}"
            return Decision(Pause(Reason.BEHIND, text))
    return None


def _healed(rollout: Rollout, facts: Facts, now: float) -> Decision | None:
    """Resume what was paused for something that is over."""
    if rollout.reason in HEALING and _troubled(facts, now) is None:
        return Decision(Resume())
    return None


def _going(rollout: Rollout, facts: Facts, now: float) -> Decision | None:
    """Take a rollout that runs its course one step further, if it may."""
    if rollout.attempt_seconds(now) > rollout.spec.progress_seconds:
        return Decision(Abort(Reason.DEADLINE, "it did not get through all steps in time"))
    if not facts.tabled:
        return None
    if facts.acked and not rollout.generation:
        return Decision(Routed(facts.generation))
    if rollout.state is State.PROMOTING:
        return _promoting(rollout, facts, now)
    if rollout.state is State.AWAITING_APPROVAL:
        return _awaiting(rollout, now)
    return _judged(rollout, verdict_of(rollout, facts, now))


def _judged(rollout: Rollout, verdict: Verdict | None) -> Decision | None:
    """Do what the judge says."""
    if verdict is None or verdict.outcome is Outcome.HOLD:
        return None
    if verdict.outcome is Outcome.GO:
        return _spoken(rollout, verdict, StepDone())
    kind = Abort if verdict.outcome is Outcome.ABORT else Pause
    return _spoken(rollout, verdict, kind(verdict.reason, verdict.text))


def _promoting(rollout: Rollout, facts: Facts, now: float) -> Decision | None:
    if not rollout.acked:
        return Decision(AllAcked()) if facts.acked else None
    return Decision(Soaked()) if rollout.active_seconds(now) >= SOAK_SECONDS else None


def _awaiting(rollout: Rollout, now: float) -> Decision | None:
    step = rollout.spec.steps[rollout.step]
    if not isinstance(step, Approve) or rollout.active_seconds(now) < step.timeout_seconds:
        return None
    text = f"nobody with the role {step.role} has approved in time"
    if step.on_timeout is Otherwise.ABORT:
        return Decision(Abort(Reason.DEADLINE, text))
    return Decision(Pause(Reason.DEADLINE, text))
